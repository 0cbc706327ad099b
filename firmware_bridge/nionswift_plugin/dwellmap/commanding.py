# SPDX-License-Identifier: GPL-3.0-only
"""The thread that gives commands to the analyzer, so that nobody waits for its reply."""
from __future__ import annotations

import queue
import threading

import zmq
from dwellmap_client import Control, Rejected, Reply

_STATUS_EVERY_S = 1.0
_TIMEOUT_S = 3.0


class CommandThread(threading.Thread):
    """Commands one after the other; between them asks how the recording goes, while `connected` is set."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(name="dwellmap commands", daemon=True)
        self._control = Control(endpoint, _TIMEOUT_S)
        self._commands: queue.Queue[str | None] = queue.Queue(8)
        self.connected = False            # set from outside: whether the analyzer is heard
        self.reply: Reply | None = None  # the last one
        self.answer = ""                  # to the operator's last command, one sentence

    def stop(self) -> None:
        """Returns at once; a command that waits for its reply is left to its time-out."""
        self._give(None)

    def record_start(self) -> None:
        self._give("record_start")

    def record_stop(self) -> None:
        self._give("record_stop")

    def reset(self) -> None:
        self._give("reset")

    def _give(self, command: str | None) -> None:
        try:
            self._commands.put_nowait(command)
        except queue.Full:
            self.answer = "Too many commands wait for their replies."

    def run(self) -> None:
        while True:
            try:
                command = self._commands.get(timeout=_STATUS_EVERY_S)
            except queue.Empty:
                if self.connected:
                    self._ask("status")
                continue
            if command is None:
                return
            self._ask(command)

    def _ask(self, command: str) -> None:
        try:
            self.reply = getattr(self._control, command)()
            text = self.reply.text
        except (TimeoutError, Rejected, ValueError, zmq.ZMQError) as problem:
            self.reply, text = None, str(problem)
        if command != "status":
            self.answer = text
