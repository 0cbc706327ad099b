#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""dwellmap_client with the real commands: images sent from Python, results received, commands, other programs' streams.

usage: PYTHONPATH=build/python test_python_client.py BIN_DIR; exit code 77: skipped, says why
"""
import csv
import os
import pathlib
import random
import struct
import subprocess
import sys
import unittest
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
try:
    import flatbuffers  # noqa: F401
    import numpy as np
    import zmq
except ModuleNotFoundError as missing:
    print(f"test_python_client: skipped, {missing} (apt-get install python3-numpy python3-zmq python3-flatbuffers)")
    sys.exit(77)
else:
    import dwellmap_client
    from dwellmap_client import (
        Control,
        End,
        Heartbeat,
        Kind,
        RecordingState,
        Rejected,
        Rows,
        Series,
        Site,
        Start,
        decode,
        listen,
        results,
    )
    from live_analyzer import BIN, FRAMES, PIXEL_NM, SIZE_PX, WAIT_S, Folder, WithAnalyzer, free_endpoint, running

EXAMPLE = pathlib.Path(dwellmap_client.__file__).resolve().parent.parent / "example.py"


class Results(WithAnalyzer):
    def test_atoms_are_those_of_the_offline_analysis(self) -> None:
        table = self.folder / "atoms.csv"
        subprocess.run([BIN / "dwellmap-analyze", self.file, "--pixel-nm", str(PIXEL_NM), "--composition", "0.55",
                        "--atoms", table], check=True, stdout=subprocess.DEVNULL)
        with open(table, newline="", encoding="utf-8") as file:
            offline = list(csv.DictReader(file))
        received = results(self.results_at, timeout_s=WAIT_S)
        self.begin(expected_frames=FRAMES)
        for number, image in enumerate(self.images):
            self.sender.frame(number, image, rows_per_block=SIZE_PX)  # in one block: as the file is analysed
            frame = next(received)
            expected = [row for row in offline if int(row["frame"]) == number]
            self.assertGreater(len(expected), 500)
            self.assertEqual((frame.number, len(frame.atoms)), (number, len(expected)))
            for column in ("x_px", "y_px", "se_x_px", "se_y_px", "amplitude"):
                np.testing.assert_allclose(frame.atoms[column], [float(row[column]) for row in expected], rtol=1e-4,
                                           atol=1e-4, err_msg=column)
            for column in ("id", "n", "flags"):
                np.testing.assert_array_equal(frame.atoms[column], [int(row[column] or -1) for row in expected], column)
            self.assertEqual(list(frame.atoms.names()), [row["species"] for row in expected])
            self.assertEqual([Site(s).name for s in frame.atoms["site"]], [row["site"] for row in expected])

    def test_nothing_of_what_python_sends_is_rejected(self) -> None:
        received = results(self.results_at, timeout_s=WAIT_S)
        for pixel_type in ("f32", "f64", "u16", "i32"):
            images = np.rint(self.images * 4).astype({"f32": "f4", "f64": "f8", "u16": "u2", "i32": "i4"}[pixel_type])
            uuid = self.begin(pixel_type=pixel_type, specimen="MoReS2 – µ", flyback_us=0.0, provenance='{"a": 1}')
            self.sender.frame(0, images[0])
            frame = next(received)
            self.assertEqual((frame.uuid, frame.complete, frame.rows_valid), (uuid, True, SIZE_PX))
        counters = frame.statistics.counters
        blocks = 4 * SIZE_PX // 64
        self.assertEqual((counters["blocks"], counters["merged"], counters["analysed"]), (blocks, blocks, 4))
        for counter in ("rejected", "lost", "orphan", "duplicate", "reordered", "ignored", "failed"):
            self.assertEqual(counters[counter], 0, counter)
        self.assertEqual(self.sender.blocks_dropped, 0)

    def test_all_parts_of_a_frame(self) -> None:
        received = results(self.results_at, timeout_s=WAIT_S)
        self.begin()
        self.sender.frame(0, self.images[0])
        frame = next(received)
        side = -(-SIZE_PX // frame.map.step_px)
        for name, layer in frame.maps.items():
            self.assertEqual((layer.value.shape, layer.sigma.shape), ((side, side), (side, side)), name)
        self.assertTrue(np.nanmax(frame.maps["order_parameter"].value) > 0)
        lattice_nm = frame.statistics.lattice["a_px"] * PIXEL_NM
        self.assertAlmostEqual(lattice_nm, 0.315, delta=0.01)
        self.assertEqual(frame.statistics.atoms, len(frame.atoms))
        for modes in frame.statistics.modes:
            self.assertEqual(modes.loadings.shape[1:], (modes.neighbours, 2))
            k, n = len(modes.loadings), 2 * modes.neighbours
            loadings = modes.loadings.reshape(k, n)
            np.testing.assert_allclose(loadings @ loadings.T, np.eye(k), atol=1e-9)
            np.testing.assert_allclose(np.linalg.norm(modes.mean, axis=1) / 0.315, 1, atol=0.1)
        records = frame.atoms.to_array()
        self.assertEqual(records["pca"].shape, (len(frame.atoms), 6))
        np.testing.assert_array_equal(records["x_px"], frame.atoms["x_px"])
        self.sender.poll()
        series = next(m for m, _ in listen(self.results_at, [Kind.series], WAIT_S))
        self.assertIsInstance(series, Series)
        self.assertIn("statistics", series.content)

    def test_a_table_for_pandas(self) -> None:
        try:
            import pandas  # noqa: F401
        except ModuleNotFoundError:
            self.skipTest("no pandas")
        received = results(self.results_at, timeout_s=WAIT_S)
        self.begin()
        self.sender.frame(0, self.images[0])
        atoms = next(received).atoms
        table = atoms.to_pandas()
        self.assertEqual(len(table), len(atoms))
        np.testing.assert_array_equal(table["pca_2"], atoms["pca"][:, 1])
        self.assertLessEqual(set(table["species"]), {"Mo", "Re", "S2", "vacancy", ""})

    def test_growing_frames_are_asked_for(self) -> None:
        growing = results(self.results_at, complete=False, timeout_s=WAIT_S)
        self.begin()
        half = SIZE_PX // 2
        self.sender.rows(0, 0, self.images[0][:half])
        frame = next(growing)
        self.assertEqual((frame.complete, frame.rows_valid), (False, half))
        self.sender.rows(0, half, self.images[0][half:])
        frame = next(growing)
        self.assertEqual((frame.complete, frame.rows_valid), (True, SIZE_PX))
        self.assertEqual(next(results(self.results_at, timeout_s=WAIT_S)).number, 0)

    def test_a_repeated_result_comes_out_once(self) -> None:
        first = results(self.results_at, timeout_s=WAIT_S)
        self.begin()
        self.sender.frame(0, self.images[0])
        self.assertEqual(next(first).number, 0)
        for _ in range(3):  # who comes gets it at once, and the first one again
            self.assertEqual(next(results(self.results_at, timeout_s=WAIT_S)).number, 0)
        self.sender.frame(1, self.images[1])
        self.assertEqual(next(first).number, 1)

    def test_goes_on_with_the_analyzer_that_takes_its_place(self) -> None:
        received = results(self.results_at, timeout_s=WAIT_S)
        self.begin()
        self.sender.frame(5, self.images[0])
        self.assertEqual(next(received).number, 5)
        self.stack.close()
        self.start_analyzer()
        self.sender.frame(5, self.images[0])  # the same again: of another session, hence new
        frame = next(received)
        self.assertEqual((frame.number, frame.statistics.counters["analysed"]), (5, 1))

    def test_the_example_draws_a_picture(self) -> None:
        try:
            import matplotlib  # noqa: F401
        except ModuleNotFoundError:
            self.skipTest("no matplotlib")
        received = results(self.results_at, timeout_s=WAIT_S)
        self.begin()
        self.sender.frame(0, self.images[0])
        next(received)
        picture = self.folder / "frame.png"
        subprocess.run([sys.executable, EXAMPLE, "--endpoint", self.results_at, "--picture", picture], check=True,
                       env={**os.environ, "MPLBACKEND": "agg"}, stdout=subprocess.DEVNULL)
        self.assertEqual(picture.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")


class WrongResults(WithAnalyzer):
    """The analyzer's own bytes, damaged."""

    def captured(self) -> dict[int, bytes]:
        received = results(self.results_at, timeout_s=WAIT_S)
        self.begin()
        self.sender.frame(0, self.images[0])
        next(received)
        messages: dict[int, bytes] = {}
        with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
            subscriber.setsockopt(zmq.RCVTIMEO, 1000 * WAIT_S)
            subscriber.connect(self.results_at)
            subscriber.subscribe(b"")
            while not {Kind.atoms, Kind.map, Kind.statistics, Kind.series, Kind.heartbeat} <= set(messages):
                message = subscriber.recv()
                messages[message[4]] = message
        return messages

    def test_any_damage_is_rejected_or_means_something(self) -> None:
        draw = random.Random(3)
        for kind, message in self.captured().items():
            self.assertIsNotNone(decode(message)[0])
            for length in draw.sample(range(len(message)), 50):
                with self.assertRaises(Rejected):
                    decode(message[:length])
            refused = 0
            for _ in range(400):
                wrong = bytearray(message)
                wrong[draw.randrange(32, min(len(wrong), 600))] = draw.choice((0, 0x7F, 0xFF, draw.randrange(256)))
                wrong[12:16] = struct.pack("<I", zlib.crc32(wrong[32:]))  # a sender's mistake, not the network's
                try:
                    decode(bytes(wrong))
                except Rejected:
                    refused += 1
            self.assertGreater(refused, 20, kind)


