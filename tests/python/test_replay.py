#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""dwellmap-analyze and dwellmap-play on recordings made with h5py after RECORDING.md: whole, and damaged."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import uuid
import zlib

try:
    import h5py
    import numpy as np
except ModuleNotFoundError as missing:
    print(f"test_replay: skipped, {missing} (apt-get install python3-h5py)")
    sys.exit(77)

BIN = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else pathlib.Path("build/bin")
FRAMES, SIZE_PX, ROWS_PER_BLOCK = 3, 128, 32
INDEX = [("number", "<u8"), ("complete", "u1"), ("rows_valid", "<u4"), ("crc32", "<u4"), ("first_block", "<u8"),
         ("block_count", "<u4"), ("blocks_lost", "<u4")]
BLOCKS = [("frame", "<u8"), ("first_row", "<u4"), ("row_count", "<u4"), ("complete", "u1"), ("acquired_ns", "<i8"),
          ("sent_wall_ns", "<i8"), ("received_ns", "<i8")]
RESULTS = [("number", "<u8"), ("position", "<u8"), ("hash", "<u8")]


def run(program: str, *arguments: object, text: str = "") -> subprocess.CompletedProcess:
    return subprocess.run([BIN / program, *map(str, arguments)], input=text, capture_output=True, text=True,
                          timeout=120)


def write_series(file: h5py.File, name: str, images: np.ndarray, **attributes: object) -> h5py.Group:
    series = file.create_group(f"series/{name}")
    series.attrs.update({"uuid": str(uuid.uuid4()), "pixel_type": "u16", "rows_px": SIZE_PX, "cols_px": SIZE_PX,
                         "pixel_size_nm": 0.02, **attributes})
    series["frames"] = images
    series["row_valid"] = np.ones(images.shape[:2], "u1")
    per_frame = SIZE_PX // ROWS_PER_BLOCK
    series["index"] = np.array(
        [(k, 1, SIZE_PX, zlib.crc32(image.tobytes()), k * per_frame, per_frame, 0) for k, image in enumerate(images)],
        INDEX)
    series["blocks"] = np.array(
        [(k // per_frame, k % per_frame * ROWS_PER_BLOCK, ROWS_PER_BLOCK, k % per_frame == per_frame - 1, 0, 0,
          k * 1_000_000)
         for k in range(per_frame * len(images))], BLOCKS)
    return series


