# SPDX-License-Identifier: Apache-2.0
"""Commands to an analyzer."""
from __future__ import annotations

import secrets

import zmq

from .command_messages import Command, CommandKind, Reply
from .envelope import Kind, Rejected, Stamp
from .messages import decode, encode
from .sockets import check, connect

_RECORD_STOP_S = 35.0


class Control:
    """Each method waits for the reply: a `Reply` with ok, text (one sentence) and the state of the recording.

    Raises TimeoutError where none comes in time; whether the command was carried out is then not known, and the next
    one begins anew. Raises Rejected where the reply is none. One thread owns it.
    """

    def __init__(self, endpoint: str = "tcp://127.0.0.1:5557", timeout_s: float = 5) -> None:
        check(endpoint)
        self._endpoint, self._timeout_s = endpoint, timeout_s
        self._session, self._next_seq = secrets.randbits(64), 0

    def status(self) -> Reply:
        return self.send(Command(CommandKind.status))

    def record_start(self, file: str = "") -> Reply:
        """@param file  a name without folders, of the analyzer's folder; empty: a new name is made up"""
        return self.send(Command(CommandKind.record_start, file))

    def record_stop(self) -> Reply:
        """Waits longer than the analyzer does until all that it holds is on the disk."""
        return self.send(Command(CommandKind.record_stop), max(self._timeout_s, _RECORD_STOP_S))

    def reset(self) -> Reply:
        """The next frame begins a new analysis."""
        return self.send(Command(CommandKind.reset))

    def send(self, command: Command, timeout_s: float | None = None) -> Reply:
        """@param timeout_s  None: the one of all commands"""
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        request = encode(command, Stamp(self._session, self._next_seq))
        self._next_seq += 1
        with zmq.Context() as context, connect(context.socket(zmq.REQ), self._endpoint) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            socket.send(request)
            if not socket.poll(round(1000 * timeout_s)):
                raise TimeoutError(f"no reply from {self._endpoint} within {timeout_s:g} s: does dwellmap run, "
                                   "and is stream.control this address?")
            reply, _, kind = decode(socket.recv())
        if not isinstance(reply, Reply):
            raise Rejected("wrong_identifier", f"kind {kind} instead of {Kind.reply}")
        return reply
