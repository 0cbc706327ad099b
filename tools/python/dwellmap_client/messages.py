# SPDX-License-Identifier: Apache-2.0
"""Bytes ↔ messages of every kind."""
from __future__ import annotations

from typing import Union

from . import command_messages, frame_messages, result_messages
from .command_messages import Command, Reply
from .envelope import Buffer, Kind, Stamp, unseal
from .frame_messages import End, FrameMessage, Heartbeat, Rows, Start
from .frame_messages import encode as encode_frame_message
from .result_messages import ResultMessage

Message = Union[FrameMessage, ResultMessage, Command, Reply]

_DECODERS = {Kind.start: frame_messages.decode, Kind.rows: frame_messages.decode, Kind.end: frame_messages.decode,
             Kind.heartbeat: frame_messages.decode, Kind.map: result_messages.decode,
             Kind.atoms: result_messages.decode, Kind.statistics: result_messages.decode,
             Kind.series: result_messages.decode, Kind.event: result_messages.decode,
             Kind.command: command_messages.decode, Kind.reply: command_messages.decode}


def encode(message: Start | Rows | End | Heartbeat | Command | Reply, stamp: Stamp) -> bytes:
    """@throws Rejected if the message breaks a rule of the protocol"""
    if isinstance(message, (Command, Reply)):
        return command_messages.encode(message, stamp)
    return encode_frame_message(message, stamp)


def decode(message: Buffer) -> tuple[Message | None, Stamp, int]:
    """The message, its stamp, its kind. The message is None for a kind that we do not know: a newer sender's.

    Arrays are views into `message`. @throws Rejected, and nothing else, for any other bytes
    """
    sections = unseal(message)
    decoder = _DECODERS.get(sections.kind)  # type: ignore[call-overload]
    return (decoder(sections) if decoder else None), sections.stamp, sections.kind
