# SPDX-License-Identifier: GPL-3.0-only
"""Rows on their way from Nion Swift's acquisition thread to ours."""
from __future__ import annotations

import collections
import dataclasses
import threading
import time
import uuid
from typing import Any

import numpy as np

from .scan import Scan

MAX_QUEUED_BYTES = 256 << 20
_LOOK_EVERY_S = 0.01


@dataclasses.dataclass(eq=False)
class Series:
    """Frames of one scan setting, numbered from 0; `ended` becomes the reason."""
    scan: Scan
    fields: dict[str, Any]  # of the stream's start message
    uuid: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    frames: int = 0
    ended: str | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Block:
    """Rows of a frame, a copy of our own."""
    series: Series
    frame: int
    scan_id: str
    frame_index: int     # Nion Swift's
    first_row: int
    pixels: np.ndarray   # [rows of the block × cols]
    complete: bool       # no more rows of this frame come
    acquired_ns: int     # time.monotonic_ns()


class BlockQueue:
    """Between one giver, who is never made to wait, and one taker. What is too much pushes out the oldest, which is
    counted.

    The taker looks every 10 ms instead of being woken: who wakes a thread may lose the processor, or Python's lock, to
    it, and Nion Swift's acquisition thread then had its handler take 3 ms (p99) instead of 0.4.
    """

    def __init__(self, max_bytes: int = MAX_QUEUED_BYTES) -> None:
        self._max_bytes = max_bytes
        self._blocks: collections.deque[Block] = collections.deque()
        self._in_bytes = self._out_bytes = 0  # each written by one of the two only
        self.dropped = 0

    def put(self, block: Block) -> None:
        self._in_bytes += block.pixels.nbytes
        while self._in_bytes - self._out_bytes > self._max_bytes:
            try:
                self._in_bytes -= self._blocks.popleft().pixels.nbytes
            except IndexError:
                break
            self.dropped += 1
        self._blocks.append(block)

    def get(self, timeout_s: float) -> Block | None:
        """@return None after the time-out"""
        until = time.monotonic() + timeout_s
        while not self._blocks and time.monotonic() < until:
            time.sleep(_LOOK_EVERY_S)
        try:
            block = self._blocks.popleft()
        except IndexError:
            return None
        self._out_bytes += block.pixels.nbytes
        return block


class RecentFrames:
    """The images of the last frames, to draw what comes back of them on."""
    _KEPT = 3

    def __init__(self) -> None:
        self._frames: collections.OrderedDict[tuple[str, int], tuple[np.ndarray, Block]] = collections.OrderedDict()
        self._lock = threading.Lock()

    def put(self, block: Block) -> None:
        key = block.series.uuid, block.frame
        with self._lock:
            if key not in self._frames:
                scan = block.series.scan
                self._frames[key] = np.zeros((scan.rows, scan.cols), block.pixels.dtype), block
                while len(self._frames) > self._KEPT:
                    self._frames.popitem(last=False)
            image, _ = self._frames[key]
        image[block.first_row:block.first_row + len(block.pixels)] = block.pixels

    def get(self, series_uuid: str, frame: int) -> tuple[np.ndarray, Block] | None:
        """The image, and the first block that came of it; the rows of a frame that is still scanned go on growing."""
        with self._lock:
            return self._frames.get((series_uuid, frame))
