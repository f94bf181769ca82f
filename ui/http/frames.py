"""Messages between the server and the processes that answer: JSON objects, each behind its length.

Both ends are ours, of one version and on one machine; a frame that is too long or no object means that the other end is not.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

Frame = dict[str, Any]

MAX_BYTES = 64_000_000

_LENGTH = struct.Struct(">I")


def pack(frame: Frame) -> bytes:
    """Return the bytes of a frame; lone halves of characters survive as escapes."""
    body = json.dumps(frame, separators=(",", ":")).encode()
    return _LENGTH.pack(len(body)) + body


async def receive(reader: asyncio.StreamReader) -> Frame | None:
    """Return the next frame, or None when the other end has gone."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return _unpacked(await reader.readexactly(length)) if length <= MAX_BYTES else None
    except (asyncio.IncompleteReadError, OSError, ValueError):
        return None


def receive_blocking(connection: socket.socket) -> Frame | None:
    """Return the next frame, or None when the other end has gone or the connection's time is up."""
    try:
        (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
        return _unpacked(_exactly(connection, length)) if length <= MAX_BYTES else None
    except (OSError, EOFError, ValueError):
        return None


def _exactly(connection: socket.socket, count: int) -> bytes:
    read = bytearray()
    while len(read) < count:
        piece = connection.recv(count - len(read))
        if not piece:
            raise EOFError
        read += piece
    return bytes(read)


def _unpacked(body: bytes) -> Frame | None:
    frame = json.loads(body)
    return frame if isinstance(frame, dict) else None