class OtherPrograms(Folder):
    """What the C++ senders encode, Python reads."""

    def stream(self, command: str, *arguments: object) -> list:
        endpoint = free_endpoint()
        received = []
        with running(command, *arguments, "--endpoint", endpoint):
            for message, _ in listen(endpoint, timeout_s=WAIT_S):
                received.append(message)
                if isinstance(message, End):
                    return received
        return received

    def test_a_player(self) -> None:
        received = self.stream("dwellmap-play", self.file, "--speed", "max", "--pixel-nm", PIXEL_NM, "--rows-per-block",
                               100)
        start = next(m for m in received if isinstance(m, Start))
        self.assertEqual((start.rows, start.cols, start.pixel_size_nm), (SIZE_PX, SIZE_PX, PIXEL_NM))
        self.assertTrue(any(isinstance(m, Heartbeat) and m.uuid == start.uuid for m in received))
        blocks = [m for m in received if isinstance(m, Rows)]
        images = np.zeros_like(self.images)
        for block in blocks:
            images[block.frame, block.first_row:block.first_row + len(block.pixels)] = block.pixels
        np.testing.assert_array_equal(images, self.images)
        self.assertEqual(received[-1].frames_sent, FRAMES)
        self.assertEqual(received[-1].next_rows_seq, len(blocks))

    def test_a_simulated_microscope(self) -> None:
        received = self.stream("dwellmap-simulate", "--size", 64, "--frames", 1, "--speed", "max", "--composition",
                               0.25)
        start = next(m for m in received if isinstance(m, Start))
        self.assertEqual(start.composition, 0.25)
        self.assertEqual({m.uuid for m in received if isinstance(m, (Rows, End))}, {start.uuid})


