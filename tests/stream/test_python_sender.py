#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""dwellmap_client over real sockets, without an analyzer: what the sender sends, how results are put together.

usage: PYTHONPATH=build/python test_python_sender.py; exit code 77: skipped, says why
"""
import socket
import sys
import threading
import unittest
from typing import Any

sys.dont_write_bytecode = True
try:
    import flatbuffers  # noqa: F401
    import numpy as np
    import zmq
except ModuleNotFoundError as missing:
    print(f"test_python_sender: skipped, {missing} (apt-get install python3-numpy python3-zmq python3-flatbuffers)")
    sys.exit(77)
else:
    from dwellmap_client import (
        Atoms,
        Collector,
        Control,
        End,
        FrameSender,
        Heartbeat,
        Map,
        Rejected,
        Reply,
        Rows,
        Stamp,
        Start,
        State,
        Statistics,
        decode,
        encode,
        listen,
        results,
    )

WAIT_S = 20


def free_endpoint() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


class Sender(unittest.TestCase):
    """The order that PROTOCOL.md wants."""

    def setUp(self) -> None:
        self.sender = self.enterContext(FrameSender("tcp://127.0.0.1:*", wait_s=WAIT_S))
        self.listener = listen(self.sender.endpoint, timeout_s=WAIT_S)
        arrived = threading.Thread(target=lambda: self.assertTrue(self.sender.wait_for_subscriber(WAIT_S)))
        arrived.start()
        self.assertIsInstance(next(self.listener)[0], Heartbeat)
        arrived.join()

    def received_until_end(self) -> list:
        """From the first start on: before it, a subscription may have been answered with a heartbeat."""
        out: list[tuple[object, object]] = []
        for message, stamp in self.listener:
            if out or isinstance(message, Start):
                out.append((message, stamp))
            if sum(isinstance(m, End) for m, _ in out) == 3:
                return out
        return out

    def test_start_heartbeat_rows_and_three_ends(self) -> None:
        uuid = self.sender.start(16, 8, pixel_type="u16", wall_time_ns=1)
        self.sender.frame(0, np.zeros((16, 8), "u2"), rows_per_block=8)
        self.sender.end("aborted", frames_dropped=2)
        everything = self.received_until_end()
        self.assertEqual([type(m) for m, _ in everything[:2]], [Start, Heartbeat])
        received = [(m, s) for m, s in everything if isinstance(m, (Rows, End))]
        self.assertEqual([type(m) for m, _ in received], [Rows, Rows, End, End, End])
        self.assertEqual({m.uuid for m, _ in everything}, {uuid})
        self.assertEqual([s.seq for _, s in received], [0, 1, 0, 1, 2])
        self.assertEqual([m.complete for m, _ in received[:2]], [False, True])
        self.assertEqual(received[-1][0], End(uuid, "aborted", frames_sent=1, frames_dropped=2, next_rows_seq=2))

    def test_who_comes_late_gets_start_and_heartbeat(self) -> None:
        uuid = self.sender.start(16, 8)
        late = listen(self.sender.endpoint, timeout_s=WAIT_S)
        arrived = threading.Thread(target=lambda: self.sender.wait_for_subscriber(WAIT_S))
        arrived.start()
        messages = [next(late)[0], next(late)[0]]
        arrived.join()
        self.assertEqual([type(m) for m in messages], [Start, Heartbeat])
        self.assertEqual([m.uuid for m in messages], [uuid, uuid])
        self.assertIs(messages[1].state, State.live)

    def test_another_series_ends_the_first(self) -> None:
        first = self.sender.start(16, 8)
        second = self.sender.start(16, 8)
        end = self.received_until_end()[-1][0]
        self.assertEqual((end.uuid, end.reason), (first, "superseded"))
        self.assertEqual(self.sender.series.uuid, second)

    def test_what_breaks_the_protocol_is_not_sent_and_has_no_number(self) -> None:
        uuid = self.sender.start(16, 8)
        with self.assertRaises(Rejected):
            self.sender.start(16, 8, pixel_size_nm=-1)
        with self.assertRaises(Rejected):
            self.sender.rows(0, 9, np.zeros((8, 8), "f4"))
        for pixels in (np.zeros((8, 9), "f4"), np.zeros((8, 8), "u2")):
            with self.assertRaisesRegex(ValueError, "the series has 8 columns of f32"):
                self.sender.rows(0, 0, pixels)
        self.sender.frame(0, np.zeros((16, 8), "f4"))
        self.sender.end()
        received = self.received_until_end()
        self.assertEqual([(m.uuid, s.seq) for m, s in received if isinstance(m, Rows)], [(uuid, 0)])
        with self.assertRaisesRegex(ValueError, "call start"):
            self.sender.frame(1, np.zeros((16, 8), "f4"))

    def test_addresses_that_cannot_be(self) -> None:
        with self.assertRaisesRegex(zmq.ZMQError, "cannot bind " + self.sender.endpoint):
            FrameSender(self.sender.endpoint)
        for endpoint in ("tcp://*:5555", "tcp://0.0.0.0:5555"):
            with self.assertRaisesRegex(ValueError, "open to the whole network"):
                FrameSender(endpoint)
        for endpoint in ("tcp://127.0.0.1:99999", "tcp://127.0.0.1"):
            for use in (FrameSender, Control, lambda e: next(results(e))):
                with self.assertRaisesRegex(ValueError, "is not an address"):
                    use(endpoint)


class Missing(unittest.TestCase):
    def test_nobody_publishes(self) -> None:
        endpoint = free_endpoint()
        with self.assertRaisesRegex(TimeoutError, f"{endpoint} for 0.2 s"):
            next(results(endpoint, timeout_s=0.2))
        with self.assertRaisesRegex(TimeoutError, endpoint):
            next(listen(endpoint, timeout_s=0.2))

    def test_nobody_takes_commands_then_somebody_does(self) -> None:
        endpoint = free_endpoint()
        control = Control(endpoint, timeout_s=0.2)
        with self.assertRaisesRegex(TimeoutError, endpoint):
            control.status()
        commands = []

        def serve(server: zmq.Socket) -> None:
            command, stamp, _ = decode(server.recv())
            commands.append(command)
            server.send(encode(Reply(True, "as you say"), stamp))

        with zmq.Context() as context, context.socket(zmq.REP) as server:
            server.bind(endpoint)
            thread = threading.Thread(target=serve, args=(server,))
            thread.start()
            self.assertEqual(Control(endpoint, WAIT_S).record_start("a.h5"), Reply(True, "as you say"))
            thread.join()
        self.assertEqual([(c.kind.name, c.file) for c in commands], [("record_start", "a.h5")])


class Collecting(unittest.TestCase):
    """Atoms, map and statistics that belong together, however they come."""

    def part(self, kind: Any, frame: int, rows: int = 8) -> Any:
        head = {"uuid": "u", "frame": frame, "rows_valid": rows, "complete": True, "version": "", "unit": "px",
                "pixel_size_nm": None}
        known: dict[str, dict] = {"columns": {}, "layers": {}}
        fields = kind.__dataclass_fields__
        return kind(**{name: head.get(name, known.get(name)) for name in fields})

    def test_only_what_belongs_together(self) -> None:
        collector, out = Collector(), []
        for kind, number, seq in ((Map, 0, 0), (Statistics, 0, 0),                 # joined in the middle
                                  (Atoms, 0, 0), (Map, 0, 0), (Statistics, 0, 0),  # then all again
                                  (Atoms, 1, 1), (Statistics, 1, 1),               # the map was lost
                                  (Atoms, 2, 2), (Map, 2, 2), (Statistics, 2, 2)):
            frame = collector.add(self.part(kind, number), Stamp(1, seq))
            out += [frame.number] if frame else []
        self.assertEqual(out, [0, 2])

    def test_another_session_begins_anew(self) -> None:
        collector = Collector()
        for kind in (Atoms, Map):
            collector.add(self.part(kind, 0), Stamp(1, 0))
        self.assertIsNone(collector.add(self.part(Statistics, 0), Stamp(2, 0)))
        collector.add(self.part(Atoms, 0), Stamp(2, 0))
        self.assertIsNotNone(collector.add(self.part(Map, 0), Stamp(2, 0)))


if __name__ == "__main__":
    unittest.main()
