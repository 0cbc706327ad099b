# SPDX-License-Identifier: Apache-2.0
"""The images of any file that is known."""
import importlib
import pathlib
from collections.abc import Iterator

from .problem import FileProblem
from .series import ImageSeries

READERS = {".ndata": "nion_readers.read_ndata", ".ndata1": "nion_readers.read_ndata", ".h5": "nion_readers.read_h5",
           ".nhdf": "nion_readers.read_nhdf", ".npy": "nion_readers.read_npy", ".tif": "tiff_reader.read_tiff",
           ".tiff": "tiff_reader.read_tiff"}


def read(path: pathlib.Path, size_known: bool = False) -> Iterator[ImageSeries]:
    """One series after the other; each is to be used before the next is asked for.

    @param size_known  the pixel size is given otherwise: the file's calibration is not looked at
    @throws FileProblem  what is wrong, in which file and field
    """
    module, function = READERS.get(path.suffix.lower(), "other_readers.read_other").split(".")
    try:
        if path.is_dir():
            raise FileProblem("is a folder: give the files in it")
        with path.open("rb") as file:
            if not file.read(1):
                raise FileProblem("is empty")
        for series in getattr(importlib.import_module(f".{module}", __package__), function)(path, size_known):
            series.check()
            yield series
    except FileProblem as problem:
        raise FileProblem(f"{path}: {problem}") from problem
    except OSError as problem:
        raise FileProblem(f"{path}: cannot be read: {problem.strerror or problem}") from problem
