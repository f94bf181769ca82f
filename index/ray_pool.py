"""A Ray cluster as a pool: the only place that imports Ray.

What we hand to Ray and take from it are texts and bytes (``index.shards``). Ray itself does more: it sends the task as a
reference to our function ``index.shards.work`` in its own pickle format, and unpickles here what the cluster answers. So
whoever controls the cluster can run code on this machine, and whoever reaches its ports can run code on the cluster: use
only clusters of your own, with Ray's token authentication on (Ray 2.60 and later have it on unless told otherwise), which
nothing here switches off.

A shard whose process or machine dies is done again elsewhere by Ray; a cluster that is lost ends the build, and the next
one goes on with what came back before.
"""

from __future__ import annotations

import logging
import os
import socket
import warnings
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from corpus.errors import UsageError
from index.errors import WorkersUnavailable
from index.pools import ATTEMPTS, CLUSTER
from index.shards import code_version, work

_SECONDS = 5.0  # to take a connection; Ray itself would wait for 30
_INSTALL = "Install it with `pip install 'survey-qa[ray]'`, here and on every machine of the cluster."


class RayPool:
    """The processors of a cluster that was started with ``ray start``; one process of it does one shard at a time.

    Raises:
        UsageError: The address is none.
        WorkersUnavailable: Ray is not installed, the cluster does not answer or refuses us, or it has other versions.
    """

    here = False

    def __init__(self, address: str) -> None:
        self._address = address
        host, port = _host_and_port(address)
        ray = _import_ray()
        _check_reachable(address, host, port)
        self._ray, self._connection = ray, _connect(ray, address)
        resources = self._asked(ray.cluster_resources)
        self.size = max(1, int(resources.get("CPU", 1)))
        self._gpus = 1 if resources.get("GPU", 0) >= 1 else 0
        self._task = ray.remote(work).options(num_cpus=1, max_retries=ATTEMPTS)
        self._shared: tuple[bytes, Any] = b"", None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.disconnect()

    def submit(self, job: str, common: bytes, shard: bytes) -> Future[bytes]:
        """Begin a shard; one that embeds takes a graphics processor where the cluster has some."""
        task = self._task.options(num_gpus=self._gpus) if job == "embed" and self._gpus else self._task
        answer: Future[bytes] = Future()

        def hand_over(done: Future[bytes]) -> None:
            try:
                answer.set_result(self._asked(done.result))
            except WorkersUnavailable as error:
                answer.set_exception(error)

        begun = self._asked(lambda: task.remote(job, code_version(), self._common(common), shard).future())
        begun.add_done_callback(hand_over)
        return answer

    def _common(self, common: bytes) -> Any:  # noqa: ANN401 a reference of Ray's
        """Return the reference to what all shards share, which is sent once."""
        if self._shared[1] is None or self._shared[0] != common:
            self._shared = common, self._ray.put(common)
        return self._shared[1]

    def _asked(self, ask: Callable[[], Any]) -> Any:  # noqa: ANN401 Ray's own values
        """Return what Ray answers; what it says of failures becomes ours."""
        try:
            return ask()
        except (self._ray.exceptions.RayError, ConnectionError, RuntimeError, ImportError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> WorkersUnavailable:
        told = str(error)
        if "No module named" in told:
            return WorkersUnavailable(f"A machine of the cluster at {self._address} has no survey-qa. {_INSTALL}")
        if isinstance(error, self._ray.exceptions.OutOfMemoryError):
            return WorkersUnavailable(
                f"The cluster at {self._address} has too little memory for a process on every processor. "
                "Start its machines with fewer (`ray start --num-cpus N`); what is finished is kept."
            )
        return WorkersUnavailable(
            f"The cluster at {self._address} did not do its work ({type(error).__name__}: {_first(told)}). What came back "
            "before is kept: build again when the cluster is well, or with --workers N on this machine."
        )


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not address.startswith(CLUSTER) or not host or not port:
        raise UsageError(f"{address!r} names no cluster. Give --workers ray://HOST:PORT, such as ray://10.0.0.5:10001.")
    return host, port


def _import_ray() -> Any:  # noqa: ANN401 Ray is imported here only
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    try:
        import ray

        warnings.filterwarnings("ignore", module=r"ray\.util\.client")  # advice to whoever wrote us
    except ImportError as error:
        raise WorkersUnavailable(f"A cluster needs Ray, which is not installed. {_INSTALL}") from error
    return ray


def _check_reachable(address: str, host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError as error:
        raise WorkersUnavailable(
            f"No cluster answers at {address} ({error.strerror or error}). Start one there with `ray start --head "
            f"--ray-client-server-port={port}`, or give --workers N to work on this machine."
        ) from error


def _connect(ray: Any, address: str) -> Any:  # noqa: ANN401 Ray's own values
    logging.getLogger("ray").setLevel(logging.WARNING)
    try:
        try:
            return _init(ray, address)
        except ConnectionError:
            # The cluster starts a process for each client, and a busy one takes longer than Ray waits.
            ray.shutdown()
            return _init(ray, address)
    except ray.exceptions.AuthenticationError as error:
        raise WorkersUnavailable(
            f"The cluster at {address} wants a token. Put the one that it was started with into the environment "
            "(RAY_AUTH_TOKEN, or a file that RAY_AUTH_TOKEN_PATH names)."
        ) from error
    except ConnectionError as error:
        raise WorkersUnavailable(
            f"The cluster at {address} does not let us in ({_first(str(error))}). Check that this is its client port (ray start "
            "--ray-client-server-port, 10001 by default) and that RAY_AUTH_TOKEN is the one that it was started with."
        ) from error
    except (RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise WorkersUnavailable(
            f"The cluster at {address} cannot be used: {_first(str(error))}. It needs the same Ray and the same Python "
            f"(3.x) as this machine, which has Ray {ray.__version__}."
        ) from error


def _init(ray: Any, address: str) -> Any:  # noqa: ANN401 Ray's own values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ray.init(address, log_to_driver=False, logging_level=logging.WARNING)


def _first(text: str) -> str:
    """Return what an error says, on one line of bearable length."""
    return " ".join(text.split())[:300].rstrip(".")
