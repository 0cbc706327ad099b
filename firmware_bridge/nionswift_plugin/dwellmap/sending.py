# SPDX-License-Identifier: GPL-3.0-only
"""The thread that encodes and sends: blocks from the tap → the stream to the analyzer."""
from __future__ import annotations

import threading
from collections.abc import Callable

import zmq
from dwellmap_client import FrameSender, Rejected

from .blocks import Block, BlockQueue, RecentFrames, Series

_WAIT_S = 0.1        # between looks for new subscribers while nothing is scanned
_TRY_AGAIN_S = 2.0   # after the address could not be bound


class SendingThread(threading.Thread):
    """Owns the FrameSender. Never makes Nion Swift wait, nor waits for an analyzer; without one the rows just go."""

    def __init__(self, endpoint: str, blocks: BlockQueue, recent: RecentFrames, warn: Callable[[str], None],
                 version: str) -> None:
        super().__init__(name="dwellmap sending", daemon=True)
        self._endpoint, self._blocks, self._recent, self._warn = endpoint, blocks, recent, warn
        self._version = version
        self._stopping = threading.Event()
        self._series: Series | None = None
        self.frames_sent = 0       # complete ones
        self.uuid = ""             # of the series that runs
        self.bound = False

    def stop(self) -> None:
        """Ends the series that runs and returns when the thread has."""
        self._stopping.set()
        self.join()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                with FrameSender(self._endpoint, version=self._version) as sender:
                    self.bound = True
                    while not self._stopping.is_set():
                        self._step(sender)
            except (zmq.ZMQError, ValueError) as problem:
                self._warn(f"images are not sent: {problem}")
                self._stopping.wait(_TRY_AGAIN_S)
            self.bound, self._series, self.uuid = False, None, ""

    def _step(self, sender: FrameSender) -> None:
        block = self._blocks.get(_WAIT_S)
        if block is None:
            sender.poll()
            if self._series is not None and self._series.ended:
                self._end(sender)
            return
        self._recent.put(block)
        try:
            self._send(sender, block)
        except Rejected as problem:
            self._warn(f"rows were not sent, {problem}")

    def _send(self, sender: FrameSender, block: Block) -> None:
        if block.series is not self._series:
            self._end(sender)
            sender.start(uuid=block.series.uuid, **block.series.fields)
            self._series, self.uuid = block.series, block.series.uuid
        sender.rows(block.frame, block.first_row, block.pixels, block.complete, block.acquired_ns)
        self.frames_sent += block.complete

    def _end(self, sender: FrameSender) -> None:
        if self._series is not None:
            sender.end(self._series.ended or "superseded")
        self._series, self.uuid = None, ""
