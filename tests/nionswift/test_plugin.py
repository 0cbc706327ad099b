#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The plug-in's way out, without Nion Swift: events of a scan → blocks → a stream."""
import json
import pathlib
import sys
import unittest
from types import SimpleNamespace

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import plugin_parts  # noqa: F401, the first: it finds the others

# isort: split
import numpy as np
import zmq
from dwellmap_client import FrameSender, decode
from nion_events import ScanSource
from plugin.blocks import Block, BlockQueue, RecentFrames
from plugin.scan import MAX_PROVENANCE_BYTES, provenance
from plugin.sending import SendingThread
from plugin.tap import Tap


class Tapped(unittest.TestCase):
    def setUp(self) -> None:
        self.source, self.blocks = ScanSource(), BlockQueue()
        self.warnings: list[str] = []
        self.tap = Tap(self.blocks, self.warnings.append)
        self.tap.attach(self.source)

    def taken(self) -> list:
        out = []
        while (block := self.blocks.get(0)) is not None:
            out.append(block)
        return out

    def frames(self) -> list:
        return [(b.frame, b.first_row, len(b.pixels), b.complete) for b in self.taken()]


class Rows(Tapped):
    def test_only_new_rows_are_taken_and_none_of_the_frame_before(self) -> None:
        self.source.scan(1, 3, 10)
        self.source.next_frame()
        self.source.scan(2, 5)
        blocks = self.taken()
        self.assertEqual([(b.frame, b.first_row, len(b.pixels), b.complete) for b in blocks],
                         [(0, 0, 3, False), (0, 3, 7, False), (0, 10, 6, True), (1, 0, 5, False), (1, 5, 11, True)])
        for block in blocks:
            self.assertTrue((block.pixels == block.frame + 1).all())

    def test_a_block_is_a_copy(self) -> None:
        self.source.image[:] = 1
        self.source.fire(4)
        self.source.image[:] = 7
        self.assertTrue((self.taken()[0].pixels == 1).all())

    def test_no_new_rows_no_block(self) -> None:
        self.source.fire(0)
        self.source.fire(4)
        self.source.fire(4)
        self.assertEqual(self.frames(), [(0, 0, 4, False)])

    def test_complete_is_said_even_if_all_rows_were_there(self) -> None:
        self.source.fire(16, "partial")
        self.source.fire(16, "complete")
        self.assertEqual(self.frames(), [(0, 0, 16, False), (0, 15, 1, True)])

    def test_a_new_scan_ends_an_unfinished_frame(self) -> None:
        self.source.fire(9)
        self.source.next_frame()
        self.source.fire(10)
        self.assertEqual(self.frames(), [(0, 0, 9, False), (1, 0, 10, False)])

    def test_frames_of_a_sequence_share_a_scan(self) -> None:
        for _ in range(3):
            self.source.scan(1, 8)
        self.source.scan(1)
        self.source.fire(9)
        self.source.fire(2)
        self.assertEqual([f[0] for f in self.frames()], [0, 0, 1, 1, 2, 2, 3, 4, 5])

    def test_what_comes_after_an_abort_is_not_taken(self) -> None:
        self.source.fire(4)
        self.source.abort_event.fire()
        self.source.fire(16, "complete")
        blocks = self.taken()
        self.assertEqual([(b.first_row, len(b.pixels)) for b in blocks], [(0, 4)])
        self.assertEqual(blocks[0].series.ended, "aborted")
        self.source.next_frame()
        self.source.fire(4)
        self.assertIsNot(self.taken()[0].series, blocks[0].series)

    def test_a_stop_ends_the_series(self) -> None:
        self.source.scan(1)
        series = self.taken()[0].series
        self.source.acquisition_state_changed_event.fire(False)
        self.assertEqual(series.ended, "done")

    def test_other_channels_drift_and_lines_are_not_taken(self) -> None:
        self.source.fire(4, channel="a")
        self.source.fire(4, channel="b")
        self.source.fire(4, variant="_drift")
        self.source.fire(4, state="error")
        self.assertEqual(self.frames(), [(0, 0, 4, False)])
        self.source.image = np.zeros(12, np.float32)
        self.source.fire(1)
        self.assertEqual(self.frames(), [])
        self.assertEqual(self.warnings, [])

    def test_a_part_of_an_image_put_together_from_scans_is_not_taken(self) -> None:
        metadata = self.source.describe(4, "a")
        metadata["scan"]["scan_device_parameters"]["subscan_pixel_size"] = (8, 12)
        self.source.metadata = metadata
        self.source.fire(4)
        self.assertEqual(self.frames(), [])


