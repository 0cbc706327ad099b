# SPDX-License-Identifier: Apache-2.0
"""The sending side of a stream: what a microscope's plug-in does."""
from __future__ import annotations

import secrets
import socket
import time
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import zmq

from . import __version__
from .envelope import Kind, Stamp
from .frame_messages import End, Heartbeat, Rows, Start, State, encode, pixel_type_of
from .sockets import bind, check, watch_peer

_HEARTBEAT_S = 1.0
_SEND_QUEUE = 64   # messages; a subscriber that is further behind loses blocks
_LINGER_MS = 500   # for the end message to leave
_POLL_MS = 20


class FrameSender:
    """Binds an XPUB socket and sends start, row blocks, end and heartbeat as firmware_bridge/wire/PROTOCOL.md says.

    Never waits for a subscriber, unless `wait_s` says how long: then one that is behind is waited for, and nothing is
    lost to it (for sending from files). One thread owns it; poll() about ten times a second while nothing is sent.
    """

    def __init__(self, endpoint: str = "tcp://127.0.0.1:5555", wait_s: float = 0, allow_any_address: bool = False,
                 version: str = f"dwellmap_client {__version__}") -> None:
        """@throws ValueError for an endpoint that is none or open to the network; zmq.ZMQError: can't be bound"""
        check(endpoint, allow_any_address)
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        options = {zmq.SNDHWM: _SEND_QUEUE, zmq.LINGER: _LINGER_MS, zmq.XPUB_VERBOSE: 1,
                   zmq.XPUB_NODROP: int(wait_s > 0), zmq.SNDTIMEO: round(1000 * wait_s)}
        for option, value in options.items():
            self._socket.setsockopt(option, value)
        watch_peer(self._socket)
        self._version, self._host = version, socket.gethostname()
        self._session = secrets.randbits(64)
        self._next_seq = [0] * (max(Kind) + 1)
        self._start: Start | None = None
        self._frames_sent = 0
        self._next_heartbeat = 0.0
        self.blocks_dropped = 0  # only with wait_s: a subscriber did not catch up
        try:
            self.endpoint = bind(self._socket, endpoint)
        except zmq.ZMQError:
            self.close()
            raise

    def __enter__(self) -> FrameSender:
        return self

    def __exit__(self, *error: object) -> None:
        if self._start is not None:
            self.end("aborted" if error[0] else "done")
        self.close()

    @property
    def series(self) -> Start | None:
        """The one that runs."""
        return self._start

    def wait_for_subscriber(self, timeout_s: float) -> bool:
        """@return False after the time-out"""
        until = time.monotonic() + timeout_s
        while not self.poll():
            if time.monotonic() >= until:
                return False
            self._socket.poll(_POLL_MS)
        return True

    def poll(self) -> bool:
        """Start and heartbeat again, if a second has passed or somebody has come. @return whether somebody has"""
        somebody = False
        while self._socket.poll(0):
            event = self._socket.recv()
            somebody = somebody or event[:1] == b"\1"
        if somebody or time.monotonic() >= self._next_heartbeat:
            self._send_state()
        return somebody

    def start(self, rows: int, cols: int, **known: Any) -> str:
        """Begins a series; one that runs ends first, "superseded". @return its uuid, drawn unless given

        @param known  fields of Start: pixel_type ("f32"), pixel_size_nm, dwell_us, name, ...
        @throws Rejected if they break the protocol: then the series that runs goes on
        """
        given = {"uuid": str(uuid.uuid4()), "wall_time_ns": time.time_ns(), **known}
        start = Start(rows=rows, cols=cols, **given)
        encode(start, Stamp(0, 0))
        if self._start is not None:
            self.end("superseded")
        self._start, self._frames_sent = start, 0
        self._send_state()
        return start.uuid

    def rows(self, frame: int, first_row: int, pixels: np.ndarray, complete: bool | None = None,
             acquired_ns: int | None = None) -> None:
        """Sends rows of a frame.

        @param pixels       [rows of the block × cols], of the series' pixel type
        @param complete     no more rows of this frame come; None: these are its last ones
        @param acquired_ns  time.monotonic_ns() at the end of the last row; None: now
        @throws Rejected if the block does not fit the series
        """
        start = self._running()
        if pixels.shape[1:] != (start.cols,) or pixel_type_of(pixels) != start.pixel_type:
            raise ValueError(f"rows of {pixels.shape[1:]} {pixels.dtype}: the series has "
                             f"{start.cols} columns of {start.pixel_type}")
        last = first_row + len(pixels) == start.rows
        block = Rows(uuid=start.uuid, frame=frame, rows=start.rows, first_row=first_row, pixels=pixels,
                     complete=last if complete is None else complete,
                     acquired_ns=time.monotonic_ns() if acquired_ns is None else acquired_ns,
                     sent_wall_ns=time.time_ns())
        self.poll()
        self._send(Kind.rows, lambda stamp: encode(block, stamp))
        self._frames_sent += block.complete

    def frame(self, number: int, image: np.ndarray, rows_per_block: int = 64) -> None:
        """Sends a whole frame in blocks, at once. @param image [rows × cols]"""
        for first in range(0, len(image), rows_per_block):
            self.rows(number, first, image[first:first + rows_per_block])

    def end(self, reason: str = "done", frames_dropped: int = 0) -> None:
        """@param reason "done", "aborted" or "superseded"; sent three times, as it may be lost"""
        end = End(self._running().uuid, reason, self._frames_sent, frames_dropped, self._next_seq[Kind.rows])
        for _ in range(3):
            self._send(Kind.end, lambda stamp: encode(end, stamp))
        self._start = None

    def close(self) -> None:
        """What is queued gets half a second to leave."""
        self._socket.close()
        self._context.term()

    def _running(self) -> Start:
        if self._start is None:
            raise ValueError("no series runs: call start() first")
        return self._start

    def _send(self, kind: Kind, encoded: Callable[[Stamp], bytes]) -> None:
        """A message that breaks the protocol has no number, so that nobody misses it."""
        message = encoded(Stamp(self._session, self._next_seq[kind]))
        self._next_seq[kind] += 1
        try:
            self._socket.send(message, copy=False)
        except zmq.Again:
            self.blocks_dropped += kind == Kind.rows

    def _send_state(self) -> None:
        """All that somebody needs who has just come."""
        start = self._start
        if start is not None:
            self._send(Kind.start, lambda stamp: encode(start, stamp))
        self._send(Kind.heartbeat, self._heartbeat)
        self._next_heartbeat = time.monotonic() + _HEARTBEAT_S

    def _heartbeat(self, stamp: Stamp) -> bytes:
        next_seq = list(self._next_seq)
        next_seq[Kind.heartbeat] += 1
        start = self._start
        uuid_, state = (start.uuid, State.live) if start is not None else ("", State.waiting)
        return encode(Heartbeat(version=self._version, host=self._host, uuid=uuid_, state=state,
                                next_seq=tuple(next_seq)), stamp)
