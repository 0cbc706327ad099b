#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The plug-in in a real Nion Swift, without a window, its simulated microscope looking at our crystal, beside the real
analyzer: what is scanned is what arrives, results come back as data items, and scanning goes on whatever happens.

    build/venv/bin/python tests/nionswift/test_nionswift.py BIN_DIR
"""
import csv
import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from typing import Any

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
try:
    import h5py
    import numpy as np
    import zmq
    from nion_swift import NionSwift, unpack_plugin
except ModuleNotFoundError as missing:
    print(f"test_nionswift: skipped, {missing} (tools/setup_python, then build/venv/bin/python)")
    sys.exit(77)

BIN = pathlib.Path(sys.argv[1]).resolve()
SIZE_PX, PIXEL_NM, DWELL_US, WAIT_S = 256, 0.02, 6.0, 30


class Listener(threading.Thread):
    """Hears one stream from before it begins, as an analyzer does: every message into a queue."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(daemon=True)
        self.messages: queue.Queue = queue.Queue()
        self._socket: zmq.Socket = zmq.Context.instance().socket(zmq.SUB)
        self._socket.setsockopt(zmq.RCVHWM, 0)
        self._socket.subscribe(b"DWLM")
        self._socket.connect(endpoint)
        self._over = threading.Event()
        self.start()

    def run(self) -> None:
        from dwellmap_client import decode
        while not self._over.is_set():
            if self._socket.poll(50):
                self.messages.put(decode(self._socket.recv())[0])
        self._socket.close()

    def close(self) -> None:
        self._over.set()
        self.join()

    def heard(self) -> list:
        return [self.messages.get() for _ in range(self.messages.qsize())]


