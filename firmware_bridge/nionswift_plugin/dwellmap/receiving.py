# SPDX-License-Identifier: GPL-3.0-only
"""The thread that listens to the analyzer: newest results to `show`, its heartbeat to the panel."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable

import zmq
from dwellmap_client import Frame, Heartbeat, Kind, Rejected, decode
from dwellmap_client.receiver import Collector

_KINDS = (Kind.atoms, Kind.map, Kind.statistics, Kind.heartbeat)
_WAIT_MS = 100
_LOST_AFTER_S = 3.0


class ReceivingThread(threading.Thread):
    """@param show  called on this thread with the newest frame; what came meanwhile is not shown
    @param tick  called on this thread at least ten times a second"""

    def __init__(self, endpoint: str, show: Callable[[Frame], None], tick: Callable[[], None],
                 warn: Callable[[str], None]) -> None:
        super().__init__(name="dwellmap receiving", daemon=True)
        self._endpoint, self._show, self._tick, self._warn = endpoint, show, tick, warn
        self._stopping = threading.Event()
        self._collector = Collector()
        self._heard_s = -_LOST_AFTER_S
        self.heartbeat: Heartbeat | None = None  # the analyzer's last one
        self.results = 0

    @property
    def connected(self) -> bool:
        """Whether the analyzer was heard within the last 3 s."""
        return time.monotonic() - self._heard_s < _LOST_AFTER_S

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    def run(self) -> None:
        with zmq.Context() as context, context.socket(zmq.SUB) as socket:
            try:
                self._open(socket)
            except zmq.ZMQError as problem:
                self._warn(f"results are not received: {self._endpoint}: {problem}")
                return
            while not self._stopping.is_set():
                self._step(socket)

    def _open(self, socket: zmq.Socket) -> None:
        for option, value in ((zmq.LINGER, 0), (zmq.RCVHWM, 16), (zmq.RECONNECT_IVL_MAX, 1000),
                              (zmq.HEARTBEAT_IVL, 1000), (zmq.HEARTBEAT_TIMEOUT, 3000)):
            socket.setsockopt(option, value)
        for kind in _KINDS:
            socket.setsockopt(zmq.SUBSCRIBE, b"DWLM" + bytes([kind]))
        socket.connect(self._endpoint)

    def _step(self, socket: zmq.Socket) -> None:
        newest = None
        if socket.poll(_WAIT_MS):
            try:
                while True:
                    newest = self._receive(socket.recv(zmq.NOBLOCK)) or newest
            except zmq.Again:
                pass
        try:
            if newest is not None:
                self.results += 1
                self._show(newest)
            self._tick()
        except Exception as problem:  # what can't be drawn must not end the thread
            self._warn(f"a result could not be shown: {problem!r}")

    def _receive(self, message: bytes) -> Frame | None:
        try:
            content, stamp, _ = decode(message)
        except Rejected as problem:
            self._warn(f"a result was rejected: {problem}")
            return None
        self._heard_s = time.monotonic()
        if isinstance(content, Heartbeat):
            self.heartbeat = content
        return self._collector.add(content, stamp)
