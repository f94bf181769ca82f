"""One of the processes that answer: reads questions from the server's end of a socket, and writes what comes of them.

It ends when the server does. Signals that end the server go by it, so that what was accepted is answered first.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from typing import NoReturn

from corpus.errors import SurveyQAError
from rag import tracing
from ui.http.answering import Asked, Here
from ui.http.failing import Failed, failure_of
from ui.http.frames import Frame, pack, receive, receive_blocking
from ui.opening import Opening

FOLLOW_SECONDS = 0.25  # how soon a snapshot that was published is taken over


def main(descriptor: int) -> None:
    """Open what the server names, say so, and answer until it hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    connection = socket.socket(fileno=descriptor)
    told = receive_blocking(connection)
    if told is None:
        return
    try:
        tracing.begin_if_asked()
        opening = Opening(**told["opening"])
        assistant = opening.open()
        assistant.index.load()
    except SurveyQAError as error:
        connection.sendall(pack({"failed": str(error)}))
        return
    with assistant.index.following(FOLLOW_SECONDS):
        asyncio.run(_serve(connection, Here(assistant, threads=1 if opening.waits else 0)))


async def _serve(connection: socket.socket, answering: Here) -> NoReturn:
    reader, writer = await asyncio.open_connection(sock=connection)
    writer.write(pack({"ready": True}))
    tasks: dict[int, asyncio.Task[None]] = {}
    while (frame := await receive(reader)) is not None:
        if "ping" in frame:
            writer.write(pack({"pong": frame["ping"]}))
        elif "cancel" in frame:
            if task := tasks.get(frame["cancel"]):
                task.cancel()
        else:
            number = frame["id"]
            tasks[number] = task = asyncio.create_task(_work(answering, frame, writer))
            task.add_done_callback(lambda _, number=number: tasks.pop(number, None))  # type: ignore[misc]
    os._exit(0)  # the server has gone, and nobody waits for what a thread may still be working at


async def _work(answering: Here, frame: Frame, writer: asyncio.StreamWriter) -> None:
    """Do one piece of work, and write every piece of it as it comes."""
    number = frame["id"]
    try:
        with tracing.under(frame.get("trace") or {}):
            if frame["do"] == "search":
                writer.write(pack({"id": number, "done": await answering.search(**frame["with"])}))
            elif frame["do"] == "ask":
                writer.write(pack({"id": number, "done": await answering.ask(Asked(**frame["with"]))}))
            else:
                async for event in answering.stream(Asked(**frame["with"])):
                    writer.write(pack({"id": number, "piece" if isinstance(event, str) else "done": event}))
                    await writer.drain()
    except Exception as error:  # noqa: BLE001 the outermost frame of a piece of work: the server gets a sentence
        failed = error if isinstance(error, Failed) else failure_of(error)
        told = {"status": failed.status, "message": str(failed), "code": failed.code, "retry_after": failed.retry_after}
        writer.write(pack({"id": number, "failed": told}))
    await writer.drain()


if __name__ == "__main__":
    main(int(sys.argv[1]))
