"""The command line: ``fastgrad run`` and ``fastgrad demo``."""

from __future__ import annotations

import argparse
import os
import signal
import sys

import fastgrad
from fastgrad import run

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    _Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]

_RUN_EXAMPLES = """\
examples:
  fastgrad run train.py                          engines in train.py, in modules beside it and in packages it imports,
                                                 and micrograd's, run on fastgrad
  fastgrad run train.py --epochs 20              what follows the script's name goes to the script
  fastgrad run -m course.train --epochs 20       a module, as python -m runs it; -c and - (standard input), too
  fastgrad run lecture.ipynb                     a notebook's cells, in order
  fastgrad run --compare train.py                the program both ways: times, and whether the output agrees
  fastgrad run --explain train.py                what became of each class, method by method, and of each loop
  fastgrad run --replace nn=seed1 train.py       "from nn import MLP" gives that dialect's, on fastgrad (see below)
"""
_RUN_DIALECTS = """\

dialects of networks and their numbers, for --replace:
  seed0       Perceptron, Layer, MultiLayerPerceptron on Scalars: tanh, linear last, a layer gives a list
  seed1       Neuron, Layer, MLP on Values: tanh in every layer
  seed2       Module, Neuron, Layer, MLP on Values: micrograd's, with tanh
  minitorch   Scalar, Module, Parameter, SGD
  eurekalabs  Neuron, Layer, MLP on Values
  microgpt    linear, softmax, rmsnorm on Values
"""
_DEMO_EXAMPLES = """\
examples:
  fastgrad demo
  fastgrad demo --output boundary.svg
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line with the given arguments, ``sys.argv``'s by default, and return the exit code.

    >>> main(["--version"])
    Traceback (most recent call last):
    SystemExit: 0
    """
    options = _parser().parse_args(argv)
    code: int = options.command(options)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastgrad",
        description="Derivatives of ordinary Python programs on numbers, at the speed of compiled code.",
        epilog="'fastgrad run --help' and 'fastgrad demo --help' show examples.",
    )
    parser.add_argument("--version", action="version", version=f"fastgrad {fastgrad.__version__}")
    commands = parser.add_subparsers(metavar="command", required=True)
    _add_run(commands)
    _add_demo(commands)
    return parser


def _add_run(commands: _Commands) -> None:
    command = commands.add_parser(
        "run",
        help="run an unedited program on fastgrad",
        description="Run an unedited program on fastgrad: the class of numbers that it defines or imports from its\n"
        "own modules is put on fastgrad, where trying it shows that both compute the same.",
        epilog=_RUN_EXAMPLES + _RUN_DIALECTS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "--compare",
        action="store_true",
        help="run the program plainly too, and print both times and whether the printed output agrees: numbers within "
        "1e-9; addresses, timings and the order of sets aside",
    )
    command.add_argument(
        "--explain",
        action="store_true",
        help="say of each class which methods were exchanged, and why, and of each loop whether it is a kernel",
    )
    command.add_argument(
        "--strict", action="store_true", help="leave a class alone if any of its methods differs from fastgrad's"
    )
    command.add_argument(
        "--no-fuse", dest="fuse", action="store_false", help="leave loops to Python, rather than to kernels"
    )
    command.add_argument(
        "--plain", action="store_true", help="exchange nothing: how --compare runs a notebook the first time"
    )
    command.add_argument(
        "--also", action="append", default=[], metavar="PACKAGE", help="exchange engines in an installed package, too"
    )
    command.add_argument(
        "--replace",
        action="append",
        default=[],
        type=_replacement,
        metavar="MODULE=NAME",
        help="serve a whole module instead: one with fastgrad's Scalar or Value in it, or with a dialect of networks; "
        "given once for each module",
    )
    rest = argparse.REMAINDER
    command.add_argument("-m", dest="module", nargs=rest, metavar="MODULE ...", help="run a module, with its arguments")
    command.add_argument("-c", dest="code", nargs=rest, metavar="CODE ...", help="run a program given as text")
    command.add_argument("script", nargs="?", help="the program: a Python file, a notebook, or - for standard input")
    command.add_argument("arguments", nargs=rest, metavar="...", help="the program's own arguments")
    command.set_defaults(command=_run)


def _add_demo(commands: _Commands) -> None:
    command = commands.add_parser(
        "demo",
        help="train a perceptron on a thousand colours",
        description="Train a perceptron to tell red from blue on 1,000 colours, draw the boundary that it\n"
        "learns, and time the training against the same on the pure-Python engine.",
        epilog=_DEMO_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--output", metavar="PATH", default="fastgrad-demo.svg", help="the picture (%(default)s)")
    command.set_defaults(command=_demo)


def _replacement(text: str) -> tuple[str, str]:
    try:
        return run.parse_replacement(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _run(options: argparse.Namespace) -> int:
    program = _program(options)
    if program is None:
        return _fail("give a script, -m and a module, or -c and a program: see fastgrad run --help", 2)
    if options.script not in (None, "-"):
        try:
            open(options.script, "rb").close()
        except OSError as error:
            return _fail(f"cannot open the script {options.script!r}: {error.strerror}", 2)
    if options.compare:
        return run.compare(program, _options_again(options))
    chosen = {name: getattr(options, name) for name in ("replace", "also", "strict", "explain", "plain", "fuse")}
    try:
        if options.module:
            run.run_module(options.module[0], options.module[1:], **chosen)
        elif options.code:
            run.run_code(options.code[0], options.code[1:], **chosen)
        else:
            run.run_script(options.script, options.arguments, **chosen)
    except (Exception, KeyboardInterrupt) as error:
        # A plain run's traceback begins in the script, and its exit code is 1.
        error.__traceback__ = run.script_traceback(error)
        sys.excepthook(type(error), error, error.__traceback__)
        if isinstance(error, KeyboardInterrupt):
            _die_of_interrupt()
        return 1
    return 0


def _program(options: argparse.Namespace) -> list[str] | None:
    """Return the program as Python's command line has it."""
    if options.module:
        return ["-m", *options.module]
    if options.code:
        return ["-c", *options.code]
    return [options.script, *options.arguments] if options.script else None


def _options_again(options: argparse.Namespace) -> list[str]:
    given = {"--strict": options.strict, "--explain": options.explain, "--no-fuse": not options.fuse}
    flags = [flag for flag, is_given in given.items() if is_given]
    also = [word for package in options.also for word in ("--also", package)]
    return [*flags, *also, *(word for module, name in options.replace for word in ("--replace", f"{module}={name}"))]


def _die_of_interrupt() -> None:
    """End as a Python does that was interrupted: of the signal itself, so that a shell's loop ends with it."""
    sys.stdout.flush()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)


def _demo(options: argparse.Namespace) -> int:
    from fastgrad import demo  # numpy is only loaded where it is used

    try:
        demo.main(options.output)
    except OSError as error:
        return _fail(f"cannot write the picture to {options.output!r}: {error.strerror}", 1)
    return 0


def _fail(sentence: str, code: int) -> int:
    print(f"fastgrad: {sentence}", file=sys.stderr)
    return code
