#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files of results, and what dwellmap-export makes of them, opened by the programs that they are for: pandas, tifffile,
Nion Swift, HyperSpy's readers. Those that are not installed are left out."""
import csv
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
from typing import Any

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "python"))
try:
    import h5py
    import numpy as np
    from dwellmap_files.problem import FileProblem
    from dwellmap_files.results_file import (
        ATOMS,
        COLUMNS,
        MapLayer,
        ResultFrame,
        ResultsFile,
        atoms_table,
        write_results,
    )
except ModuleNotFoundError as missing:
    print(f"test_exporters: skipped, {missing} (apt-get install python3-numpy python3-h5py)")
    sys.exit(77)

EXPORT = ROOT / "tools" / "python" / "dwellmap-export"
EXAMPLE = re.findall(r"```python\n(.*?)```",
                     (ROOT / "tools" / "commands" / "RESULTS_FILE.md").read_text(encoding="utf-8"), re.S)[0]
LAYERS = ("isotropic", "se_isotropic", "mode_1", "se_mode_1")


def needs(module: str):
    return unittest.skipUnless(importlib.util.find_spec(module), f"{module} is not installed")


def result(number: int, pixel_size_nm: float | None = 0.02) -> ResultFrame:
    chance = np.random.default_rng(number)
    atoms = atoms_table({"frame": np.full(7, number), "id": np.arange(7) - 1, "x_px": chance.random(7) * 300,
                         "x_nm": chance.random(7) * 6,
                         "site": np.array([b"cation", b"anion", b"other", b"", b"cation", b"", b""]),
                         "species": np.array([b"Mo", "\u03b2".encode(), b"", b"Re", b"S2", b"vacancy", b"Mo"]),
                         "n": np.arange(7) - 1, "flags": np.arange(7),
                         "score_2": np.where(np.arange(7) % 2, np.nan, 1e-5)}, 7)
    maps = {name: MapLayer(*chance.normal(size=(2, 20, 30)).astype(np.float32)) for name in LAYERS[::2]}
    maps["mode_1"].value[3, 4] = np.nan
    return ResultFrame("6f1c0f6e-0000-4000-8000-000000000000", number, atoms, maps, 2, pixel_size_nm, "flakes",
                       "nm" if pixel_size_nm else "px", "1.2.3", "[find]\nsigma_px = 2")


class ExportTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="dwellmap-export-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.results, self.out = self.folder / "results.h5", self.folder / "out"
        self.frames = [result(3), result(4)]
        write_results(self.results, self.frames, "test 1")

    def run_export(self, *arguments: object) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, EXPORT, *map(str, arguments)], capture_output=True, text=True,
                              check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})

    def exported(self, format_: str) -> pathlib.Path:
        done = self.run_export(self.results, "--out", self.out, "--format", format_)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(sorted(done.stdout.split()), sorted(str(p) for p in self.out.iterdir()))
        return self.out

    def layer(self, frame: int, name: str) -> np.ndarray:
        of = self.frames[frame].maps[name.removeprefix("se_")]
        return of.sigma if name.startswith("se_") else of.value


class Results(ExportTest):
    def test_what_is_written_is_read(self) -> None:
        with ResultsFile(self.results) as file:
            self.assertEqual(len(file), 2)
            for written, read in zip(self.frames, file, strict=True):
                self.assertEqual(written.atoms.tobytes(), read.atoms.tobytes())
                self.assertEqual(list(written.maps), list(read.maps))
                for name, layer in written.maps.items():
                    np.testing.assert_array_equal(layer.value, read.maps[name].value)
                    np.testing.assert_array_equal(layer.sigma, read.maps[name].sigma)
                for key in ("uuid", "frame", "step_px", "pixel_size_nm", "name", "unit", "version", "parameters"):
                    self.assertEqual(getattr(written, key), getattr(read, key), key)

    @needs("pandas")
    def test_the_documents_example(self) -> None:
        seen: dict = {"print": lambda *said: seen.setdefault("said", []).append(said)}
        exec(EXAMPLE.replace('"results.h5"', repr(str(self.results))).replace("order_parameter", "mode_1"), seen)
        self.assertEqual(seen["said"], [(3, 7, (20, 30), "nm"), (4, 7, (20, 30), "nm")])
        np.testing.assert_array_equal(seen["atoms"]["x_px"], self.frames[1].atoms["x_px"])

    def test_writing_replaces_nothing_and_leaves_nothing(self) -> None:
        before = self.results.read_bytes()
        nothing: Any = None
        for target, frames in ((self.results, self.frames), (self.folder / "new.h5", [result(1), nothing]),
                               (self.folder / "new.h5", [ResultFrame("u", 1, self.frames[0].atoms, {"a/b": nothing})])):
            with self.assertRaises((FileProblem, AttributeError)):
                write_results(target, frames, "test 1")
        self.assertEqual([p.name for p in self.folder.iterdir()], ["results.h5"])
        self.assertEqual(self.results.read_bytes(), before)


