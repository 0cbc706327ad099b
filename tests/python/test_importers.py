#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""dwellmap-import on arrays, on Nion Swift's files of all versions, and on damaged files. Needs numpy and h5py only;
test_foreign_files.py has the files that other programs wrote."""
import io
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import unittest
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
try:
    import h5py
    import numpy as np
    from imported import IMPORT, ImportTest, shared_data
except ModuleNotFoundError as missing:
    print(f"test_importers: skipped, {missing} (apt-get install python3-numpy python3-h5py)")
    sys.exit(77)

IMAGE = np.random.default_rng(1).integers(0, 250, (16, 20)).astype(np.uint16)
STACK = np.random.default_rng(2).normal(100, 10, (5, 16, 20)).astype(np.float32)
SCAN: dict[str, dict] = {"instrument": {"high_tension": 6e4, "defocus": 1e-8},
        "scan": {"scan_id": "one", "fov_nm": 0.4, "rotation": 0.25, "scan_size": [16, 20],
                 "scan_device_properties": {"flyback_pixels": 2}},
        "hardware_source": {"channel_name": "MAADF", "pixel_time_us": 2.0, "line_time_us": 40.0, "valid_rows": 16}}


def calibrated(*scales: object, unit: str = "nm") -> list[dict]:
    return [{"offset": 1.0 + k, "scale": s, "units": unit} for k, s in enumerate(scales)]


def described(data: np.ndarray, **changes: object) -> dict:
    """Properties of version 13."""
    axes = calibrated(*[0.02] * data.ndim)
    return {"version": 13, "data_shape": list(data.shape), "data_dtype": data.dtype.name, "is_sequence": data.ndim == 3,
            "collection_dimension_count": 0, "datum_dimension_count": 2, "dimensional_calibrations": axes,
            "metadata": SCAN, "title": "flakes", "created": "2024-05-06T07:08:09.5", "session_id": "s", **changes}


def ndata(path: pathlib.Path, data: np.ndarray, properties: object) -> pathlib.Path:
    buffer = io.BytesIO()
    np.save(buffer, data)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.npy", buffer.getvalue())
        archive.writestr("metadata.json", properties if isinstance(properties, str) else json.dumps(properties))
    return path


class Arrays(ImportTest):
    def npy(self, data: np.ndarray, name: str = "image.npy") -> pathlib.Path:
        np.save(self.folder / name, data)
        return self.folder / name

    def test_pixel_types_are_kept(self) -> None:
        for kind, name in (("u1", "u8"), ("<u2", "u16"), ("<u4", "u32"), ("<i2", "i16"), ("<i4", "i32"), ("<f4", "f32"),
                           ("<f8", "f64"), (">u2", "u16"), (">f4", "f32")):
            with self.subTest(kind):
                data = IMAGE.astype(kind)
                series, = self.imported(self.npy(data))
                self.assertEqual(series.attributes["pixel_type"], name)
                self.assertEqual(series.frames.dtype.name, data.dtype.name)
                np.testing.assert_array_equal(series.frames[0], data)

    def test_other_types_are_widened_without_a_change(self) -> None:
        for kind, name in ((bool, "u8"), ("i1", "i16"), ("f2", "f32"), ("i8", "f64"), (">u8", "f64")):
            data = (IMAGE % 100).astype(kind)
            series, = self.imported(self.npy(data))
            self.assertEqual(series.attributes["pixel_type"], name)
            np.testing.assert_array_equal(series.frames[0], data)
        self.refused(self.npy(IMAGE.astype("u8") + 2**60), "frame 0", "uint64")
        self.refused(self.npy(IMAGE.astype(complex)), "complex128")
        self.refused(self.npy(np.zeros((16, 20), [("a", "f4")])), "void32")

    def test_stacks_in_any_order_of_memory(self) -> None:
        for data in (STACK, np.asfortranarray(STACK)):
            for arguments in ((), ("--compress",)):
                series, = self.imported(self.npy(data), *arguments)
                np.testing.assert_array_equal(series.frames, STACK)
                self.assertEqual(series.attributes["expected_frames"], 5)

    def test_compressed_is_smaller(self) -> None:
        even = self.npy(np.ones((20, 64, 64), np.uint16))
        sizes = []
        for arguments in ((), ("--compress",)):
            self.imported(even, *arguments)
            sizes.append(self.out.stat().st_size)
        self.assertLess(sizes[1], sizes[0] / 2)

    def test_what_the_sidecar_or_the_operator_says(self) -> None:
        image = self.npy(IMAGE)
        self.assertNotIn("pixel_size_nm", self.imported(image)[0].attributes)
        self.assertIn("pixel size not known", self.stderr)
        image.with_suffix(".json").write_text('{"pixel_size_nm": 0.04, "channel": "ADF"}', encoding="utf-8")
        series, = self.imported(image)
        self.assertEqual((series.attributes["pixel_size_nm"], series.attributes["channel"]), (0.04, "ADF"))
        self.assertEqual(series.original["channel"], "ADF")
        self.assertEqual(self.imported(image, "--pixel-nm", "0.05")[0].attributes["pixel_size_nm"], 0.05)
        self.refused(image, "channel BF", "ADF", arguments=("--channel", "BF"))
        for size in ("NaN", "-1", "0", '"a"', "true"):
            image.with_suffix(".json").write_text(f'{{"pixel_size_nm": {size}}}', encoding="utf-8")
            self.refused(image, "pixel_size_nm")

    def test_real_images(self) -> None:
        names = ("wse2_ti_2_adf1", "wse2_hbn_movie")
        files = [shared_data() / f"{name}.npy" for name in names]
        if not all(f.exists() for f in files):
            self.skipTest("the real images are not here")
        for series, file in zip(self.imported(*files), files):
            expected = np.load(file)
            np.testing.assert_array_equal(series.frames, expected if expected.ndim == 3 else expected[None])
            said = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
            self.assertEqual(series.attributes["pixel_size_nm"], said["pixel_size_nm"])
            self.assertEqual(series.original, said)


class NionProperties(ImportTest):
    def check_scan(self, series, data: np.ndarray) -> None:
        np.testing.assert_array_equal(series.frames, data if data.ndim == 3 else data[None])
        expected = {"pixel_size_nm": 0.02, "offset_y_nm": data.ndim - 1.0, "offset_x_nm": float(data.ndim),
                    "channel": "MAADF", "dwell_us": 2.0, "line_us": 44.0, "flyback_us": 4.0, "high_tension_v": 6e4,
                    "rotation_rad": 0.25}
        self.assertEqual({key: series.attributes.get(key) for key in expected}, expected)

    def test_version_13(self) -> None:
        for data in (IMAGE, STACK, np.asfortranarray(STACK)):
            series, = self.imported(ndata(self.folder / "a.ndata", data, described(data)))
            self.check_scan(series, data)
            self.assertEqual(series.attributes["name"], "flakes")
            self.assertEqual(series.attributes["wall_time_ns"], 1714979289500000000)
            self.assertEqual(series.original, described(data))
            said = json.loads(series.attributes["provenance"])
            self.assertEqual((said["file"], said["scan_id"], said["session_id"]), ("a.ndata", "one", "s"))
        last = series.blocks[-1]  # 5 frames of 16 lines of 44 us
        self.assertEqual((last["acquired_ns"], last["sent_wall_ns"]), (3520000, 1714979289503520000))

    def test_older_versions(self) -> None:
        new = described(IMAGE)
        source = {key: new[key] for key in ("data_shape", "data_dtype", "dimensional_calibrations", "metadata")}
        axes = source["dimensional_calibrations"]
        origin = [{"origin": a["offset"], "scale": a["scale"], "units": a["units"]} for a in axes]
        flat = {"instrument": SCAN["instrument"], "scan": SCAN["scan"], "hardware_source": SCAN["hardware_source"]}
        for properties in ({"version": 12, "data_source": source}, {"version": 10, "data_sources": [source]},
                           {"version": 7, "data_sources": [{**source, "metadata": {}}], "metadata": SCAN},
                           {"version": 6, "dimensional_calibrations": axes, "metadata": SCAN,
                            "master_data_shape": [16, 20]},
                           {"version": 3, "intrinsic_spatial_calibrations": origin, "data_sources": ["uuid"],
                            "metadata": flat},
                           {"version": 1, "spatial_calibrations": axes, "properties": SCAN["hardware_source"],
                            "metadata": {k: v for k, v in SCAN.items() if k != "hardware_source"}}):
            with self.subTest(version=properties["version"]):
                self.check_scan(self.imported(ndata(self.folder / "a.ndata", IMAGE, properties))[0], IMAGE)

    def test_collections_of_images(self) -> None:
        for changes in ({"is_sequence": False, "collection_dimension_count": 1},
                        {"is_sequence": True, "collection_dimension_count": 2, "datum_dimension_count": 0}):
            stack = ndata(self.folder / "a.ndata", STACK, described(STACK, **changes))
            self.assertEqual(len(self.imported(stack)[0].frames), 5)

    def test_what_is_no_image(self) -> None:
        line, colours = STACK[0, 0], np.zeros((16, 20, 4), np.uint8)
        hyper = np.zeros((8, 8, 16, 16), np.float32)
        for data, changes, field in (
                (line, {"datum_dimension_count": 1}, "datum_dimension_count"),
                (STACK, {"is_sequence": False, "collection_dimension_count": 2, "datum_dimension_count": 1},
                 "datum_dimension"),
                (STACK, {"is_sequence": False, "collection_dimension_count": None, "datum_dimension_count": None},
                 "datum_dim"),
                (hyper, {"is_sequence": False, "collection_dimension_count": 2}, "datum_dimension_count"),
                (colours, {"is_sequence": False}, "colour"),
                (IMAGE, {"data_shape": [16, 21]}, "data_shape"),
                (IMAGE, {"dimensional_calibrations": calibrated(0.02)}, "dimensional_calibrations"),
                (IMAGE[:4], {}, "shape")):
            with self.subTest(field=field, shape=data.shape):
                self.refused(ndata(self.folder / "a.ndata", data, described(data, **changes)), field)

    def test_units(self) -> None:
        for unit, scale in (("nm", 0.02), ("pm", 20), ("um", 2e-5), ("\u00b5m", 2e-5), ("\u03bcm", 2e-5),
                            ("angstrom", 0.2), ("\u00c5", 0.2), ("\u212b", 0.2), ("m", 2e-11)):
            image = ndata(self.folder / "a.ndata", IMAGE, described(
                IMAGE, dimensional_calibrations=calibrated(scale, scale, unit=unit)))
            self.assertAlmostEqual(self.imported(image)[0].attributes["pixel_size_nm"], 0.02, places=12, msg=unit)
        for unit, scales in (("1/nm", (0.02, 0.02)), ("s", (1, 1)), ("", (1, 1)), ("nm", (0.02, 0.03))):
            image = ndata(self.folder / "a.ndata", IMAGE, described(
                IMAGE, dimensional_calibrations=calibrated(*scales, unit=unit)))
            self.assertNotIn("pixel_size_nm", self.imported(image)[0].attributes)
            self.assertRegex(self.stderr, r"pixel size not known \(.+\); give --pixel-nm\n")
        for bad in (float("nan"), float("inf"), 0.0, -0.02, "x", None):
            image = ndata(self.folder / "a.ndata", IMAGE, described(
                IMAGE, dimensional_calibrations=calibrated(0.02, bad)))
            self.refused(image, "dimensional_calibrations[1].scale")
            self.assertEqual(self.imported(image, "--pixel-nm", "0.03")[0].attributes["pixel_size_nm"], 0.03)

    def test_a_stopped_scan_has_no_old_rows(self) -> None:
        stopped = {**SCAN, "hardware_source": {**SCAN["hardware_source"], "valid_rows": 10}}
        series, = self.imported(ndata(self.folder / "a.ndata", IMAGE, described(IMAGE, metadata=stopped)))
        np.testing.assert_array_equal(series.frames[0], np.where(np.arange(16)[:, None] < 10, IMAGE, 0))
        self.assertEqual((series.index[0]["complete"], series.index[0]["rows_valid"]), (0, 10))
        self.assertEqual(series.row_valid.sum(), 10)

    def test_items_in_hdf5(self) -> None:
        with h5py.File(self.folder / "a.h5", "w") as file:
            file.create_dataset("data", data=STACK).attrs["properties"] = json.dumps(described(STACK))
        with h5py.File(self.folder / "b.nhdf", "w") as file:
            for key, data in (("0", IMAGE), ("1", STACK)):
                file.create_dataset(f"data/{key}", data=data).attrs["properties"] = json.dumps(described(data))
        expected: list[np.ndarray] = [STACK, IMAGE, STACK]
        for series, images in zip(self.imported(self.folder / "a.h5", self.folder / "b.nhdf"), expected, strict=True):
            self.check_scan(series, images)

    def test_long_metadata_is_kept_whole_beside_a_short_provenance(self) -> None:
        properties = described(IMAGE, title="t\u00e9 \n" + "x" * 1000, notes=["\u212b\ud800" * 50000])
        series, = self.imported(ndata(self.folder / "a.ndata", IMAGE, properties))
        self.assertEqual(series.original, properties)
        self.assertLessEqual(len(series.attributes["provenance"].encode()), 8192)
        self.assertLessEqual(len(series.attributes["name"].encode()), 256)
        self.assertNotIn("\n", series.attributes["name"])


class Damaged(ImportTest):
    def test_one_line_names_file_and_field(self) -> None:
        whole = ndata(self.folder / "whole.ndata", IMAGE, described(IMAGE)).read_bytes()
        texts = {"cut.ndata": whole[:-300], "half.ndata": whole[:200], "empty.ndata": b"", "text.ndata": b"not a zip",
                 "flipped.ndata": whole.replace(IMAGE.tobytes(), b"\1" + IMAGE.tobytes()[1:]),
                 "cut.npy": b"\x93NUMPY\1", "text.npy": b"text", "text.h5": b"text", "text.nhdf": b"text",
                 "empty.npy": b"", "what.xyz": b"text"}
        for name, content in texts.items():
            (self.folder / name).write_bytes(content)
            with self.subTest(name):
                self.refused(self.folder / name, name)
        for properties in ("[1]", "{", "\xff"):
            self.refused(ndata(self.folder / "json.ndata", IMAGE, properties), "metadata.json")
        with zipfile.ZipFile(self.folder / "alone.ndata", "w") as archive:
            archive.writestr("data.npy", b"")
        self.refused(self.folder / "alone.ndata", "metadata.json")
        (self.folder / "folder.ndata").mkdir()
        self.refused(self.folder / "folder.ndata", "folder")
        self.refused(self.folder / "none.npy", "No such file")

    def test_hdf5_that_is_something_else(self) -> None:
        np.save(self.folder / "a.npy", IMAGE)
        self.imported(self.folder / "a.npy")
        recording = self.folder / "recording.h5"
        self.out.rename(recording)
        self.refused(recording, "dwellmap recording")
        with h5py.File(self.folder / "other.h5", "w") as file:
            file["data"] = IMAGE
        self.refused(self.folder / "other.h5", "/data", "properties")

    def test_a_file_without_permission(self) -> None:
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        np.save(self.folder / "a.npy", IMAGE)
        (self.folder / "a.npy").chmod(0)
        self.refused(self.folder / "a.npy", "Permission denied")

    def test_a_good_file_before_a_bad_one_leaves_nothing(self) -> None:
        np.save(self.folder / "a.npy", IMAGE)
        (self.folder / "b.npy").touch()
        self.refused(self.folder / "a.npy", "b.npy", arguments=(self.folder / "b.npy",))

    def test_targets_are_never_overwritten(self) -> None:
        np.save(self.folder / "a.npy", IMAGE)
        for make in (lambda: self.out.write_text("mine"), lambda: self.out.symlink_to(self.folder / "nowhere")):
            make()
            done = self.run_import(self.folder / "a.npy")
            self.assertRegex(done.stderr, r"\Adwellmap-import: [^\n]* exists[^\n]*\n\Z")
            self.assertEqual(done.returncode, 1)
            self.out.unlink()

    def test_a_full_disk(self) -> None:
        np.save(self.folder / "a.npy", np.zeros((10, 256, 256), np.float32))
        one_mib = (1 << 20,) * 2
        done = subprocess.run([sys.executable, IMPORT, self.folder / "a.npy", "--out", self.out], capture_output=True,
                              text=True, check=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, one_mib))
        self.assertRegex(done.stderr, r"dwellmap-import: .*cannot write [^\n]*: File too large\n\Z")
        self.assertEqual((done.returncode, [p.name for p in self.folder.iterdir()]), (1, ["a.npy"]))

    def test_interrupted_it_leaves_nothing(self) -> None:
        np.save(self.folder / "a.npy", IMAGE)
        os.mkfifo(self.folder / "b.npy")  # the importer waits for its content
        with subprocess.Popen([sys.executable, "-u", IMPORT, self.folder / "a.npy", self.folder / "b.npy", "--pixel-nm",
                               "1", "--out", self.out], stdout=subprocess.PIPE) as running:
            self.assertIn(b"series 0000", running.stdout.readline())
            running.send_signal(signal.SIGTERM)
        self.assertEqual(running.returncode, 143)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["a.npy", "b.npy"])

    def test_options(self) -> None:
        for option in ("--help", "--version"):
            self.assertEqual(subprocess.run([sys.executable, IMPORT, option], capture_output=True,
                                            check=False).returncode, 0)
        for arguments in ((), ("a.npy",), ("a.npy", "--out", self.out, "--pixel-nm", "0"), ("a.npy", "--colour")):
            done = subprocess.run([sys.executable, IMPORT, *arguments], capture_output=True, text=True, check=False)
            self.assertRegex(done.stderr, r"\Adwellmap-import: [^\n]+\n\Z")
            self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
