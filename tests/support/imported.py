# SPDX-License-Identifier: Apache-2.0
"""Runs dwellmap-import, and checks each recording that it makes."""
import contextlib
import dataclasses
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
IMPORT = ROOT / "tools" / "python" / "dwellmap-import"
sys.path.insert(0, str(ROOT / "tools" / "python"))
from dwellmap_files.import_command import main  # noqa: E402

EXAMPLE = re.findall(r"```python\n(.*?)```",
                     (ROOT / "firmware_bridge" / "recording" / "RECORDING.md").read_text(encoding="utf-8"), re.S)[0]


def shared_data() -> pathlib.Path:
    return ROOT.parent / "shared" / "data"


@dataclasses.dataclass
class Recorded:
    """One series of a recording."""
    attributes: dict
    frames: np.ndarray
    row_valid: np.ndarray
    index: np.ndarray
    blocks: np.ndarray
    original: dict


def recorded(path: pathlib.Path) -> list[Recorded]:
    exec(EXAMPLE.replace('"session.h5"', repr(str(path))), {})  # the contract's own check of every frame
    with h5py.File(path, "r") as file:
        return [Recorded(dict(s.attrs), s["frames"][()], s["row_valid"][()], s["index"][()], s["blocks"][()],
                         json.loads(s["original_metadata"].asstr()[()]) if "original_metadata" in s else {})
                for s in file["series"].values()]


class ImportTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="dwellmap-import-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.out, self.stderr = self.folder / "out.h5", ""

    def run_import(self, *arguments: object) -> subprocess.CompletedProcess:
        """In this process: starting another one takes longer than most imports."""
        command, out, err, code = [*map(str, arguments), "--out", str(self.out)], io.StringIO(), io.StringIO(), 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main(command, "0")
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
                err.write("" if isinstance(end.code, int) else f"{end.code}\n")
        return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())

    def imported(self, *arguments: object) -> list[Recorded]:
        """The series of a new recording, checked."""
        self.out.unlink(missing_ok=True)
        done = self.run_import(*arguments)
        self.stderr = done.stderr
        self.assertEqual(done.returncode, 0, done.stderr)
        out = recorded(self.out)
        for series in out:
            self.check(series)
        return out

    def check(self, series: Recorded) -> None:
        """What must hold of any imported series."""
        count, rows, cols = series.frames.shape
        self.assertEqual((series.attributes["rows_px"], series.attributes["cols_px"]), (rows, cols))
        self.assertEqual(series.row_valid.shape, (count, rows))
        self.assertEqual(series.index["number"].tolist(), list(range(count)))
        self.assertEqual(series.index["first_block"].tolist(), series.blocks["frame"].tolist())
        np.testing.assert_array_equal(series.index["rows_valid"], series.row_valid.sum(axis=1))
        np.testing.assert_array_equal(series.blocks["row_count"], series.index["rows_valid"])
        self.assertRegex(series.attributes["uuid"], r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
        self.assertIsInstance(json.loads(series.attributes["provenance"]), dict)

    def refused(self, path: pathlib.Path, *words: str, arguments: tuple = ()) -> None:
        """One line names the file and the words, and nothing is left behind."""
        before = sorted(self.folder.iterdir())
        if self.out in before:
            self.out.unlink()
            before.remove(self.out)
        done = self.run_import(path, *arguments)
        *remarks, line = done.stderr.splitlines()
        self.assertRegex(line, r"\Adwellmap-import: .")
        self.assertTrue(all("pixel size not known" in remark for remark in remarks), remarks)
        for word in (words if arguments else (path.name, *words)):
            self.assertIn(word, line)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(sorted(self.folder.iterdir()), before)