class SeriesOfFrames(Tapped):
    def test_the_start_says_what_is_known(self) -> None:
        self.source.scan(1)
        fields = self.taken()[0].series.fields
        self.assertEqual((fields["rows"], fields["cols"], fields["pixel_type"]), (16, 12, "f32"))
        self.assertEqual((fields["pixel_size_nm"], fields["rotation_rad"], fields["dwell_us"]), (0.02, 0.5, 2.0))
        self.assertEqual((fields["flyback_us"], fields["line_us"]), (4.0, 28.0))
        self.assertEqual((fields["high_tension_v"], fields["channel"]), (60000.0, "HAADF"))
        self.assertEqual((fields["offset_x_nm"], fields["composition"]), (-0.16, None))
        self.assertEqual(json.loads(fields["provenance"])["scan_id"], "first")

    def test_every_key_may_be_missing(self) -> None:
        self.source.metadata, self.source.units = {}, ""
        self.source.fire(0, "complete")
        block = self.taken()[0]
        self.assertEqual((block.first_row, len(block.pixels), block.complete), (0, 16, True))
        self.assertEqual({k for k, v in block.series.fields.items() if v is None},
                         {"pixel_size_nm", "dwell_us", "line_us", "flyback_us", "high_tension_v", "composition",
                          "offset_x_nm", "offset_y_nm"})
        self.assertEqual(self.warnings, [])

    def test_wrong_values_are_as_missing(self) -> None:
        for wrong in (0, -1.0, float("nan"), float("inf"), "2", None, True):
            self.source.metadata = {"instrument": {"high_tension": wrong}, "scan": {"rotation": None},
                                    "hardware_source": {"pixel_time_us": wrong, "valid_rows": 99}}
            self.source.fire(0, "complete")
            fields = self.taken()[0].series.fields
            self.assertEqual((fields["high_tension_v"], fields["dwell_us"], fields["rotation_rad"]), (None, None, 0.0))
        self.assertEqual(self.warnings, [])

    def test_no_pixel_size_in_seconds_nor_of_oblong_pixels(self) -> None:
        for self.source.units, self.source.oblong in (("s", 1), ("nm", 1.01)):
            self.source.scan(1)
            self.assertIsNone(self.taken()[0].series.fields["pixel_size_nm"])

    def test_a_change_of_the_scan_begins_a_series_and_is_told(self) -> None:
        self.source.scan(1)
        self.source.next_frame()
        self.source.scale = 0.04
        self.source.scan(2)
        first, second = (b.series for b in self.taken())
        self.assertNotEqual(first.uuid, second.uuid)
        self.assertEqual((first.ended, second.ended, second.frames), ("superseded", None, 1))
        self.assertEqual(self.warnings, ["changed: field of view. A new series has begun."])

    def test_frames_of_the_same_scan_are_one_series(self) -> None:
        for _ in range(3):
            self.source.scan(1)
            self.source.next_frame()
        blocks = self.taken()
        self.assertEqual([b.frame for b in blocks], [0, 1, 2])
        self.assertEqual(len({b.series.uuid for b in blocks}), 1)

    def test_a_subscan_is_another_series_without_a_place(self) -> None:
        self.source.scan(1)
        self.source.fire(16, "complete", variant="_subscan")
        series = self.taken()[-1].series
        self.assertIsNone(series.fields["offset_x_nm"])
        self.assertEqual(series.fields["pixel_size_nm"], 0.02)

    def test_reset_and_another_composition_begin_a_series_with_all_rows_so_far(self) -> None:
        self.source.fire(6)
        self.tap.reset()
        self.source.fire(9)
        self.tap.choose("", 0.25)
        self.source.fire(11)
        blocks = self.taken()
        self.assertEqual([(b.frame, b.first_row, len(b.pixels)) for b in blocks], [(0, 0, 6), (0, 0, 9), (0, 0, 11)])
        self.assertEqual(len({b.series.uuid for b in blocks}), 3)
        self.assertEqual(blocks[2].series.fields["composition"], 0.25)

    def test_the_first_enabled_channel_or_the_chosen_one(self) -> None:
        self.source.fire(4, channel="b")
        self.source.fire(4, channel="c")
        self.tap.choose("c", None)
        self.source.fire(4, channel="b")
        self.source.fire(4, channel="c")
        self.assertEqual([b.series.scan.channel for b in self.taken()], ["b", "c"])

    def test_whatever_comes_nothing_is_raised(self) -> None:
        handlers = self.source.data_channel_updated_event.listeners
        for args, xdata in ((None, None), (SimpleNamespace(), SimpleNamespace()),
                            (SimpleNamespace(channel_id="a", data_channel_id="a", state="complete"), None)):
            for handler in handlers:
                handler(args, xdata)
        self.source.image = np.zeros((16, 12), np.complex64)
        self.source.fire(16, "complete")
        self.assertEqual(len(self.warnings), 4)
        self.assertIn("complex64", self.warnings[-1])
        self.source.image = np.zeros((16, 12), np.float32)
        self.source.fire(16, "complete")
        self.assertEqual(len(self.taken()), 1)

    def test_provenance_is_bounded_one_line_of_json(self) -> None:
        for huge in ({"scan": {"scan_device_parameters": {"x": "y" * 20000}}}, {"instrument": {"x": "é" * 20000}}):
            text = provenance(huge)
            self.assertLessEqual(len(text.encode()), MAX_PROVENANCE_BYTES)
            self.assertEqual(json.loads(text)["source"], "Nion Swift")


