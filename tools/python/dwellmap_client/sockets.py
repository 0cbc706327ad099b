# SPDX-License-Identifier: Apache-2.0
"""ZeroMQ sockets with our bounds, and errors in one clear line."""
from __future__ import annotations

import re

import zmq


def check(endpoint: str, allow_any_address: bool = True) -> None:
    """@throws ValueError: no address, or open to the whole network without leave"""
    tcp = re.fullmatch(r"tcp://(.+):(\d+|\*)", endpoint)
    if endpoint.startswith("tcp://") and (not tcp or tcp[2] != "*" and int(tcp[2]) > 65535):
        raise ValueError(f"{endpoint} is not an address: expected tcp://ADDRESS:PORT, as tcp://127.0.0.1:5555")
    if tcp and tcp[1] in ("*", "0.0.0.0", "::", "[::]") and not allow_any_address:
        raise ValueError(f"{endpoint} would be open to the whole network: name one address, as tcp://127.0.0.1:5555, "
                         "or allow any address explicitly")


def watch_peer(socket: zmq.Socket) -> None:
    """Finds a peer that is stopped or unplugged, and comes back to it within 2 s."""
    socket.setsockopt(zmq.HEARTBEAT_IVL, 1000)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3000)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, 2000)


def bind(socket: zmq.Socket, endpoint: str) -> str:
    """@return the endpoint with the port that was bound. @throws OSError (zmq.ZMQError) that names the endpoint"""
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as problem:
        raise zmq.ZMQError(problem.errno, f"cannot bind {endpoint}: {zmq.strerror(problem.errno or 0)}") from None
    return socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")


def connect(socket: zmq.Socket, endpoint: str) -> zmq.Socket:
    """@return the socket. @throws ValueError, zmq.ZMQError that name the endpoint; the socket is closed then"""
    try:
        check(endpoint)
        socket.connect(endpoint)
        return socket
    except ValueError:
        socket.close()
        raise
    except zmq.ZMQError as problem:
        socket.close()
        raise zmq.ZMQError(problem.errno, f"cannot connect to {endpoint}: {zmq.strerror(problem.errno or 0)}") from None
