# SPDX-License-Identifier: Apache-2.0
"""Commands to an analyzer and its replies."""
from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field

from .envelope import Kind, Rejected, Sections, Stamp
from .tables import Table, checked_text, message, only_rejects, root

MAX_CONTROL_BYTES = 65536
_MAX_REPLY_TEXT_BYTES = 8192


class CommandKind(enum.IntEnum):
    status = 0
    record_start = 1
    record_stop = 2
    reset = 3


class RecordingState(enum.IntEnum):
    off = 0
    recording = 1
    failed = 2  # ended by itself; the file is whole up to there


@dataclass(frozen=True)
class Command:
    kind: CommandKind = CommandKind.status
    file: str = ""  # of record_start: a name without folders; empty: a new name is made up


@dataclass(frozen=True)
class Recording:
    state: RecordingState = RecordingState.off
    file: str = ""
    error: str = ""  # one sentence for the operator
    frames: int = 0
    blocks_dropped: int = 0
    bytes: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Reply:
    ok: bool
    text: str  # one sentence for the operator
    recording: Recording = field(default_factory=Recording)


def encode(m: Command | Reply, stamp: Stamp) -> bytes:
    """@throws Rejected"""
    with only_rejects():
        if isinstance(m, Command):
            checked_text(m.file, "file")
            return message(Kind.command, stamp, vars(m))
        return message(Kind.reply, stamp, {**vars(m), "recording": vars(m.recording)})


def _command(t: Table) -> Command:
    return Command(CommandKind(t["kind"]), t.text("file"))


def _reply(t: Table) -> Reply:
    r = t.needed("recording")
    recording = Recording(state=RecordingState(r["state"]), file=r.text("file", _MAX_REPLY_TEXT_BYTES),
                          error=r.text("error", _MAX_REPLY_TEXT_BYTES),
                          **r.numbers("frames", "blocks_dropped", "bytes", "seconds"))
    if not math.isfinite(recording.seconds):
        raise Rejected("bad_flatbuffer", "seconds")
    return Reply(t["ok"], t.text("text", _MAX_REPLY_TEXT_BYTES), recording)


def decode(sections: Sections) -> Command | Reply:
    """@throws Rejected"""
    if sections.payload.nbytes:
        raise Rejected("bad_payload_size")
    if sections.flatbuffer.nbytes > MAX_CONTROL_BYTES:
        raise Rejected("bad_size")
    with only_rejects():
        return (_command if sections.kind == Kind.command else _reply)(root(sections))
