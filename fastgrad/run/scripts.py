"""Programs: how one runs as if by ``python``, on fastgrad."""

from __future__ import annotations

import builtins
import contextlib
import importlib.util
import os
import sys
import types

from fastgrad._tape.exchange import nodes_made
from fastgrad.run import reading
from fastgrad.run.children import UNCACHED
from fastgrad.run.hook import compiled
from fastgrad.run.own import short_name
from fastgrad.run.saying import NODES, say
from fastgrad.run.serving import served
from fastgrad.run.settings import settings
from fastgrad.run.switches import forget

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from fastgrad.run.serving import _Replacements


def run_script(
    path: str,
    argv: Sequence[str] = (),
    replace: _Replacements = (),
    *,
    also: Iterable[str] = (),
    strict: bool = False,
    explain: bool = False,
    plain: bool = False,
    fuse: bool = True,
) -> None:
    """Run the program at ``path`` as ``python path argv...`` would, on fastgrad.

    Parameters
    ----------
    path : str
        The script, or a notebook (``.ipynb``); "-" for standard input.
    argv : sequence of str
        Its arguments, without its own name.
    replace : iterable of (str, str)
        Modules to serve in the place of the program's: a module's name and what it offers, the class ``"Scalar"`` or
        ``"Value"``, or all of a dialect of `fastgrad.compat`, such as ``"seed1"``. A line on standard error names those
        that the program never imported.
    also : iterable of str
        Installed packages whose classes are exchanged, too.
    strict : bool
        Whether a class of which any method differs from fastgrad's is left alone as a whole.
    explain : bool
        Whether to say of each class, method by method, what became of it, and of each loop.
    plain : bool
        Whether to exchange and serve nothing at all.
    fuse : bool
        Whether loops over numbers run as kernels.

    Raises
    ------
    OSError, SyntaxError
        When the script cannot be read or parsed. Whatever the script itself raises passes through, ``SystemExit`` too.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     script = os.path.join(folder, "square.py")
    ...     with open(script, "w") as file:
    ...         _ = file.write("from engine import Value; x = Value(3.0); (x * x).backward(); print(x.grad)")
    ...     run_script(script, replace=[("engine", "Value")])
    6.0
    """
    options: dict[str, Any] = {
        "replace": replace, "also": also, "strict": strict, "explain": explain, "plain": plain, "fuse": fuse,
    }  # fmt: skip
    if path.endswith(".ipynb"):
        _run_notebook(path, argv, options)
        return
    if path == "-":
        source, file, folder = sys.stdin.read().encode(), "<stdin>", ""
    else:
        with open(path, "rb") as script:
            source, file, folder = script.read(), os.path.abspath(path), os.path.dirname(os.path.realpath(path))
    main = _new_main(__file__=file, **UNCACHED) if path != "-" else _new_main()
    with _on_fastgrad(**options), _as_main(main, [path, *argv], folder):
        exec(compile(source, file, "exec", dont_inherit=True) if plain else compiled(source, file), vars(main))


def _run_notebook(path: str, argv: Sequence[str], options: dict[str, Any]) -> None:
    from fastgrad.run.notebooks import run_notebook  # with IPython, which takes a while to import

    folder = os.path.dirname(os.path.realpath(path))
    with _on_fastgrad(**options), _as_main(_new_main(), [path, *argv], folder):
        run_notebook(path)


def run_code(code: str, argv: Sequence[str] = (), **options: Any) -> None:
    """Run a program given as text, as ``python -c`` would; the options are those of `run_script`.

    >>> run_code("import sys; print(sys.argv)", ["7"], plain=True)
    ['-c', '7']
    """
    main = _new_main()
    with _on_fastgrad(**options), _as_main(main, ["-c", *argv], ""):
        exec(compiled(code, "<string>"), vars(main))


def run_module(name: str, argv: Sequence[str] = (), **options: Any) -> None:
    """Run a module as ``python -m name`` would; the options are those of `run_script`."""
    main = _new_main()
    with _on_fastgrad(**options), _as_main(main, ["-m", *argv], os.getcwd()):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
        if spec is None or not hasattr(spec.loader, "get_code"):
            raise ImportError(f"no module named {name}, or it is a package without __main__", name=name)
        vars(main).update(__file__=spec.origin, **UNCACHED, __spec__=spec, __package__=spec.parent)
        sys.argv[0] = spec.origin or name
        exec(spec.loader.get_code(spec.name), vars(main))  # type: ignore[union-attr]


def script_traceback(error: BaseException) -> types.TracebackType | None:
    """Return the part of an exception's traceback that a plain run would have: from the program's first frame on."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_globals.get("__name__") != "__main__":
        traceback = traceback.tb_next
    return traceback


# The surroundings of a running program.


@contextlib.contextmanager
def _on_fastgrad(
    replace: _Replacements = (),
    also: Iterable[str] = (),
    strict: bool = False,
    explain: bool = False,
    plain: bool = False,
    fuse: bool = True,
) -> Iterator[None]:
    """Let classes be exchanged and modules be served, and say at the end if there was nothing to do."""
    if plain:
        yield
        return
    settings.start(strict, explain, also, fuse)
    forget()
    before, replace = nodes_made(), list(replace)
    try:
        with served(replace, settings.also):
            yield
    except SystemExit:
        _say_if_nothing_was_found(replace)
        raise
    else:
        _say_if_nothing_was_found(replace)
    finally:
        settings.active = False
        if explain:
            if fuse:
                _say_what_became_of_loops()
            say(f"{NODES}: {nodes_made() - before - settings.nodes_of_trials:,}")


def _say_what_became_of_loops() -> None:
    from fastgrad.fusing import fused_loops

    for file in reading.sources:
        for line in fused_loops(file):
            say(f"  {short_name(file)}{line.removeprefix(file)}")


def _say_if_nothing_was_found(replace: list[tuple[str, str]]) -> None:
    if settings.exchanged or settings.left_alone or settings.has_children or replace or "micrograd" in sys.modules:
        return
    files = ", ".join(map(short_name, reading.sources)) or "the program"
    say(
        f"nothing was put on fastgrad: no class in {files} is a number with operators and a sweep such as backward(). "
        "If the engine is in an installed package, name it with --also PACKAGE"
    )


def _new_main(**attributes: Any) -> types.ModuleType:
    main = types.ModuleType("__main__")
    vars(main).update(__builtins__=builtins, **attributes)
    if sys.version_info < (3, 14):
        vars(main)["__annotations__"] = {}
    return main


@contextlib.contextmanager
def _as_main(main: types.ModuleType, argv: list[str], folder: str) -> Iterator[None]:
    """Give the program the ``__main__``, ``sys.argv`` and ``sys.path`` of a plain run."""
    # Processes that a program starts call its module by the second name, which is there once multiprocessing is.
    mains: dict[str, types.ModuleType] = {
        name: sys.modules[name] for name in ("__main__", "__mp_main__") if name in sys.modules
    }
    old = sys.argv, sys.path
    sys.modules.update(dict.fromkeys(mains, main))
    sys.argv = argv
    if not getattr(sys.flags, "safe_path", False):
        sys.path = [folder, *sys.path[1:]]
    try:
        yield
    finally:
        sys.modules.update(mains)
        sys.argv, sys.path = old