class Formats(ExportTest):
    def check_rows(self, rows: list[dict]) -> None:
        atoms = np.concatenate([f.atoms for f in self.frames])
        self.assertEqual(list(rows[0]), list(COLUMNS))
        self.assertEqual(len(rows), len(atoms))
        for row, atom in zip(rows, atoms):
            for name in COLUMNS:
                if row[name] == "":
                    self.assertIn(str(atom[name]), ("nan", "-1", "b''"), name)
                elif ATOMS[name].kind == "f":
                    self.assertAlmostEqual(float(row[name]) / atom[name], 1, places=6)
                else:
                    self.assertEqual(row[name], atom[name].decode() if ATOMS[name].kind == "S" else str(atom[name]))

    def test_csv(self) -> None:
        with (self.exported("csv") / "atoms.csv").open(encoding="utf-8", newline="") as file:
            self.check_rows(list(csv.DictReader(file)))

    def test_csv_is_that_of_the_analyzer(self) -> None:
        source = (ROOT / "tools" / "commands" / "atoms_csv.cpp").read_text(encoding="utf-8")
        function = source[source.index("void write_atoms_header"):source.index("void write_atoms(")]
        head = "".join(re.findall(r'"([^"]*)"', function))
        scores = "".join(f"score_{k}," for k in range(1, 7))
        head = head.replace(",score_", "", 1).replace("flags,", "flags," + scores, 1)
        self.assertEqual((self.exported("csv") / "atoms.csv").read_text(encoding="utf-8").split("\n")[0],
                         head.replace("\\n", ""))

    @needs("pandas")
    def test_pandas(self) -> None:
        import pandas

        table = pandas.read_csv(self.exported("csv") / "atoms.csv")
        np.testing.assert_allclose(table["x_px"], np.concatenate([f.atoms["x_px"] for f in self.frames]), rtol=1e-6)
        self.assertEqual(int(table["score_2"].isna().sum()), 6)

    @needs("tifffile")
    def test_tiff(self) -> None:
        import tifffile

        out = self.exported("tiff")
        self.assertEqual(len(list(out.iterdir())), 8)
        for k in range(2):
            for name in LAYERS:
                with tifffile.TiffFile(out / f"{k:04d}_{name}.tif") as file:
                    np.testing.assert_array_equal(file.asarray(), self.layer(k, name))
                    across, of = file.pages[0].tags["XResolution"].value
                    self.assertEqual(file.imagej_metadata["unit"], "nm")
                    self.assertAlmostEqual(of / across, 0.04)

    def test_npy(self) -> None:
        out = self.exported("npy")
        np.testing.assert_array_equal(np.load(out / "0001_mode_1.npy"), self.layer(1, "mode_1"))
        said = json.loads((out / "0001_mode_1.json").read_text(encoding="utf-8"))
        self.assertEqual(said["spatial_calibrations"], [{"offset": 0.01, "scale": 0.04, "units": "nm"}] * 2)
        self.assertEqual(said["metadata"]["dwellmap"]["frame"], 4)

    @needs("rsciio")
    def test_hyperspy(self) -> None:
        from rsciio import emd

        out = self.exported("emd")
        signals = emd.file_reader(str(out / "results.emd"))
        self.assertEqual([s["metadata"]["General"]["title"] for s in signals], sorted(LAYERS) * 2)
        for k, found in enumerate(signals):
            np.testing.assert_array_equal(found["data"], self.layer(k // 4, found["metadata"]["General"]["title"]))
            self.assertEqual([(a["name"], a["units"]) for a in found["axes"]], [("y", "nm"), ("x", "nm")])
            for axis in found["axes"]:
                self.assertAlmostEqual(axis["scale"], 0.04)
                self.assertAlmostEqual(axis["offset"], 0.01)

    @needs("nion")
    def test_nion_swift(self) -> None:
        from nion.swift import Application, Facade
        from nion.swift.test import TestContext
        from nion.ui import TestUI

        Facade.initialize()
        application = Application.Application(TestUI.UserInterface(), set_global=False)
        application.workspace_dir = ""
        out = self.exported("nhdf,npy")
        with TestContext.create_memory_context() as context:
            window = context.create_document_controller()
            for name, count in (("results.nhdf", 8), ("0001_mode_1.npy", 1)):
                shown = window.receive_files([str(out / name)])
                self.assertEqual(len(shown), count)
                items = {item.title: item.data_item for item in shown}
                self.check_item(items["mode_1 of flakes 4"] if count > 1 else shown[0].data_item)

    def check_item(self, item) -> None:
        np.testing.assert_array_equal(item.data, self.layer(1, "mode_1"))
        self.assertEqual([(c.offset, c.scale, c.units) for c in item.dimensional_calibrations],
                         [(0.01, 0.04, "nm")] * 2)
        self.assertEqual(item.intensity_calibration.units, "nm")
        self.assertEqual(item.metadata["dwellmap"]["uuid"], self.frames[1].uuid)

    def test_without_a_scale(self) -> None:
        self.results.unlink()
        write_results(self.results, [result(1, None)], "test 1")
        said = json.loads((self.exported("npy") / "0000_mode_1.json").read_text(encoding="utf-8"))
        self.assertEqual(said["spatial_calibrations"], [{"offset": 0.5, "scale": 2, "units": ""}] * 2)

    def test_copies(self) -> None:
        out = self.exported("h5,emd")
        for name in ("results.h5", "results.emd"):
            self.assertEqual((out / name).read_bytes(), self.results.read_bytes())


class Live(ExportTest):
    @needs("flatbuffers")
    @needs("zmq")
    def test_results_of_the_client(self) -> None:
        from dwellmap_client import Atoms, Frame, Layer, Map
        from dwellmap_files.live_results import from_client

        head: dict[str, Any] = {"uuid": "u", "frame": 5, "rows_valid": 16, "complete": True, "version": "1",
                                "unit": "nm", "pixel_size_nm": 0.02}
        columns: dict[str, np.ndarray] = {name: np.arange(2, dtype="f4") for name in (
            "x_px", "y_px", "se_x_px", "se_y_px", "amplitude", "se_amplitude", "background", "chi2", "p_second",
            "isotropic", "se_isotropic", "order_parameter", "se_order_parameter")}
        columns.update(id=np.array([7, -1]), site=np.array([0, 2], "u1"), species=np.array([1, -1], "i1"),
                       n=np.array([3, -1], "i1"), shells_complete=np.array([7, 0], "u1"), flags=np.array([0, 1], "u2"),
                       cell_i=np.zeros(2, "i2"), cell_j=np.zeros(2, "i2"),
                       pca=np.arange(12.0).reshape(2, 6), se_pca=np.zeros((2, 6)), zigzag=np.arange(6.0).reshape(2, 3))
        atoms = Atoms(**head, species_names=("Mo", "Re", "S2", "vacancy"), width_px=3.0, columns=columns)
        layer = Layer(self.layer(0, "mode_1"), self.layer(0, "se_mode_1"))
        no_statistics: Any = None
        written = from_client(Frame(atoms, Map(**head, step_px=1, layers={"mode_1": layer}), no_statistics))
        write_results(self.folder / "live.h5", [written], "test 1")
        with ResultsFile(self.folder / "live.h5") as file:
            read, = file
        first, second = read.atoms
        self.assertEqual([(a["site"], a["species"], a["n"], a["complete"]) for a in (first, second)],
                         [(b"cation", b"Re", 3, 7), (b"other", b"", -1, 0)])
        self.assertEqual((second["frame"], second["score_6"], second["zigzag_2"], second["id"]), (5, 11, 5, -1))
        np.testing.assert_allclose([second["x_nm"], second["se_y_nm"], second["width_nm"]], [0.02, 0.02, 0.06])
        np.testing.assert_array_equal(read.maps["mode_1"].sigma, layer.sigma)


class Damaged(ExportTest):
    def refused(self, *words: str, source: pathlib.Path | None = None) -> None:
        done = self.run_export(source or self.results, "--out", self.out, "--format", "csv,npy,nhdf,emd")
        self.assertRegex(done.stderr, r"\Adwellmap-export: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(list(self.out.iterdir()) if self.out.exists() else [], [])

    def test_one_line_names_file_and_field(self) -> None:
        for name, content in (("text.h5", b"text"), ("empty.h5", b""), ("cut.h5", self.results.read_bytes()[:3000])):
            (self.folder / name).write_bytes(content)
            self.refused(name, source=self.folder / name)
        self.refused("none.h5", source=self.folder / "none.h5")
        with h5py.File(self.folder / "other.h5", "w") as file:
            file.attrs["format"] = "dwellmap recording"
        self.refused("not a file of results", "dwellmap recording", source=self.folder / "other.h5")

    def test_parts_that_are_missing(self) -> None:
        def without_column(frame: h5py.Group) -> None:
            kept = frame["atoms"][:][["x_px", "y_px"]]
            del frame["atoms"]
            frame["atoms"] = kept

        for damage, field in ((lambda f: f.pop("atoms"), "atoms"), (lambda f: f.pop("maps/se_mode_1"), "se_mode_1"),
                              (lambda f: f.pop("maps/mode_1/data"), "data"),
                              (lambda f: f.attrs.pop("pixel_size_nm"), "pixel_size_nm"),
                              (lambda f: f.attrs.pop("frame"), "frame"), (without_column, "no column")):
            with self.subTest(field):
                self.results.unlink()
                write_results(self.results, self.frames, "test 1")
                with h5py.File(self.results, "a") as file:
                    damage(file["frames/0001"])
                self.refused("/frames/0001", field)

    def test_options(self) -> None:
        for arguments in ((), (self.results,), (self.results, "--out", self.out, "--format", "xls"),
                          (self.results, "--out", self.results), (self.results, "--out", self.out, "--colour")):
            done = self.run_export(*arguments)
            self.assertRegex(done.stderr, r"\Adwellmap-export: [^\n]+\n\Z")
            self.assertEqual(done.returncode, 1)
        for option in ("--help", "--version"):
            self.assertEqual(self.run_export(option).returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
