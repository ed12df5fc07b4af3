"""State dicts in files: numpy's ``.npz`` format, without pickles, and marked as such in the archive's comment.

What an array is computed with, its layer's activation, is the comment on its entry: numpy does not see it there, and
neither do the versions that wrote none.
"""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import zipfile
from typing import IO, TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_MARK = b"fastgrad state 1"
_ACTIVATION = "activation: "


def write(path: str, state: Mapping[str, NDArray[Any]], activations: Mapping[str, str]) -> None:
    """Write arrays by name, and activations by the arrays' names, into a file that appears when it is complete."""
    part = f"{path}.{secrets.token_hex(4)}.part"
    try:
        with open(part, "xb") as file:
            _write_archive(file, state, activations)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.remove(part)
        if isinstance(error, OSError) and error.errno is not None:
            raise OSError(error.errno, error.strerror, path) from None  # naming the file that was asked for
        raise


def _write_archive(file: IO[bytes], state: Mapping[str, NDArray[Any]], activations: Mapping[str, str]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = _MARK
        for name, array in state.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
            if name in activations:
                archive.getinfo(f"{name}.npy").comment = f"{_ACTIVATION}{activations[name]}".encode()


def read(path: str) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Read the arrays by name, and the activations that are told; what `write` did not write is one ValueError."""
    with open(path, "rb") as file:
        content = file.read()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            mark = archive.comment
            if content.endswith(len(_MARK).to_bytes(2, "little") + mark) and _MARK != mark == _MARK[: len(mark)]:
                raise ValueError("its end is missing")  # the mark says so, being shorter than announced
            if mark == _MARK:
                return _arrays(archive), _activations(archive)
    except Exception as error:  # zipfile and numpy raise many kinds for what they cannot read
        raise ValueError(f"{path} must be a file that Module.save wrote, but is damaged or foreign: {error}") from error
    raise ValueError(
        f"{path} must be a file that Module.save wrote, but is an archive of another kind. "
        "(If its arrays are meant for this module, load_state_dict(numpy.load(path)) takes them.)"
    )


def _arrays(archive: zipfile.ZipFile) -> dict[str, NDArray[Any]]:
    return {entry.removesuffix(".npy"): _array(archive, entry) for entry in archive.namelist()}


def _activations(archive: zipfile.ZipFile) -> dict[str, str]:
    comments = {entry.filename: entry.comment.decode(errors="replace") for entry in archive.infolist()}
    return {
        entry.removesuffix(".npy"): comment.removeprefix(_ACTIVATION) for entry, comment in comments.items() if comment
    }


def _array(archive: zipfile.ZipFile, entry: str) -> NDArray[Any]:
    with archive.open(entry) as member:
        array = np.lib.format.read_array(member, allow_pickle=False)
        if member.read(1):  # reading to the end checks the sum, too
            raise ValueError(f"{entry} is longer than its array")
        return array
