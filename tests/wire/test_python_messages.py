#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""dwellmap_client's messages: what is encoded decodes to the same, laid out as PROTOCOL.md says.

Other bytes are `Rejected`.

usage: PYTHONPATH=build/python test_python_messages.py; exit code 77: skipped, says why
"""
import dataclasses
import random
import struct
import sys
import unittest
import zlib
from typing import Any

sys.dont_write_bytecode = True
try:
    import flatbuffers  # noqa: F401
    import numpy as np
    import zmq  # noqa: F401
except ModuleNotFoundError as missing:
    print(f"test_python_messages: skipped, {missing} (apt-get install python3-numpy python3-zmq python3-flatbuffers)")
    sys.exit(77)
else:
    from dwellmap_client import (
        Command,
        CommandKind,
        End,
        Heartbeat,
        Kind,
        Recording,
        RecordingState,
        Rejected,
        Reply,
        Rows,
        Stamp,
        Start,
        State,
        decode,
        encode,
    )
    from dwellmap_client.frame_messages import PIXEL_TYPES

UUID = "01234567-89ab-cdef-0123-456789ABCDEF"
STAMP = Stamp(session=2**64 - 3, seq=7)
START = Start(uuid=UUID, rows=64, cols=32, pixel_type="u16", name="Größe µ 原子", specimen="MoReS2", channel="HAADF",
              wall_time_ns=1_700_000_000_123_456_789, expected_frames=2**63, pixel_size_nm=0.02, rotation_rad=-0.1,
              dwell_us=8.0, line_us=400.0, flyback_us=0.0, high_tension_v=6e4, composition=0.0, offset_x_nm=-5.0,
              offset_y_nm=0.0, provenance='{"a": 1}')
ROWS = Rows(uuid=UUID, frame=2**40, rows=64, first_row=8, pixels=np.arange(8 * 32, dtype="u2").reshape(8, 32),
            complete=True, acquired_ns=-5, sent_wall_ns=6)
END = End(uuid=UUID, reason="aborted", frames_sent=3, frames_dropped=1, next_rows_seq=12)
HEARTBEAT = Heartbeat(version="1.2", host="microscope", state=State.live, uuid=UUID, next_seq=(0, 1, 2, 2**64 - 1))
COMMAND = Command(CommandKind.record_start, "session.h5")
REPLY = Reply(False, "the disk is full", Recording(RecordingState.failed, "a.h5", "full", 3, 1, 2**40, 1.5))
ALL = (START, ROWS, END, HEARTBEAT, COMMAND, REPLY)


def resealed(message: bytes) -> bytes:
    """With a checksum that is right."""
    return message[:12] + struct.pack("<I", zlib.crc32(message[32:])) + message[16:]


def reason(message: bytes) -> str:
    """Of the refusal; "" if it is accepted. Anything else than `Rejected` ends the test."""
    try:
        decode(message)
        return ""
    except Rejected as refused:
        return refused.reason


class RoundTrip(unittest.TestCase):
    def test_all_kinds(self) -> None:
        for message in ALL:
            decoded, stamp, kind = decode(encode(message, STAMP))
            self.assertEqual((stamp, kind), (STAMP, Kind[type(message).__name__.lower()]))
            if isinstance(message, Rows):
                np.testing.assert_array_equal(decoded.pixels, message.pixels)
                self.assertEqual({**vars(decoded), "pixels": None}, {**vars(message), "pixels": None})
            else:
                self.assertEqual(decoded, message)

    def test_what_is_not_known_stays_unknown(self) -> None:
        start = Start(uuid=UUID, rows=8, cols=8)
        decoded, _, _ = decode(encode(start, STAMP))
        self.assertEqual(decoded, start)
        self.assertIsNone(decoded.pixel_size_nm)

    def test_every_pixel_type_bit_for_bit(self) -> None:
        bits = np.random.default_rng(1).bytes(9 * 11 * 8)
        for name, dtype in PIXEL_TYPES.items():
            pixels = np.frombuffer(bits, dtype)[:9 * 11].reshape(9, 11)
            decoded, _, _ = decode(encode(dataclasses.replace(ROWS, pixels=pixels), STAMP))
            self.assertEqual(decoded.pixels.dtype, pixels.dtype, name)
            self.assertEqual(decoded.pixels.tobytes(), pixels.tobytes())

    def test_pixels_in_any_layout_of_memory(self) -> None:
        whole = np.arange(40 * 64, dtype="i4").reshape(64, 40)
        for pixels in (whole[::-2, 1:33], np.asfortranarray(whole), whole.astype(">i4")):
            decoded, _, _ = decode(encode(dataclasses.replace(ROWS, pixels=pixels, first_row=0), STAMP))
            np.testing.assert_array_equal(decoded.pixels, pixels)


class Layout(unittest.TestCase):
    def test_is_that_of_the_protocol(self) -> None:
        message = encode(ROWS, STAMP)
        magic, kind, major, minor, flags, size, crc, session, seq = struct.unpack_from("<4s4BIIQQ", message)
        self.assertEqual((magic, kind, major, minor, flags), (b"DWLM", 2, 1, 0, 0))
        self.assertEqual((crc, session, seq), (zlib.crc32(message[32:]), STAMP.session, STAMP.seq))
        self.assertEqual(message[36:40], b"sf00")
        payload = (32 + size + 63) // 64 * 64
        self.assertEqual(message[payload:], ROWS.pixels.tobytes())
        self.assertEqual(message[32 + size:payload], bytes(payload - 32 - size))

    def test_others_end_with_the_flatbuffer(self) -> None:
        for message in (START, END, HEARTBEAT, COMMAND, REPLY):
            encoded = encode(message, STAMP)
            self.assertEqual(len(encoded), 32 + struct.unpack_from("<I", encoded, 8)[0])

    def test_a_kind_of_a_newer_sender_is_let_pass(self) -> None:
        message = bytearray(encode(END, STAMP))
        message[4] = 200
        self.assertEqual(decode(message), (None, STAMP, 200))


class WrongBytes(unittest.TestCase):
    def setUp(self) -> None:
        self.messages = [encode(message, STAMP) for message in ALL]

    def test_reasons_are_those_of_the_protocol(self) -> None:
        whole = encode(ROWS, STAMP)

        def patched(at: int, value: bytes) -> bytes:
            return whole[:at] + value + whole[at + len(value):]

        last = whole[:-1] + bytes([whole[-1] ^ 1])
        for expected, message in {
                "too_short": whole[:31], "bad_magic": patched(0, b"X"), "other_major": patched(5, b"\2"),
                "unknown_flags": patched(7, b"\1"), "bad_size": patched(8, struct.pack("<I", len(whole))),
                "bad_checksum": last,
                "wrong_identifier": patched(4, b"\3")[:struct.unpack_from("<I", whole, 8)[0] + 32],
                "stamp_differs": patched(24, b"\0"), "bad_payload_size": resealed(whole[:-2])}.items():
            if expected == "wrong_identifier":
                message = resealed(message)
            self.assertEqual(reason(message), expected)
        self.assertEqual(reason(patched(6, b"\7")), "", "the minor version says nothing to a reader")

    def test_every_truncation(self) -> None:
        for message in self.messages:
            for length in range(len(message)):
                self.assertIn(reason(message[:length]), ("too_short", "bad_size", "bad_checksum"))

    def test_every_flipped_bit(self) -> None:
        """Is found, unless the message means the same with it.

        Such are those of the minor version, and of a size that ends in the padding.
        """
        for original, message in zip(ALL, self.messages):
            for bit in range(min(len(message), 800) * 8):
                flipped = bytearray(message)
                flipped[bit // 8] ^= 1 << bit % 8
                if reason(bytes(flipped)) == "":
                    decoded, stamp, _ = decode(flipped)
                    self.assertTrue(flipped[4] not in set(Kind) or repr((decoded, stamp)) == repr((original, STAMP)),
                                    bit)

    def test_a_right_checksum_over_wrong_bytes(self) -> None:
        draw = random.Random(1)
        outcomes = set()
        for message in self.messages:
            for _ in range(1500):
                wrong = bytearray(message)
                for _ in range(draw.choice((1, 1, 2, 5))):
                    at = draw.randrange(32, min(len(wrong), 400))
                    wrong[at] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))
                outcomes.add(reason(resealed(bytes(wrong))))
        self.assertLessEqual({"bad_flatbuffer", "wrong_identifier", "stamp_differs"}, outcomes)

    def test_random_bytes(self) -> None:
        draw = random.Random(2)
        for length in range(200):
            self.assertNotEqual(reason(draw.randbytes(length)), "")
        for kind in Kind:
            for _ in range(300):
                body = draw.randbytes(4) + b"hb00" + draw.randbytes(draw.randrange(100))
                head = struct.pack("<4s4BIIQQ", b"DWLM", kind, 1, 0, 0, len(body), 0, 0, 0)
                self.assertNotEqual(reason(resealed(head + body)), "")


class WrongValues(unittest.TestCase):
    """Neither sent nor, from somebody else, accepted."""

    def refused(self, message: Any, expected: str, **change: object) -> None:
        with self.assertRaises(Rejected) as refused:
            encode(dataclasses.replace(message, **change), STAMP)
        self.assertEqual(refused.exception.reason, expected, change)

    def test_start(self) -> None:
        for field in ("pixel_size_nm", "dwell_us", "line_us", "high_tension_v"):
            for value in (0.0, -1.0, float("nan"), float("inf")):
                self.refused(START, "bad_calibration", **{field: value})
        for field in ("rotation_rad", "offset_x_nm", "offset_y_nm"):
            self.refused(START, "bad_calibration", **{field: float("nan")})
        self.refused(START, "bad_calibration", flyback_us=-1e-9)
        for value in (-0.1, 1.1, float("nan")):
            self.refused(START, "bad_composition", composition=value)
        for text in ("a\nb", "\x7f", "é" * 129):
            self.refused(START, "bad_text", name=text)
        self.refused(START, "bad_text", provenance="x" * 8193)
        for uuid in ("", UUID + "0", UUID[:-1] + "g", UUID + "\n"):
            self.refused(START, "bad_uuid", uuid=uuid)
        for shape in ((7, 32), (64, 16385), (16384, 16384)):
            self.refused(START, "bad_shape", rows=shape[0], cols=shape[1])
        self.refused(START, "bad_pixel_type", pixel_type="c64")

    def test_rows(self) -> None:
        self.refused(ROWS, "bad_rows", first_row=57)
        self.refused(ROWS, "bad_rows", first_row=-1)
        self.refused(ROWS, "bad_shape", rows=7)
        self.refused(ROWS, "bad_shape", pixels=np.zeros(32, "u2"))
        self.refused(ROWS, "bad_pixel_type", pixels=np.zeros((8, 32), complex))
        self.refused(ROWS, "bad_flatbuffer", frame=-1)

    def test_the_decoder_refuses_them_too(self) -> None:
        for old, new, expected in ((struct.pack("<d", 0.02), struct.pack("<d", -0.02), "bad_calibration"),
                                   (b"HAADF", b"HA\nDF", "bad_text"), (b"HAADF", b"HA\xffDF", "bad_text"),
                                   (UUID.encode(), b"x" * 36, "bad_uuid")):
            message = encode(START, STAMP)
            self.assertEqual(message.count(old), 1)
            self.assertEqual(reason(resealed(message.replace(old, new))), expected)


if __name__ == "__main__":
    unittest.main()
