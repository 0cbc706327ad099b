# SPDX-License-Identifier: Apache-2.0
"""Writes recordings as firmware_bridge/recording/RECORDING.md has them."""
import datetime
import json
import pathlib
import uuid
import zlib
from collections.abc import Callable

import h5py
import numpy as np

from .new_hdf5 import NewHdf5
from .series import PIXEL_TYPES, ImageSeries

INDEX = np.dtype([("number", "<u8"), ("complete", "u1"), ("rows_valid", "<u4"), ("crc32", "<u4"),
                  ("first_block", "<u8"), ("block_count", "<u4"), ("blocks_lost", "<u4")])
BLOCKS = np.dtype([("frame", "<u8"), ("first_row", "<u4"), ("row_count", "<u4"), ("complete", "u1"),
                   ("acquired_ns", "<i8"), ("sent_wall_ns", "<i8"), ("received_ns", "<i8")])
COUNTERS = np.dtype([("time_ns", "<i8")] + [(name, "<u8") for name in (
    "received", "blocks", "merged", "duplicate", "orphan", "rejected", "reordered", "lost", "lost_rows", "frames",
    "dropped")])
TEXT_BYTES, PROVENANCE_BYTES = 256, 8192


class RecordingFile:
    """A new recording. It is there under its name only after commit(); whatever happens before leaves nothing behind.

    @throws FileProblem  the target exists, or can't be written
    """

    def __init__(self, target: pathlib.Path, writer: str, compress: bool = False):
        self._new = NewHdf5(target)
        self._filters = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if compress else {}
        file = self._new.file
        file.attrs.update(format="dwellmap recording", format_version=np.uint32(1), writer=writer,
                          created=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
        self._series = file.create_group("series")
        file.create_dataset("counters", (0,), COUNTERS, maxshape=(None,), chunks=(64,))  # nothing was received

    def __enter__(self) -> "RecordingFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._new.__exit__()

    def commit(self) -> None:
        self._new.commit()

    def add(self, series: ImageSeries, source: str,
            progress: Callable[[int, int], None] = lambda done, of: None) -> str:
        """Writes all frames, reading one at a time. @param source  name of the file. @return  the group's name"""
        count, rows, cols = series.shape
        valid = rows if series.rows_valid is None else series.rows_valid
        index = np.zeros(count, INDEX)
        group = self._series.create_group(f"{len(self._series):04d}")
        describe(group, series, source)
        frames = group.create_dataset("frames", (count, rows, cols), series.dtype, maxshape=(None, rows, cols),
                                      chunks=(1, rows, cols), **self._filters)
        for k in range(count):
            image = series.frame(k)
            frames[k] = image
            self._new.check()
            index[k] = (k, valid == rows, valid, zlib.crc32(image.data), k, 1, 0)
            progress(k + 1, count)
        row_valid = np.repeat([np.arange(rows) < valid], count, axis=0).astype(np.uint8)
        for key, values in (("row_valid", row_valid), ("blocks", blocks(series, valid)), ("index", index)):
            group.create_dataset(key, data=values, maxshape=(None, *values.shape[1:]), chunks=True)
        return group.name.rpartition("/")[2]


def blocks(series: ImageSeries, valid: int) -> np.ndarray:
    """Each frame as one block, at the times of the scan as far as they are known."""
    count, rows, _ = series.shape
    entries, end_ns = np.zeros(count, BLOCKS), (np.arange(1, count + 1) * frame_ns(series)).astype(np.int64)
    entries["frame"], entries["row_count"], entries["complete"] = np.arange(count), valid, valid == rows
    entries["acquired_ns"] = entries["received_ns"] = end_ns
    entries["sent_wall_ns"] = wall_ns(series.created) + end_ns if series.created else 0
    return entries


def describe(group: h5py.Group, series: ImageSeries, source: str) -> None:
    """The attributes that a start message would have brought, and the file's own metadata."""
    count, rows, cols = series.shape
    place, attributes = series.place, group.attrs
    attributes.update(uuid=str(uuid.uuid4()), name=text(series.name or pathlib.PurePath(source).stem),
                      pixel_type=PIXEL_TYPES[series.dtype.name], rows_px=np.uint32(rows), cols_px=np.uint32(cols),
                      expected_frames=np.uint64(count), end_reason="done", frames_sent=np.uint64(count),
                      frames_dropped=np.uint64(0), provenance=provenance(series, source))
    optional = {"specimen": text(series.specimen), "channel": text(series.channel),
                "pixel_size_nm": place.pixel_size_nm, "offset_x_nm": place.offset_x_nm,
                "offset_y_nm": place.offset_y_nm, "rotation_rad": series.rotation_rad, "dwell_us": series.dwell_us,
                "line_us": series.line_us, "flyback_us": series.flyback_us, "high_tension_v": series.high_tension_v,
                "wall_time_ns": wall_ns(series.created) if series.created else None}
    attributes.update({key: value for key, value in optional.items() if value not in (None, "")})
    if series.original_metadata:
        group.create_dataset("original_metadata", data=json.dumps(series.original_metadata),
                             dtype=h5py.string_dtype())


def provenance(series: ImageSeries, source: str) -> str:
    """JSON on one line, short enough for the stream."""
    said = {"file": text(source), "format": series.format,
            "created": series.created.isoformat() if series.created else None}
    said = {key: value for key, value in said.items() if value is not None}
    for key, value in series.essentials.items():
        longer = json.dumps({**said, key: value})
        if len(longer.encode()) <= PROVENANCE_BYTES:
            said[key] = value
    return json.dumps(said)


def text(value: str) -> str:
    """As the stream allows it: without control characters, at most 256 bytes."""
    printable = "".join(c if c.isprintable() else " " for c in value).strip()
    return printable.encode("utf-8", "replace")[:TEXT_BYTES].decode("utf-8", "ignore")


def wall_ns(moment: datetime.datetime) -> int:
    return round(moment.timestamp() * 1e6) * 1000


def frame_ns(series: ImageSeries) -> float:
    """From one frame to the next by the times of the scan; 0 where they are not known."""
    _, rows, cols = series.shape
    return rows * 1000 * (series.line_us or cols * (series.dwell_us or 0))
