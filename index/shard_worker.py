"""The process that does shards: requests from a pipe, answers to another; it may be killed at any time and loses nothing.

A request is the length of a head, the head (JSON: job, version, sizes), what all shards of the job share if that is new,
and the shard; an answer is its length and what ``index.shards.work`` returned.
"""

from __future__ import annotations

import json
import os
import struct
import sys

HEAD = struct.Struct(">I")
LENGTH = struct.Struct(">Q")


def main() -> None:
    """Answer requests until the pipe ends."""
    from index.shards import work

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what libraries print is no answer
    requests, common = sys.stdin.buffer, b""
    while size := requests.read(HEAD.size):
        asked = json.loads(requests.read(HEAD.unpack(size)[0]))
        shared, own = asked["sizes"]
        given = requests.read(shared)
        common = given if asked["new"] else common
        answer = work(asked["job"], asked["code"], common, requests.read(own))
        answers.write(LENGTH.pack(len(answer)))
        answers.write(answer)
        answers.flush()
