# SPDX-License-Identifier: Apache-2.0
"""The first 32 bytes of every message, as firmware_bridge/wire/PROTOCOL.md has them, and why a message is refused."""
from __future__ import annotations

import enum
import struct
import zlib
from dataclasses import dataclass
from typing import Union

Buffer = Union[bytes, bytearray, memoryview]

MAX_MESSAGE_BYTES = 256 << 20
PAYLOAD_ALIGNMENT = 64  # from the start of the message
_LAYOUT = struct.Struct("<4s4BIIQQ")
_MAGIC = b"DWLM"
_MAJOR = 1


class Kind(enum.IntEnum):
    start = 1
    rows = 2
    end = 3
    heartbeat = 4
    map = 5
    atoms = 6
    statistics = 7
    event = 8
    command = 9
    reply = 10
    series = 11


IDENTIFIERS = {Kind.start: b"ss00", Kind.rows: b"sf00", Kind.end: b"sx00", Kind.heartbeat: b"hb00", Kind.map: b"rm00",
               Kind.atoms: b"rt00", Kind.statistics: b"rs00", Kind.event: b"re00", Kind.command: b"cm00",
               Kind.reply: b"cr00", Kind.series: b"rl00"}


class Rejected(ValueError):
    """Bytes, or values, that are no message of the protocol."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(f"{reason} ({field})" if field else reason)
        self.reason = reason  # as in PROTOCOL.md: "bad_magic", "bad_checksum", ...
        self.field = field    # the field at fault, where it is one


@dataclass(frozen=True)
class Stamp:
    """Which publisher's which message: the session is drawn when a publisher starts, seq counts per kind."""
    session: int
    seq: int


@dataclass(frozen=True)
class Sections:
    """A message taken apart; the views look into it. `kind` may be a number that we do not know."""
    kind: int
    stamp: Stamp
    flatbuffer: memoryview
    payload: memoryview


def _payload_offset(flatbuffer_size: int) -> int:
    return -(-(_LAYOUT.size + flatbuffer_size) // PAYLOAD_ALIGNMENT) * PAYLOAD_ALIGNMENT


def seal(kind: Kind, stamp: Stamp, flatbuffer: Buffer, payload: Buffer = b"") -> bytes:
    """Envelope, FlatBuffer and, on the next multiple of 64 bytes, the payload if there is one.

    Copies the payload once. @throws Rejected ("too_large")
    """
    payload = memoryview(payload).cast("B")
    padding = bytes(_payload_offset(len(flatbuffer)) - _LAYOUT.size - len(flatbuffer)) if payload.nbytes else b""
    if _LAYOUT.size + len(flatbuffer) + len(padding) + payload.nbytes > MAX_MESSAGE_BYTES:
        raise Rejected("too_large")
    crc = zlib.crc32(payload, zlib.crc32(padding, zlib.crc32(flatbuffer)))
    envelope = _LAYOUT.pack(_MAGIC, kind, _MAJOR, 0, 0, len(flatbuffer), crc, stamp.session, stamp.seq)
    return b"".join((envelope, flatbuffer, padding, payload))


def unseal(message: Buffer) -> Sections:
    """Checks magic, version, flags, sizes and checksum; copies nothing. @throws Rejected"""
    message = memoryview(message).cast("B")
    if message.nbytes > MAX_MESSAGE_BYTES:
        raise Rejected("too_large")
    if message.nbytes < _LAYOUT.size:
        raise Rejected("too_short")
    magic, kind, major, _minor, flags, size, crc, session, seq = _LAYOUT.unpack_from(message)
    if magic != _MAGIC:
        raise Rejected("bad_magic")
    if major != _MAJOR:
        raise Rejected("other_major")
    if flags != 0:
        raise Rejected("unknown_flags")
    body = message[_LAYOUT.size:]
    if size == 0 or size > body.nbytes:
        raise Rejected("bad_size")
    payload = message[:0]
    if size < body.nbytes:
        payload = message[_payload_offset(size):]
        if payload.nbytes == 0:
            raise Rejected("bad_size")
    if zlib.crc32(body) != crc:
        raise Rejected("bad_checksum")
    return Sections(kind, Stamp(session, seq), body[:size], payload)
