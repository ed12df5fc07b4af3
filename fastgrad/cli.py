"""The command line: ``fastgrad run`` and ``fastgrad demo``."""

from __future__ import annotations

import argparse
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
  fastgrad run train.py                          imports of micrograd, and engine classes in train.py, run on fastgrad
  fastgrad run train.py --epochs 20              what follows the script's name goes to the script
  fastgrad run --replace engine=Scalar train.py  "from engine import Scalar" in train.py gives fastgrad's Scalar
  fastgrad run --replace nn=seed1 train.py       "from nn import MLP" gives that dialect's, on fastgrad (see below)
  fastgrad run --replace engine=Value --replace nn=seed2 train.py
                                                 both modules, where train.py imports numbers from one and networks
                                                 from the other
  fastgrad run --compare train.py                the program both ways: times, and whether the output agrees
"""
_RUN_DIALECTS = """\

dialects of networks and their numbers:
  seed0  Perceptron, Layer, MultiLayerPerceptron on Scalars: tanh, linear last, a layer gives a list
  seed1  Neuron, Layer, MLP on Values: tanh in every layer
  seed2  Module, Neuron, Layer, MLP on Values: micrograd's, with tanh
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
        description="Run an unedited program on fastgrad: micrograd's modules are served by fastgrad,\n"
        "and a scalar engine that the script defines as a class is exchanged for fastgrad's.",
        epilog=_RUN_EXAMPLES + _RUN_DIALECTS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "--replace",
        action="append",
        default=[],
        type=_replacement,
        metavar="MODULE=NAME",
        help="serve another module's name: a module with fastgrad's Scalar or Value in it, or with a dialect of "
        "networks, seed0, seed1 or seed2; given once for each module that has the program's numbers or networks",
    )
    command.add_argument(
        "--compare",
        action="store_true",
        help="run the program plainly too, and print both times and whether the printed output agrees: the same text, "
        "its numbers within 1e-9",
    )
    command.add_argument("script", help="the program, a Python file")
    command.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="the program's own arguments")
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
    try:
        open(options.script, "rb").close()
    except OSError as error:
        return _fail(f"cannot open the script {options.script!r}: {error.strerror}", 2)
    if options.compare:
        return run.compare(options.script, options.arguments, options.replace)
    try:
        run.run_script(options.script, options.arguments, options.replace)
    except Exception as error:
        # A plain run's traceback begins in the script, and its exit code is 1.
        error.__traceback__ = run.script_traceback(error, options.script)
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    return 0


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
