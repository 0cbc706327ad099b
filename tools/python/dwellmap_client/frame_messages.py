# SPDX-License-Identifier: Apache-2.0
"""What a microscope sends: start, rows, end, heartbeat. Each field is explained in firmware_bridge/wire/PROTOCOL.md.

Classes are checked in the same way before they are sent and after they were received; None means "not known".
"""
from __future__ import annotations

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Union

import numpy as np

from .envelope import Kind, Rejected, Sections, Stamp
from .tables import Table, checked_text, checked_uuid, message, only_rejects, root

MAX_FLATBUFFER_BYTES = 16384
MAX_PROVENANCE_BYTES = 8192
PIXEL_TYPES = {"u8": "<u1", "u16": "<u2", "u32": "<u4", "i16": "<i2", "i32": "<i4", "f32": "<f4", "f64": "<f8"}
_PIXEL_NAMES = list(PIXEL_TYPES)  # numbered from 1 on the wire
_MIN_SIDE_PX, _MAX_SIDE_PX, _MAX_PIXELS = 8, 16384, 1 << 26
_COUNTERS = ("received", "blocks", "merged", "duplicate", "orphan", "rejected", "reordered", "lost", "lost_rows",
             "ignored", "frames", "overwritten", "analysed", "failed")


class State(enum.IntEnum):
    waiting = 0
    live = 1
    stale = 2
    ended = 3
    disconnected = 4

    @classmethod
    def _missing_(cls, value: object) -> State:
        return cls.waiting  # a newer sender's


@dataclass(frozen=True)
class Start:
    """What is known of a series before its first pixel."""
    uuid: str
    rows: int
    cols: int
    pixel_type: str = "f32"  # a key of PIXEL_TYPES
    name: str = ""
    specimen: str = ""
    channel: str = ""
    wall_time_ns: int = 0
    expected_frames: int = 0
    pixel_size_nm: float | None = None
    rotation_rad: float = 0.0
    dwell_us: float | None = None
    line_us: float | None = None
    flyback_us: float | None = None
    high_tension_v: float | None = None
    composition: float | None = None
    offset_x_nm: float | None = None
    offset_y_nm: float | None = None
    provenance: str = ""


@dataclass(frozen=True, eq=False)
class Rows:
    """Whole rows of a frame."""
    uuid: str
    frame: int
    rows: int           # of the whole frame
    first_row: int
    pixels: np.ndarray  # [rows of this block × cols], of one of PIXEL_TYPES; decoded: a read-only view into the message
    complete: bool
    acquired_ns: int = 0
    sent_wall_ns: int = 0


@dataclass(frozen=True)
class End:
    uuid: str
    reason: str = "done"
    frames_sent: int = 0
    frames_dropped: int = 0
    next_rows_seq: int = 0


@dataclass(frozen=True)
class Heartbeat:
    version: str = ""
    host: str = ""
    state: State = State.waiting
    uuid: str = ""
    next_seq: tuple[int, ...] = ()  # by kind
    counters: dict[str, int] | None = field(default=None)


FrameMessage = Union[Start, Rows, End, Heartbeat]


def pixel_type_of(pixels: np.ndarray) -> str:
    """@throws Rejected ("bad_pixel_type") if the stream has no such type: convert the array"""
    for name, dtype in PIXEL_TYPES.items():
        if pixels.dtype.newbyteorder("<") == np.dtype(dtype):
            return name
    raise Rejected("bad_pixel_type", f"{pixels.dtype}: convert it to one of {', '.join(PIXEL_TYPES)}")


def _check_image(rows: int, cols: int) -> None:
    for name, side in (("rows", rows), ("cols", cols)):
        if not _MIN_SIDE_PX <= side <= _MAX_SIDE_PX:
            raise Rejected("bad_shape", name)
    if rows * cols > _MAX_PIXELS:
        raise Rejected("bad_shape", "rows x cols")


def _check_rows(rows: int, first_row: int, row_count: int) -> None:
    if not 0 <= first_row < rows:
        raise Rejected("bad_rows", "first_row")
    if not 1 <= row_count <= rows - first_row:
        raise Rejected("bad_rows", "row_count")


def _check_start(m: Start) -> None:
    checked_uuid(m.uuid)
    for name in ("name", "specimen", "channel"):
        checked_text(getattr(m, name), name)
    checked_text(m.provenance, "provenance", MAX_PROVENANCE_BYTES)
    if m.pixel_type not in PIXEL_TYPES:
        raise Rejected("bad_pixel_type", "pixel_type")
    _check_image(m.rows, m.cols)
    for name in ("pixel_size_nm", "rotation_rad", "dwell_us", "line_us", "flyback_us", "high_tension_v",
                 "offset_x_nm", "offset_y_nm"):
        value = getattr(m, name)
        least = {"rotation_rad": -math.inf, "offset_x_nm": -math.inf, "offset_y_nm": -math.inf, "flyback_us": 0}
        ok = value is None or math.isfinite(value) and (value >= least[name] if name in least else value > 0)
        if not ok:
            raise Rejected("bad_calibration", name)
    if m.composition is not None and not 0 <= m.composition <= 1:
        raise Rejected("bad_composition", "composition")


