# SPDX-License-Identifier: Apache-2.0
"""HDF5 files that are there when they are whole, whatever happens while they are written."""
import io
import os
import pathlib

import h5py

from .problem import FileProblem


class _Output(io.FileIO):
    """Remembers what went wrong instead of raising it: HDF5 crashes when it can't write what it has cached."""
    problem: OSError | None = None

    def _try(self, work) -> None:
        try:
            if self.problem is None:
                work()
        except OSError as problem:
            self.problem = problem

    def write(self, data) -> int:
        rest = memoryview(data).cast("B")

        def work() -> None:
            at = 0
            while at < len(rest):
                at += super(_Output, self).write(rest[at:])

        self._try(work)
        return len(rest)

    def truncate(self, size: int | None = None) -> int:
        self._try(lambda: super(_Output, self).truncate(size))
        return size or 0


class NewHdf5:
    """`with NewHdf5(target) as new: write to new.file; new.commit()`. Without commit() nothing is left.

    @throws FileProblem  the target exists, or can't be written
    """

    def __init__(self, target: pathlib.Path):
        if os.path.lexists(target):
            raise FileProblem(f"{target} exists: it is never overwritten; remove it or choose another name")
        self.target, self._part = target, target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            self._output = _Output(self._part, "w+")
        except OSError as problem:
            raise FileProblem(f"cannot write {target}: {problem.strerror}") from problem
        self.file = h5py.File(self._output, "w", libver=("v110", "v110"))  # readable by HDF5 1.10, and for SWMR

    def __enter__(self) -> "NewHdf5":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self._output.close()
        self._part.unlink(missing_ok=True)

    def check(self) -> None:
        """@throws FileProblem  something could not be written"""
        if self._output.problem is not None:
            raise FileProblem(f"cannot write {self.target}: {self._output.problem.strerror}")

    def commit(self) -> None:
        """@throws FileProblem  something could not be written, or another file has taken the name"""
        self.file.close()
        self.check()
        if os.path.lexists(self.target):
            raise FileProblem(f"{self.target} has come to exist meanwhile: it was not overwritten")
        os.rename(self._part, self.target)