class Recordings(unittest.TestCase):
    folder: pathlib.Path
    images: np.ndarray

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory(prefix="dwellmap-replay-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        stack = cls.folder / "stack.npy"
        made = run("dwellmap-simulate", "--size", SIZE_PX, "--frames", FRAMES, "--pixel-nm", 0.02, "--out", stack)
        assert made.returncode == 0, made.stderr
        cls.images = np.round(np.load(stack)).astype("<u2")

    def record(self, name: str = "session.h5", series: int = 1, **attributes: object) -> pathlib.Path:
        path = self.folder / name
        with h5py.File(path, "w") as file:
            file.attrs.update({"format": "dwellmap recording", "format_version": 1, "writer": "test"})
            for k in range(series):
                write_series(file, f"{k:04}", self.images, composition=0.1 * (k + 1), **attributes)
        return path

    def analyze(self, *arguments: object, code: int = 0) -> tuple[dict, str]:
        out = self.folder / "results.json"
        out.unlink(missing_ok=True)
        done = run("dwellmap-analyze", *arguments, "--results", out)
        self.assertEqual(done.returncode, code, done.stderr)
        return json.loads(out.read_text()) if out.exists() else {}, done.stdout + done.stderr

    def test_a_recording_is_analysed_as_the_same_images(self) -> None:
        np.save(self.folder / "same.npy", self.images)
        recorded, _ = self.analyze(self.record())
        stack, _ = self.analyze(self.folder / "same.npy", "--pixel-nm", 0.02, "--composition", 0.1)
        self.assertEqual([f["atoms"] for f in recorded["frames"]], [f["atoms"] for f in stack["frames"]])
        self.assertEqual(recorded["series"][0]["composition"], 0.1)
        self.assertEqual(recorded["replay"], [])

    def test_each_series_is_a_stack_with_its_composition(self) -> None:
        results, _ = self.analyze(self.record(series=2))
        self.assertEqual([s["composition"] for s in results["series"]], [0.1, 0.2])
        self.assertEqual(len(results["frames"]), 2 * FRAMES)
        self.assertEqual({s["file"].rpartition("#")[2] for s in results["series"]}, {"0000", "0001"})
        results, _ = self.analyze(self.folder / "session.h5", "--composition", "0.3,0.4")
        self.assertEqual([s["composition"] for s in results["series"]], [0.3, 0.4])

    def test_other_results_than_the_live_ones_are_an_error(self) -> None:
        path = self.record("live.h5")
        parameters = subprocess.run([BIN / "dwellmap", "--print-config"], capture_output=True, text=True,
                                    check=True).stdout
        with h5py.File(path, "a") as file:
            series = file["series/0000"]
            series["results"] = np.array([(k, k, 12345) for k in range(FRAMES)], RESULTS)
            series.attrs.update({"parameters": parameters, "software": "dwellmap 0.0.1"})
        results, text = self.analyze(path, code=1)
        self.assertIn("results of 0 of 3 frames are those of the live run", text)
        self.assertIn("frame 0 differs first, likely because the live run was of dwellmap 0.0.1", text)
        self.assertEqual(results["replay"][0]["first_difference"], 0)
        _, text = self.analyze(path, "--set", "refine.passes=4")
        self.assertIn("cannot be compared with the live run: --set was given", text)

    def test_a_flipped_bit_costs_one_frame(self) -> None:
        path = self.record("flipped.h5")
        with h5py.File(path, "a") as file:
            file["series/0000/frames"][1, 5, 7] ^= 4
        results, text = self.analyze(path, code=1)
        self.assertIn("flipped.h5: series/0000/frames[1]", text)
        self.assertIn("checksum", text)
        self.assertEqual(len(results["frames"]), FRAMES - 1)
        played = run("dwellmap-play", path, "--endpoint", "tcp://127.0.0.1:*", "--wait-subscriber", 0, "--speed", "max")
        self.assertEqual(played.returncode, 1)
        self.assertIn("frames[1]", played.stderr)
        self.assertIn(f"\n{FRAMES - 1} frames\n", played.stderr)

    def assert_refused(self, path: pathlib.Path, why: str) -> None:
        for program in ("dwellmap-play", "dwellmap-analyze"):
            done = run(program, path)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, re.escape(f"{program}: ") + ".*" + why)
            self.assertEqual(done.stderr.count("\n"), 1, "one clear line")

    def test_what_is_no_recording_is_refused(self) -> None:
        whole = self.record("whole.h5").read_bytes()
        broken = self.folder / "broken.h5"
        self.assert_refused(self.folder / "nowhere.h5", "nowhere.h5: there is no such file")
        broken.write_bytes(b"\0" + whole[1:])
        self.assert_refused(broken, "broken.h5: cannot be read as HDF5")
        broken.write_bytes(whole[:len(whole) // 2])
        self.assert_refused(broken, "broken.h5")
        broken.write_bytes(b"")
        self.assert_refused(broken, "broken.h5: is empty")

    def test_a_missing_dataset_is_named(self) -> None:
        for name in ("frames", "row_valid", "index", "blocks"):
            path = self.record("missing.h5")
            with h5py.File(path, "a") as file:
                del file[f"series/0000/{name}"]
            self.assert_refused(path, f"missing.h5: series/0000: {name} is missing")

    def test_step_plays_a_frame_a_line(self) -> None:
        arguments = ("--endpoint", "tcp://127.0.0.1:*", "--wait-subscriber", 0, "--step")
        played = run("dwellmap-play", self.record("step.h5"), *arguments, text="\n\n")
        self.assertEqual(played.returncode, 0, played.stderr)
        self.assertIn("\n2 frames\n", played.stderr)

    def test_times_are_kept_and_measured(self) -> None:
        arguments = ("--endpoint", "tcp://127.0.0.1:*", "--wait-subscriber", 0)
        played = run("dwellmap-play", self.record("times.h5"), *arguments)
        self.assertEqual(played.returncode, 0, played.stderr)
        print(played.stderr.splitlines()[-1])
        self.assertRegex(played.stderr,
                         r"11 intervals between blocks: error median [\d.]+ us, p99 [\d.]+ us, max [\d.]+ us")


if __name__ == "__main__":
    unittest.main()
