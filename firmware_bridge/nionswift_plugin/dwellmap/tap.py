# SPDX-License-Identifier: GPL-3.0-only
"""Watches a scan source of Nion Swift and copies the rows that are new. Never starts or changes a scan."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from dwellmap_client.frame_messages import pixel_type_of

from .blocks import Block, BlockQueue, Series
from .scan import Scan, finite, is_image, section, start_fields

_STATES = ("partial", "marked", "complete")


def copied(rows: np.ndarray) -> np.ndarray:
    """A read-only copy, made without letting go of Python's lock as copy() does: another thread would take it, and
    Nion Swift's acquisition thread wait for milliseconds to have it back."""
    return np.frombuffer(rows.tobytes(), rows.dtype).reshape(rows.shape)


class _Frame:
    def __init__(self, series: Series, scan_id: str) -> None:
        self.series, self.scan_id = series, scan_id
        self.number = series.frames
        series.frames += 1
        self.rows_done = 0
        self.complete = False


class Tap:
    """The handlers of one source's events. They run on Nion Swift's acquisition thread: they raise nothing, since that
    would silence the listeners after them, and take the time to copy the new rows.

    @param warn   is told in one sentence what was not understood, or changed; called on the acquisition thread
    """

    def __init__(self, blocks: BlockQueue, warn: Callable[[str], None], channel: str = "",
                 composition: float | None = None) -> None:
        self._blocks, self._warn = blocks, warn
        self._lock = threading.Lock()
        self._chosen, self._composition = channel, composition
        self._channel = channel   # chosen, or the first that came of this scan
        self._frame: _Frame | None = None
        self._scan_id: Any = None
        self._over: Any = object()  # the scan that was aborted
        self._listeners: list[Any] = []

    def attach(self, source: Any) -> None:
        """@param source  a "scan_hardware_source" of Nion Swift's registry"""
        self._listeners = [source.data_channel_updated_event.listen(self._updated),
                           source.abort_event.listen(self._aborted),
                           source.acquisition_state_changed_event.listen(self._running)]

    def detach(self) -> None:
        self._listeners = []  # they are held weakly
        self._end("done")

    def choose(self, channel: str, composition: float | None) -> None:
        """A new series with these begins at once, with the rows that the scan already has."""
        with self._lock:
            self._chosen = self._channel = channel
            self._composition = composition
            self._scan_id = None
            self._close("superseded")

    def reset(self) -> None:
        """Begins a new series at once, with the rows that the scan already has."""
        with self._lock:
            self._close("superseded")

    def _updated(self, args: Any, xdata: Any) -> None:
        try:
            subscan = args.data_channel_id != args.channel_id
            if args.state in _STATES and args.data_channel_id in (args.channel_id, f"{args.channel_id}_subscan"):
                self._take(args, xdata, subscan)
        except Exception as problem:  # whatever it is, Nion Swift's own listeners have to be called
            self._warn(f"a frame was not understood: {problem!r}")

    def _take(self, args: Any, xdata: Any, subscan: bool) -> None:
        metadata = xdata.metadata
        scan_id = section(metadata, "scan").get("scan_id")
        with self._lock:
            if scan_id != self._scan_id or not self._channel:
                self._scan_id, self._channel = scan_id, self._chosen or args.channel_id
            ours = args.channel_id == self._channel and scan_id != self._over and is_image(xdata, metadata)
            if not ours:
                return
            data = xdata.data
            rows = len(data)
            source = section(metadata, "hardware_source")
            valid = int(finite(source.get("valid_rows"), rows if args.state == "complete" else 0))
            valid = min(max(valid, 0), rows)
            scan = Scan.of(xdata, metadata, args.channel_id, subscan, pixel_type_of(data), self._composition)
            frame = self._frame_of(scan, xdata, metadata, valid)
            self._copy(frame, data, valid, args.state == "complete", int(finite(source.get("frame_index"))))

    def _frame_of(self, scan: Scan, xdata: Any, metadata: dict[str, Any], valid: int) -> _Frame:
        """The frame that these rows belong to: a new one after a complete one, with a new scan_id, and where rows
        begin again, as in a sequence."""
        frame = self._frame
        series = frame.series if frame else None
        if series is None or series.scan != scan:
            if series is not None:
                series.ended = "superseded"
                self._warn(f"changed: {scan.difference(series.scan)}. A new series has begun.")
            offsets = [None if scan.subscan or scan.pixel_size_nm is None else finite(c.offset)
                       for c in xdata.dimensional_calibrations]
            series, frame = Series(scan, start_fields(scan, metadata, (offsets[0], offsets[1]))), None
        if frame is None or frame.complete or frame.scan_id != self._scan_id or valid < frame.rows_done:
            frame = self._frame = _Frame(series, self._scan_id)
        return frame

    def _copy(self, frame: _Frame, data: Any, valid: int, complete: bool, frame_index: int) -> None:
        first = frame.rows_done
        if complete and first == valid:
            first -= 1  # the word that the frame is complete needs a row to come with
        if first >= valid or first < 0:
            return
        frame.rows_done, frame.complete = valid, complete
        self._blocks.put(Block(frame.series, frame.number, str(frame.scan_id), frame_index, first,
                               copied(data[first:valid]), complete, time.monotonic_ns()))

    def _close(self, reason: str) -> None:
        if self._frame is not None:
            self._frame.series.ended = reason
            self._frame = None

    def _end(self, reason: str) -> None:
        with self._lock:
            self._close(reason)

    def _aborted(self) -> None:
        """What still comes of this scan is no image: rows that were never scanned."""
        with self._lock:
            if self._scan_id is not None:
                self._over = self._scan_id
            self._close("aborted")

    def _running(self, running: bool) -> None:
        if not running:
            self._end("done")
