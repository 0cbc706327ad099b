#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""dwellmap-record against a real stream, read back by h5py: bit for bit, and whatever ends it.

usage: tests/recording/test_record.py [BIN]     where the executables are; build/bin without
"""
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

try:
    import h5py
    import numpy as np
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

BIN = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else "build/bin").resolve()
LONG_ENOUGH_S = 60  # only ever waited for by a test that fails


def stack(frames, rows, cols, seed=1):
    return np.random.default_rng(seed).normal(20, 5, (frames, rows, cols)).astype("f4")


class Player:
    """dwellmap-play on a free port; `with` ends it."""

    def __init__(self, folder, *stacks, options=()):
        files = []
        for k, images in enumerate(stacks):
            files.append(folder / f"stack{k}.npy")
            np.save(files[-1], images)
        self.process = subprocess.Popen(
            [BIN / "dwellmap-play", *files, "--endpoint", "tcp://127.0.0.1:*", "--wait-subscriber", "60", *options],
            stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if address := re.search(r"tcp://127\.0\.0\.1:\d+", line):
                self.endpoint = address.group()
                break
        self.rest = subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.rest.wait()


def recorder(endpoint, file, *options, **how):
    return subprocess.Popen([BIN / "dwellmap-record", endpoint, file, *options], stderr=subprocess.PIPE, text=True,
                            **how)


def frames_in(path, **how):
    """Checks all that `index` counts. @return number of series, of frames"""
    count = 0
    with h5py.File(path, "r", **how) as file:
        for name in file["series"]:
            series = file["series"][name]  # KeyError where it is just being created; values() would give None
            index, blocks = series["index"][:], series["blocks"][:]
            for k, entry in enumerate(index):
                assert zlib.crc32(series["frames"][k].tobytes()) == entry["crc32"], (series.name, k)
                assert series["row_valid"][k].sum() == entry["rows_valid"]
                own = blocks[int(entry["first_block"]):][:int(entry["block_count"])]
                assert len(own) == entry["block_count"] and (own["frame"] == k).all()
            count += len(index)
        return len(file["series"]), count


class Record(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.file = self.folder / "session.h5"

    def wait_for_frames(self, process, frames=3):
        """Until the file has so many; the recorder runs on."""
        until = time.monotonic() + LONG_ENOUGH_S
        while time.monotonic() < until and process.poll() is None:
            try:
                if frames_in(self.file, swmr=True)[1] >= frames:
                    return
            except (OSError, KeyError):
                pass  # not there yet
            time.sleep(0.02)
        self.fail(f"no frames came: {process.stderr.read() if process.poll() is not None else ''}")

    def test_bit_for_bit(self):
        for options in (), ("--compress",):
            images = stack(12, 96, 64)
            self.file.unlink(missing_ok=True)
            with Player(self.folder, images, options=("--dwell-us", "1")) as player:
                process = recorder(player.endpoint, self.file, "--frames", "12", *options)
                said = process.communicate(timeout=LONG_ENOUGH_S)[1]
            self.assertEqual(process.returncode, 0, said)
            self.assertEqual(frames_in(self.file), (1, 12))
            with h5py.File(self.file) as file:
                self.assertEqual(file.attrs["format"], "dwellmap recording")
                self.assertTrue(np.array_equal(file["series/0000/frames"], images))
                self.assertEqual(file["series/0000"].attrs["rows_px"], 96)
                self.assertEqual(file["counters"][-1]["lost"], 0)

    def test_killed_while_recording(self):
        """Series of three frames follow each other, so that kills also come between them."""
        draw = random.Random(5)
        options = ("--loop", "--dwell-us", "4", "--rows-per-block", "4")
        with Player(self.folder, stack(3, 16, 16), stack(3, 16, 24), options=options) as player:
            for _ in range(10):
                process = recorder(player.endpoint, self.file)
                self.wait_for_frames(process)
                time.sleep(draw.uniform(0, 0.2))
                process.kill()
                process.communicate()
                readable = frames_in(self.file, swmr=True)
                subprocess.run(["h5clear", "-s", "--increment=0", self.file], check=True)
                self.assertEqual(frames_in(self.file), readable)
                self.file.unlink()

    def test_told_to_end(self):
        for number in signal.SIGINT, signal.SIGTERM:
            with Player(self.folder, stack(3, 32, 32), options=("--loop",)) as player:
                process = recorder(player.endpoint, self.file)
                self.wait_for_frames(process)
                process.send_signal(number)
                said = process.communicate(timeout=2)[1]
            self.assertEqual(process.returncode, 0, said)
            self.assertGreaterEqual(frames_in(self.file)[1], 3)  # opens plainly: it was closed
            self.file.unlink()

    def test_a_file_that_is_there(self):
        self.file.write_text("precious")
        process = recorder("tcp://127.0.0.1:9", self.file)
        said = process.communicate(timeout=LONG_ENOUGH_S)[1]
        self.assertEqual(process.returncode, 1)
        self.assertEqual(len(said.splitlines()), 1, said)
        self.assertIn("never overwritten", said)
        self.assertEqual(self.file.read_text(), "precious")

    def test_nobody_sends(self):
        process = recorder("tcp://127.0.0.1:9", self.file, "--duration-s", "0.2")
        said = process.communicate(timeout=LONG_ENOUGH_S)[1]
        self.assertEqual(process.returncode, 1)
        self.assertIn("no frame came from tcp://127.0.0.1:9", said)

    def test_a_file_that_must_not_grow(self):
        with Player(self.folder, stack(4, 64, 64), options=("--loop",)) as player:
            process = recorder(player.endpoint, self.file,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)))
            said = process.communicate(timeout=LONG_ENOUGH_S)[1]
        self.assertEqual(process.returncode, 1)
        self.assertRegex(said.splitlines()[-1], "session.h5: File too large.*is kept")
        self.assertGreaterEqual(frames_in(self.file, swmr=True)[1], 3)


if __name__ == "__main__":
    unittest.main()