class Commands(WithAnalyzer):
    def test_a_recording_holds_what_was_sent(self) -> None:
        try:
            import h5py
        except ModuleNotFoundError:
            self.skipTest("no h5py")
        received = results(self.results_at, timeout_s=WAIT_S)
        control = Control(self.control_at, timeout_s=WAIT_S)
        self.assertEqual(control.status().recording.state, RecordingState.off)
        self.begin()
        started = control.record_start("session.h5")
        self.assertTrue(started.ok, started.text)
        self.assertEqual(started.recording.state, RecordingState.recording)
        for number in range(2):
            self.sender.frame(number, self.images[number])
            next(received)
        again = control.record_start("another.h5")
        self.assertFalse(again.ok)
        self.assertTrue(again.text)
        stopped = control.record_stop()
        self.assertTrue(stopped.ok, stopped.text)
        self.assertEqual(stopped.recording.state, RecordingState.off)
        with h5py.File(self.folder / "session.h5") as file:
            np.testing.assert_array_equal(file["series/0000/frames"], self.images[:2])
            compared = len(file["series/0000/results"])
        self.assertIn(compared, (1, 2))  # the last one may have been shown before it was noted
        self.assertFalse((self.folder / "another.h5").exists())
        replayed = subprocess.run([BIN / "dwellmap-analyze", self.folder / "session.h5"], text=True,
                                  capture_output=True)
        self.assertEqual(replayed.returncode, 0, replayed.stderr)
        self.assertIn(f"results of {compared} of {compared} frames are those of the live run, bit for bit",
                      replayed.stdout)

    def test_after_a_reset_the_next_frame_is_the_first(self) -> None:
        received = results(self.results_at, timeout_s=WAIT_S)
        self.begin()
        shifted = np.roll(self.images[0], 3, axis=1)
        drifts_px = []
        for number, image in enumerate((self.images[0], shifted, shifted)):
            if number == 2:
                self.assertTrue(Control(self.control_at, timeout_s=WAIT_S).reset().ok)
            self.sender.frame(number, image)
            drifts_px.append(next(received).statistics.drift_x_px)
        np.testing.assert_allclose(drifts_px, [0, 3, 0], atol=0.1)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