def free_endpoints(count: int) -> list[str]:
    with zmq.Context() as context:
        sockets = [context.socket(zmq.PUB) for _ in range(count)]
        for s in sockets:
            s.bind("tcp://127.0.0.1:*")
        endpoints = [s.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0") for s in sockets]
        for s in sockets:
            s.close()
    return endpoints


class InNionSwift(unittest.TestCase):
    folder: pathlib.Path
    images_at: str
    results_at: str
    control_at: str
    nion: NionSwift
    bridge: Any
    panel: Any
    extension: Any

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory(prefix="dwellmap-nionswift-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        images = cls.folder / "images.npy"
        subprocess.run([BIN / "dwellmap-simulate", "--size", str(SIZE_PX), "--pixel-nm", str(PIXEL_NM), "--frames", "3",
                        "--out", images], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        unpack_plugin(cls.folder)
        cls.images_at, cls.results_at, cls.control_at = free_endpoints(3)
        stream = {"images": cls.images_at, "results": cls.results_at, "control": cls.control_at, "composition": 0.55}
        (cls.folder / "dwellmap.json").write_text(json.dumps({"streams": [stream]}), encoding="utf-8")
        cls.addClassCleanup(os.chdir, os.getcwd())
        cls.nion = NionSwift(cls.folder, np.load(images))
        cls.addClassCleanup(cls.nion.close)
        cls.bridge = cls.nion.load_plugin().bridges[0]
        cls.panel = cls.nion.open_panel()
        cls.extension = cls.nion.extension

    def setUp(self) -> None:
        self.analyzer: subprocess.Popen | None = None
        self.nion.setting(SIZE_PX, PIXEL_NM, DWELL_US)
        self.listener = Listener(self.images_at)
        self.addCleanup(self.listener.close)
        self.nion.run_until(self.listener.heard, "a heartbeat of the plug-in")

    def tearDown(self) -> None:
        self.nion.scan.subscan_enabled = False
        self.nion.scan.abort_playing()
        self.nion.run_until(lambda: not self.nion.scan.is_playing and not self.bridge.sending.uuid, "the scan's end")
        if self.analyzer:
            self.stop_analyzer(self.analyzer.terminate)

    def hear_until(self, kind: str) -> list:
        """@return all messages up to one of this type, and those that came right after it"""
        messages: list = []

        def heard() -> bool:
            messages.extend(self.listener.heard())
            return bool(of_type(messages, kind))
        self.nion.run_until(heard, f"a message {kind}")
        return messages

    def start_analyzer(self) -> None:
        self.analyzer = subprocess.Popen(
            [BIN / "dwellmap", "--set", f"stream.input={self.images_at}", "--set", f"stream.publish={self.results_at}",
             "--set", f"stream.control={self.control_at}", "--set", "web.port=0",
             "--set", f"recording.folder={self.folder}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop_analyzer(self, how) -> None:
        how()
        self.analyzer.wait(timeout=WAIT_S)
        self.analyzer = None

    def scan_analysed(self) -> str:
        """@return the uuid of a series that the analyzer has heard from its first row on"""
        self.start_analyzer()
        self.nion.scan.start_playing(sync_timeout=WAIT_S)
        self.nion.run_until(lambda: self.bridge.heard, "the analyzer says that it receives us")
        before = self.bridge.sending.uuid
        self.bridge.tap.reset()
        return self.nion.run_until(lambda: self.bridge.sending.uuid not in (before, "") and self.bridge.sending.uuid,
                                   "a new series")

    def shown(self, kind: str = "map") -> dict:
        item = self.nion.item(kind)
        return item.metadata.get("dwellmap", {}) if item else {}

    def shown_complete(self, series: str, number: int = 0) -> dict:
        def found() -> dict:
            about = self.shown()
            ok = about.get("series") == series and about["complete"] and about["frame"] >= number
            return about if ok else {}
        return self.nion.run_until(found, f"the map of complete frame {number}")


def of_type(messages: list, name: str) -> list:
    return [m for m in messages if type(m).__name__ == name]


def frames_in(messages: list, series: str) -> dict[int, np.ndarray]:
    """The complete frames of a series, put together from their blocks."""
    out: dict[int, np.ndarray] = {}
    done: dict[int, int] = {}
    for m in of_type(messages, "Rows"):
        if m.uuid == series:
            image = out.setdefault(m.frame, np.full((m.rows, m.pixels.shape[1]), np.nan, np.float32))
            image[m.first_row:m.first_row + len(m.pixels)] = m.pixels
            done[m.frame] = done.get(m.frame, 0) + len(m.pixels)
    return {k: image for k, image in out.items() if not np.isnan(image).any() and done[k] >= len(image)}


class Streams(InNionSwift):
    """What goes out; no analyzer."""

    def test_every_frame_arrives_bit_for_bit_in_parts(self) -> None:
        drawn = self.nion.crystal.drawn
        self.nion.scan.start_playing(sync_timeout=WAIT_S)
        self.nion.run_until(lambda: self.nion.crystal.drawn >= drawn + 4, "four frames")
        self.nion.scan.stop_playing(sync_timeout=None)
        messages = self.hear_until("End")
        start = of_type(messages, "Start")[0]
        self.assertAlmostEqual(start.pixel_size_nm, PIXEL_NM)
        self.assertEqual((start.rows, start.cols, start.pixel_type), (SIZE_PX, SIZE_PX, "f32"))
        self.assertEqual(start.dwell_us, DWELL_US)
        self.assertEqual(start.high_tension_v, 100e3)
        self.assertEqual(json.loads(start.provenance)["parameters"]["fov_nm"], SIZE_PX * PIXEL_NM)
        frames = frames_in(messages, start.uuid)
        self.assertGreaterEqual(len(frames), 3)
        for number, image in frames.items():
            np.testing.assert_array_equal(image, self.nion.crystal.images[(drawn + number) % 3])
        self.assertGreater(len(of_type(messages, "Rows")), 2 * len(frames), "frames come in parts")
        self.assertEqual(of_type(messages, "End")[0].reason, "done")

    def test_an_abort_ends_the_series_and_sends_no_row_that_was_not_scanned(self) -> None:
        self.nion.scan.start_playing(sync_timeout=WAIT_S)
        messages = self.hear_until("Rows")
        self.nion.scan.abort_playing()
        messages += self.hear_until("End")
        rows = of_type(messages, "Rows")
        self.assertEqual({end.reason for end in of_type(messages, "End")}, {"aborted"})
        self.assertFalse(any(block.complete for block in rows))
        for block in rows:
            self.assertTrue(block.pixels.any(axis=1).all(), "a row of zeros was sent")

    def test_a_subscan_is_a_series_with_its_own_size_and_the_right_pixel_size(self) -> None:
        self.nion.scan.subscan_enabled = True
        self.nion.scan.start_playing(sync_timeout=WAIT_S)
        start = of_type(self.hear_until("Start"), "Start")[0]
        self.assertEqual((start.rows, start.cols), (SIZE_PX // 2, SIZE_PX // 2))
        self.assertAlmostEqual(start.pixel_size_nm, PIXEL_NM)
        self.assertIsNone(start.offset_x_nm)

    def test_a_recorded_scan_is_sent_as_well(self) -> None:
        drawn = self.nion.crystal.drawn
        self.nion.scan.start_recording()
        messages = self.hear_until("End")
        frames = frames_in(messages, of_type(messages, "Start")[0].uuid)
        self.assertEqual(list(frames), [0])
        np.testing.assert_array_equal(frames[0], self.nion.crystal.images[drawn % 3])

    def test_another_field_of_view_is_another_series(self) -> None:
        self.nion.scan.start_playing(sync_timeout=WAIT_S)
        self.hear_until("Start")
        self.nion.setting(SIZE_PX, 2 * PIXEL_NM, DWELL_US)
        self.nion.run_until(lambda: any(abs(s.pixel_size_nm - 2 * PIXEL_NM) < 1e-9
                                        for s in of_type(self.listener.heard(), "Start")), "another series")
        self.assertTrue(any("field of view" in text for text in self.bridge.warnings), self.bridge.warnings)


class Results(InNionSwift):
    """With the analyzer."""

    def test_the_columns_are_those_of_the_same_frames_in_a_file(self) -> None:
        from dwellmap_client import results
        live: dict[int, Any] = {}
        series = self.scan_analysed()

        def listen() -> None:
            for frame in results(self.results_at, timeout_s=WAIT_S):
                if frame.uuid == series:
                    live[frame.number] = frame
                if len(live) >= 3:
                    return
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        self.nion.run_until(lambda: not thread.is_alive(), "three complete frames")
        messages = self.listener.heard()
        sent = frames_in(messages, series)
        stack = np.stack([sent[k] for k in range(max(live) + 1)])
        np.save(self.folder / "sent.npy", stack)
        subprocess.run([BIN / "dwellmap-analyze", self.folder / "sent.npy", "--pixel-nm", str(PIXEL_NM),
                        "--composition", "0.55", "--atoms", self.folder / "atoms.csv"],
                       check=True, stdout=subprocess.DEVNULL)
        with open(self.folder / "atoms.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for number, frame in live.items():
            offline = {int(r["id"]): (r["x_px"], r["y_px"], r["site"]) for r in rows if int(r["frame"]) == number}
            self.assertGreater(len(offline), 500)
            online = {int(i): (f"{x:.7g}", f"{y:.7g}", ("cation", "anion", "other")[s]) for i, x, y, s in
                      zip(*(frame.atoms[name] for name in ("id", "x_px", "y_px", "site")))}
            self.assertEqual(online, offline)

    def test_maps_grow_with_the_scan_and_say_where_they_come_from(self) -> None:
        series = self.scan_analysed()
        self.shown_complete(series, 1)
        parts = self.nion.run_until(lambda: not self.shown()["complete"] and self.shown(), "a map of a part of a frame")
        self.assertLess(parts["rows_valid"], SIZE_PX)
        item = self.nion.item("map")
        unscanned = item.data[-(-parts["rows_valid"] * len(item.data) // SIZE_PX) + 16:]
        if unscanned.size:
            self.assertTrue(np.isnan(unscanned).all())
        about = self.shown_complete(series, 3)
        item = self.nion.item("map")
        self.assertGreater(np.isfinite(item.data).mean(), 0.6)
        self.assertEqual([c.units for c in item.dimensional_calibrations], ["nm", "nm"])
        self.assertAlmostEqual(item.dimensional_calibrations[0].scale * item.data.shape[0], SIZE_PX * PIXEL_NM)
        self.assertEqual(item.intensity_calibration.units, "pm")
        self.assertRegex(about["scan_id"], "^[0-9a-f-]{36}$")
        self.assertEqual(about["version"], "0.1.0")
        atoms, classes = self.nion.item("atoms"), self.nion.item("classes")
        self.assertEqual(atoms.data.shape, (SIZE_PX, SIZE_PX, 4))
        self.assertTrue(set(np.unique(classes.data[np.isfinite(classes.data)])) <= set(range(7)))

    def test_the_operator_chooses_what_is_shown(self) -> None:
        series = self.scan_analysed()
        self.shown_complete(series)
        panel = self.extension.panels[0]
        panel._choose_layer("mode_1")
        panel._choose_range(10.0)
        self.addCleanup(panel._choose_layer, "order_parameter")
        self.nion.run_until(lambda: "PC1" in self.nion.item("map").title, "the other map")
        display = self.nion.library.get_display_item_for_data_item(self.nion.item("map")).display_data_channels[0]
        self.assertEqual(display.display_limits, (-10.0, 10.0))
        self.assertEqual(display.color_map_id, "dwellmap_diverging")
        self.assertIn('"mode_1"', (self.folder / "dwellmap.json").read_text(encoding="utf-8"))
        panel._choose_composition("0.05")
        self.addCleanup(panel._choose_composition, "0.55")
        self.nion.run_until(lambda: any(s.composition == 0.05 for s in of_type(self.listener.heard(), "Start")),
                            "a series with the other composition")

    def test_the_analyzer_records_when_the_operator_says_so(self) -> None:
        series = self.scan_analysed()
        panel = self.extension.panels[0]
        self.nion.run_until(lambda: panel.labels[4].text == "Recording: off", "the panel knows of the recording")
        panel.record.on_clicked()
        self.nion.run_until(lambda: "frames" in panel.labels[4].text and panel.record.text == "Stop recording",
                            "the panel says that it runs")
        self.shown_complete(series, 2)
        panel.record.on_clicked()
        self.nion.run_until(lambda: (panel.labels[4].text, panel.record.text) == ("Recording: off", "Record"),
                            "its end")
        (file,) = self.folder.glob("dwellmap-*.h5")
        with h5py.File(file) as recording:
            group = next(g for g in recording["series"].values() if g.attrs["uuid"] == series)
            frames = {int(entry["number"]): image for entry, image in zip(group["index"], group["frames"])
                      if entry["complete"]}
        sent = frames_in(self.listener.heard(), series)
        self.assertGreaterEqual(len(frames), 2)
        for number, image in frames.items():
            np.testing.assert_array_equal(image, sent[number])

    def test_an_item_that_was_deleted_comes_back(self) -> None:
        series = self.scan_analysed()
        self.shown_complete(series)
        gone = self.nion.item("map")
        self.nion.library.remove_data_item(gone)
        self.nion.run_until(lambda: self.nion.item("map") not in (None, gone), "a new item")
        self.shown_complete(series, self.shown()["frame"] + 1)

    def test_the_analyzer_is_killed_and_comes_back_while_the_scan_goes_on(self) -> None:
        series = self.scan_analysed()
        self.shown_complete(series, 1)
        self.stop_analyzer(self.analyzer.kill)
        drawn = self.nion.crystal.drawn
        label = self.extension.panels[0].labels[1]
        self.nion.run_until(lambda: label.text == "Analyzer: not connected", "the panel says so")
        self.nion.run_until(lambda: self.nion.crystal.drawn >= drawn + 4, "the scan goes on")
        shown = self.shown()
        self.start_analyzer()
        frame_s = SIZE_PX * SIZE_PX * DWELL_US / 1e6
        started_s = time.monotonic()
        self.nion.run_until(lambda: self.shown() != shown and self.shown()["frame"] > shown["frame"], "maps again")
        took_s = time.monotonic() - started_s
        print(f"maps again {took_s:.2f} s after the analyzer was started again", flush=True)
        self.assertLess(took_s, 2 + frame_s)
        self.assertEqual(self.shown()["series"], series, "it is the same series, and the scan was not disturbed")
        self.assertEqual(self.bridge.dropped, 0)


if __name__ == "__main__":
    program = unittest.main(argv=sys.argv[:1] + sys.argv[2:], exit=False, verbosity=2)
    sys.stdout.flush()
    os._exit(not program.result.wasSuccessful())  # threads of Nion Swift's simulated cameras never end