class Queue(unittest.TestCase):
    def block(self, number: int) -> Block:
        return Block(None, number, "", 0, 0, np.zeros((2, 50), np.float32), False, 0)

    def test_the_oldest_is_dropped_and_counted(self) -> None:
        blocks = BlockQueue(max_bytes=1000)  # of 400 each
        for number in range(5):
            blocks.put(self.block(number))
        self.assertEqual([blocks.get(0).frame, blocks.get(0).frame, blocks.get(0)], [3, 4, None])
        self.assertEqual(blocks.dropped, 3)
        blocks.put(self.block(5))
        blocks.put(self.block(6))
        self.assertEqual((blocks.get(0).frame, blocks.get(0).frame, blocks.dropped), (5, 6, 3))

    def test_a_block_above_the_limit_passes_alone(self) -> None:
        blocks = BlockQueue(max_bytes=100)
        blocks.put(self.block(0))
        self.assertEqual(blocks.get(0).frame, 0)

    def test_only_the_last_frames_are_kept(self) -> None:
        source, blocks, recent = ScanSource(), BlockQueue(), RecentFrames()
        Tap(blocks, print).attach(source)
        for value in range(5):
            source.scan(value, 7)
            source.next_frame()
        while (block := blocks.get(0)) is not None:
            recent.put(block)
            series = block.series.uuid
        self.assertIsNone(recent.get(series, 1))
        image, first = recent.get(series, 4)
        self.assertTrue((image == 4).all())
        self.assertEqual((first.frame_index, first.scan_id), (4, "scan 4"))


class Sending(Tapped):
    """The thread, on a real socket."""

    def start(self, endpoint: str) -> SendingThread:
        thread = SendingThread(endpoint, self.blocks, RecentFrames(), self.warnings.append, "test")
        thread.start()
        self.addCleanup(thread.stop)
        return thread

    def subscriber(self, endpoint: str) -> zmq.Socket:
        context = zmq.Context()
        self.addCleanup(context.term)
        socket = context.socket(zmq.SUB)
        self.addCleanup(socket.close, 0)
        socket.setsockopt(zmq.RCVTIMEO, 10000)
        socket.subscribe(b"DWLM")
        socket.connect(endpoint)
        self.until(socket, "Heartbeat")
        return socket

    def until(self, socket: zmq.Socket, kind: str) -> list:
        messages: list = []
        while not messages or type(messages[-1]).__name__ != kind:
            messages.append(decode(socket.recv())[0])
        return messages

    def free_endpoint(self) -> str:
        with FrameSender("tcp://127.0.0.1:*") as sender:
            return sender.endpoint

    def test_a_series_from_its_start_to_its_end(self) -> None:
        endpoint = self.free_endpoint()
        thread = self.start(endpoint)
        socket = self.subscriber(endpoint)
        for value in (1, 2):
            self.source.scan(value, 5, 16)
            self.source.next_frame()
        self.source.acquisition_state_changed_event.fire(False)
        messages = self.until(socket, "End")
        names = [type(m).__name__ for m in messages]
        self.assertLess(names.index("Start"), names.index("Rows"))
        rows = [m for m in messages if type(m).__name__ == "Rows"]
        self.assertEqual([(m.frame, m.first_row, m.complete) for m in rows],
                         [(k, *block) for k in (0, 1) for block in ((0, False), (5, False), (15, True))])
        self.assertTrue(all((m.pixels == m.frame + 1).all() for m in rows))
        end = messages[-1]
        self.assertEqual((end.uuid, end.reason, end.frames_sent), (rows[0].uuid, "done", 2))
        self.assertEqual((thread.frames_sent, self.warnings), (2, []))

    def test_an_address_in_use_is_told_and_tried_again(self) -> None:
        with FrameSender("tcp://127.0.0.1:*") as other:
            endpoint = other.endpoint
            thread = self.start(endpoint)
            while not self.warnings:
                self.blocks.get(0.01)
            self.assertIn(endpoint, self.warnings[0])
            self.assertFalse(thread.bound)
        self.subscriber(endpoint)
        self.assertTrue(thread.bound)


if __name__ == "__main__":
    unittest.main()
