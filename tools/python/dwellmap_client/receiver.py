# SPDX-License-Identifier: Apache-2.0
"""Results of an analyzer, frame by frame."""
from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import zmq

from .atoms import Atoms
from .envelope import MAX_MESSAGE_BYTES, Kind, Rejected, Stamp
from .messages import Message, decode
from .result_messages import Layer, Map, Statistics
from .sockets import connect, watch_peer

_RECEIVE_QUEUE = 16  # messages; who is further behind misses some
_POLL_MS = 100       # until Ctrl-C is seen
_log = logging.getLogger("dwellmap_client")


@dataclass(frozen=True, eq=False)
class Frame:
    """What came out of a frame, or of its part scanned so far."""
    atoms: Atoms
    map: Map
    statistics: Statistics

    @property
    def number(self) -> int:
        return self.atoms.frame

    @property
    def uuid(self) -> str:
        """Of the series."""
        return self.atoms.uuid

    @property
    def rows_valid(self) -> int:
        return self.atoms.rows_valid

    @property
    def complete(self) -> bool:
        return self.atoms.complete

    @property
    def maps(self) -> dict[str, Layer]:
        """By name, as "order_parameter": its value and its standard error sigma."""
        return self.map.layers


class Collector:
    """Atoms, map and statistics → frames, each once: the last result comes again whenever somebody subscribes."""

    def __init__(self) -> None:
        self._session: int | None = None
        self._newest: dict[type, tuple[int, Any]] = {}
        self._out: tuple[int, ...] | None = None

    def add(self, message: Message | None, stamp: Stamp) -> Frame | None:
        """@return the frame that is whole with this message"""
        if self._session != stamp.session:  # another analyzer, or a new start of it
            self._session, self._newest, self._out = stamp.session, {}, None
        if not isinstance(message, (Atoms, Map, Statistics)):
            return None
        self._newest[type(message)] = stamp.seq, message
        if len(self._newest) < 3:
            return None
        numbers, parts = zip(*(self._newest[part] for part in (Atoms, Map, Statistics)))
        same = len({(part.uuid, part.frame, part.rows_valid, part.complete) for part in parts}) == 1
        if not same or numbers == self._out:
            return None
        self._out = numbers
        return Frame(*parts)


def _open(context: zmq.Context, endpoint: str, kinds: Iterable[Kind]) -> zmq.Socket:
    socket = context.socket(zmq.SUB)
    for option, value in ((zmq.LINGER, 0), (zmq.RCVHWM, _RECEIVE_QUEUE), (zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)):
        socket.setsockopt(option, value)
    watch_peer(socket)
    for prefix in [bytes([kind]) for kind in kinds] or [b""]:
        socket.setsockopt(zmq.SUBSCRIBE, b"DWLM" + prefix)
    return connect(socket, endpoint)


def _decoded(parts: list[bytes], endpoint: str) -> tuple[Message, Stamp] | None:
    try:
        if len(parts) > 1:
            raise Rejected("multipart")
        message, stamp, _ = decode(parts[0])
    except Rejected as problem:
        _log.warning("%s: a message was rejected: %s", endpoint, problem)
        return None
    return None if message is None else (message, stamp)


def _received(endpoint: str, kinds: Iterable[Kind]) -> Iterator[tuple[Message, Stamp] | None]:
    """Messages as they come, None at least every 0.1 s while none does."""
    with zmq.Context() as context, _open(context, endpoint, kinds) as socket:
        while True:
            yield _decoded(socket.recv_multipart(), endpoint) if socket.poll(_POLL_MS) else None


class _Patience:
    def __init__(self, endpoint: str, timeout_s: float | None) -> None:
        self._endpoint, self._timeout_s = endpoint, timeout_s
        self.renew()

    def renew(self) -> None:
        self._since_s = time.monotonic()

    def check(self) -> None:
        if self._timeout_s is not None and time.monotonic() - self._since_s > self._timeout_s:
            raise TimeoutError(f"nothing came from {self._endpoint} for {self._timeout_s:g} s: does dwellmap run, "
                               "publish there, and receive images?")


def results(endpoint: str = "tcp://127.0.0.1:5556", complete: bool = True,
            timeout_s: float | None = None) -> Iterator[Frame]:
    """Frames as they are analysed, the last one at once; reconnects by itself.

    Who is slow misses frames, and nobody waits.

    @param complete   False: also frames that are still being scanned, each time new rows were analysed
    @throws TimeoutError when no frame has come for timeout_s; ValueError: the endpoint is no address
    """
    collector, patience = Collector(), _Patience(endpoint, timeout_s)
    for received in _received(endpoint, (Kind.atoms, Kind.map, Kind.statistics)):
        frame = received and collector.add(*received)
        if frame and (frame.complete or not complete):
            yield frame
            patience.renew()
        patience.check()


def listen(endpoint: str = "tcp://127.0.0.1:5556", kinds: Iterable[Kind] = (),
             timeout_s: float | None = None) -> Iterator[tuple[Message, Stamp]]:
    """Messages of these kinds (none given: of all), one by one with their stamps, repeated ones too.

    What is no message is logged and left out.
    @throws TimeoutError when none has come for timeout_s; ValueError: the endpoint is no address
    """
    patience = _Patience(endpoint, timeout_s)
    for received in _received(endpoint, kinds):
        if received:
            yield received
            patience.renew()
        patience.check()
