"""A bounded crew of daemon threads: work that outlives the deadline never keeps the process alive."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Crew:
    """Runs jobs on at most ``size`` threads, which start when they are needed.

    Unlike ``ThreadPoolExecutor`` it is not waited for at exit: a server that hangs must not hang the command.
    """

    def __init__(self, size: int) -> None:
        """Start no thread yet."""
        self._size = size
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._threads = 0

    def submit(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Run the job on a thread and return the future of its result."""
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = job(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the result
                future.set_exception(error)
            else:
                future.set_result(result)

        self._jobs.put(run)
        self._grow()
        return future

    def stop(self) -> None:
        """Let the threads end after the jobs that were submitted; wait for none."""
        for _ in range(self._threads):
            self._jobs.put(None)

    def _grow(self) -> None:
        if self._idle.acquire(blocking=False):
            return
        with self._lock:
            if self._threads < self._size:
                self._threads += 1
                threading.Thread(target=self._work, name="slipway-source", daemon=True).start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            self._idle.release()