def _check_end(m: End) -> None:
    checked_uuid(m.uuid)
    checked_text(m.reason, "reason")


def _check_heartbeat(m: Heartbeat) -> None:
    checked_text(m.version, "version")
    checked_text(m.host, "host")
    if m.uuid:
        checked_uuid(m.uuid)


def _encode_rows(m: Rows, stamp: Stamp) -> bytes:
    checked_uuid(m.uuid)
    pixel_type = pixel_type_of(m.pixels)
    if m.pixels.ndim != 2:
        raise Rejected("bad_shape", "pixels: rows x cols")
    row_count, cols = m.pixels.shape
    _check_image(m.rows, cols)
    _check_rows(m.rows, m.first_row, row_count)
    values = {"uuid": m.uuid, "frame": m.frame, "pixel_type": _PIXEL_NAMES.index(pixel_type) + 1, "rows": m.rows,
              "cols": cols, "first_row": m.first_row, "row_count": row_count, "complete": bool(m.complete),
              "acquired_ns": m.acquired_ns, "sent_wall_ns": m.sent_wall_ns}
    return message(Kind.rows, stamp, values, np.ascontiguousarray(m.pixels, PIXEL_TYPES[pixel_type]))


def encode(m: FrameMessage, stamp: Stamp) -> bytes:
    """@throws Rejected if it breaks a rule of the protocol, so that nobody is sent what he has to refuse"""
    with only_rejects():
        if isinstance(m, Rows):
            return _encode_rows(m, stamp)
        if isinstance(m, Start):
            _check_start(m)
            return message(Kind.start, stamp, {**vars(m), "pixel_type": _PIXEL_NAMES.index(m.pixel_type) + 1})
        if isinstance(m, End):
            _check_end(m)
            return message(Kind.end, stamp, vars(m))
        _check_heartbeat(m)
        return message(Kind.heartbeat, stamp, {**vars(m), "next_seq": np.array(m.next_seq, "<u8")})


def _pixel_type(t: Table) -> str:
    if not 1 <= t["pixel_type"] <= len(_PIXEL_NAMES):
        raise Rejected("bad_pixel_type", "pixel_type")
    return _PIXEL_NAMES[t["pixel_type"] - 1]


def _start(t: Table) -> Start:
    m = Start(uuid=t.text("uuid"), pixel_type=_pixel_type(t), name=t.text("name"), specimen=t.text("specimen"),
              channel=t.text("channel"), provenance=t.text("provenance", MAX_PROVENANCE_BYTES),
              **t.numbers("rows", "cols", "wall_time_ns", "expected_frames", "pixel_size_nm", "rotation_rad",
                          "dwell_us", "line_us", "flyback_us", "high_tension_v", "composition", "offset_x_nm",
                          "offset_y_nm"))
    _check_start(m)
    return m


def _rows(t: Table, payload: memoryview) -> Rows:
    uuid = checked_uuid(t.text("uuid"))
    dtype = np.dtype(PIXEL_TYPES[_pixel_type(t)])
    _check_image(t["rows"], t["cols"])
    if t["codec"] != 0:
        raise Rejected("bad_codec", "codec")
    shape = t["row_count"], t["cols"]
    _check_rows(t["rows"], t["first_row"], t["row_count"])
    if payload.nbytes != shape[0] * shape[1] * dtype.itemsize:
        raise Rejected("bad_payload_size", "pixels")
    return Rows(uuid=uuid, pixels=np.frombuffer(payload, dtype).reshape(shape),
                **t.numbers("frame", "rows", "first_row", "complete", "acquired_ns", "sent_wall_ns"))


def _end(t: Table) -> End:
    m = End(uuid=t.text("uuid"), reason=t.text("reason"), **t.numbers("frames_sent", "frames_dropped", "next_rows_seq"))
    _check_end(m)
    return m


def counters(t: Table) -> dict[str, int]:
    return t.numbers(*_COUNTERS)


def heartbeat(t: Table) -> Heartbeat:
    inner = t.table("counters")
    m = Heartbeat(version=t.text("version"), host=t.text("host"), state=State(t["state"]), uuid=t.text("uuid"),
                  next_seq=tuple(map(int, t.array("next_seq"))), counters=None if inner is None else counters(inner))
    _check_heartbeat(m)
    return m


def decode(sections: Sections) -> FrameMessage:
    """Of the kinds start, rows, end and heartbeat. @throws Rejected"""
    if sections.kind != Kind.rows and sections.payload.nbytes:
        raise Rejected("bad_payload_size")
    if sections.flatbuffer.nbytes > MAX_FLATBUFFER_BYTES:
        raise Rejected("bad_size")
    with only_rejects():
        t = root(sections)
        if sections.kind == Kind.rows:
            return _rows(t, sections.payload)
        readers: dict[Kind, Callable[[Table], FrameMessage]] = {
            Kind.start: _start, Kind.end: _end, Kind.heartbeat: heartbeat}
        return readers[Kind(sections.kind)](t)
