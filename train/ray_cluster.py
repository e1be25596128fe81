"""The Ray cluster that work is sent to: one that is there, or one of this machine for one run."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from train.errors import InputError
from train.jobs import Job

OBJECT_STORE_BYTES = 128 * 1024 * 1024
"""Shared memory of a cluster that is started here; what travels through it is a few parts."""


def import_ray() -> Any:
    """Import Ray and Ray Data, quietly."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to anyone
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")  # what is held back would be told at the end
    try:
        ray = importlib.import_module("ray")
        importlib.import_module("ray.data")
    except ModuleNotFoundError as error:
        raise InputError(
            f"--engine ray needs {error.name}, which comes with the extra: "
            "pip install 'marsad[ray]'"
        ) from None
    return ray


@contextlib.contextmanager
def joined(ray: Any, job: Job, address: str | None, workers: int | None) -> Iterator[None]:
    """Be joined to a cluster; to one that is started here, and ends here, where none is named."""
    if ray.is_initialized():
        yield
        return
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    # Ray takes SIGTERM to end at once; what the caller does about it must go on.
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM) if in_main else None
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if address == "local":
        options |= {
            "object_store_memory": OBJECT_STORE_BYTES,
            "include_dashboard": False,
        }
        if workers is not None:
            options["num_cpus"] = workers * (job.threads or 1)
    try:
        host, _, port = address.rpartition(":")
        if port.isdecimal() and "//" not in host:  # Ray itself would try for minutes
            socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
        ray.init(address=address, **options)
    except (OSError, ValueError, RuntimeError, OverflowError) as error:
        raise InputError(
            f"no Ray cluster at {address} ({first_line(error)}); start one with: ray start --head"
        ) from None
    try:
        if handler is not None:
            signal.signal(signal.SIGTERM, handler)
        yield
    finally:
        ray.shutdown()


@contextlib.contextmanager
def settings(ray: Any, in_order: bool, attempts: int) -> Iterator[None]:
    """Set Ray Data up for parts: each a block of its own, and not a word on the screen.

    Args:
        ray: the module.
        in_order: whether results must come in input order.
        attempts: how many processes may die while they begin, one after the other.
    """
    context = ray.data.DataContext.get_current()
    wanted = {
        "target_max_block_size": 1,  # bytes: a block ends with the part that it begins with
        "enable_progress_bars": False,
        "print_on_execution_start": False,
        # A process can be killed while it loads the model, too.
        "max_consecutive_actor_init_deaths": attempts,
    }
    worker_module = importlib.import_module("ray._private.worker")
    with contextlib.ExitStack() as stack:
        for name, value in wanted.items():
            if hasattr(context, name):  # some are younger than the oldest Ray that will do
                stack.enter_context(_with(context, name, value))
        stack.enter_context(_with(context.execution_options, "preserve_order", in_order))
        # Ray tells of processes that died on stdout, where our data goes.
        stack.enter_context(_with(worker_module, "_worker_logs_enabled", False))
        logger = logging.getLogger("ray.data")
        stack.callback(logger.setLevel, logger.level)
        logger.setLevel(logging.CRITICAL)
        yield


@contextlib.contextmanager
def _with(holder: Any, name: str, value: object) -> Iterator[None]:
    before = getattr(holder, name, value)
    setattr(holder, name, value)
    try:
        yield
    finally:
        setattr(holder, name, before)


def capacity(ray: Any, job: Job) -> int:
    """Return how many tagging processes the cluster has room for; at least one."""
    resources: Mapping[str, float] = ray.cluster_resources()
    if job.runtime == "cuda":
        return max(1, int(resources.get("GPU", 0)))
    return max(1, int(resources.get("CPU", 0)) // (job.threads or 1))


def first_line(error: BaseException) -> str:
    """Return what an error says, without the traces that Ray adds to it."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
