"""One writer with group commit.

Every change of a SQLite database goes through one thread. While one commit waits for the disk,
the next changes gather; they share the following commit. Each caller still waits for the commit
that carries its change, so grouping makes full durability about as cheap as none.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeVar

import apsw

from widget.errors import WidgetError
from widget.storage.connections import unavailable

Result = TypeVar("Result")

#: Enough to share the cost of a commit, and few enough that nobody waits long for the others.
MAX_GROUP = 200


@dataclass(frozen=True, slots=True)
class _Change:
    work: Callable[[apsw.Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]

    def settle(self, outcome: Any) -> None:  # noqa: ANN401 - whatever the work returned or raised
        """Hand the outcome to the waiting task, in its own thread."""
        try:
            self.loop.call_soon_threadsafe(_resolve, self.future, outcome)
        except RuntimeError:
            # The caller's loop has ended; what was committed stays committed.
            return


class Writer:
    """Runs changes one after the other, in groups that commit together."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._queue: SimpleQueue[_Change | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="storage-writer", daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[apsw.Connection], Result]) -> Result:
        """Run `work` in a transaction and return its result once that is durable.

        Whatever `work` raises undoes its own part and nobody else's.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._queue.put(_Change(work, loop, future))
        return await future

    def stop(self) -> None:
        """Commit what is queued, then end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group = [first]
            is_last = False
            while len(group) < MAX_GROUP and not self._queue.empty():
                change = self._queue.get()
                if change is None:
                    is_last = True
                    break
                group.append(change)
            self._commit(group)
            if is_last:
                return

    def _commit(self, group: list[_Change]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes = [self._attempt(change) for change in group]
            self._connection.execute("COMMIT")
        except apsw.Error as error:
            outcomes = [unavailable(error)] * len(group)
            self._undo()
        for change, outcome in zip(group, outcomes, strict=True):
            change.settle(outcome)

    def _undo(self) -> None:
        if self._connection.in_transaction:
            # When even this fails, the next group fails at its beginning, and tries again.
            with contextlib.suppress(apsw.Error):
                self._connection.execute("ROLLBACK")

    def _attempt(self, change: _Change) -> Any:  # noqa: ANN401 - whatever the work returns
        try:
            with self._connection:  # a savepoint: only this change is undone when it fails
                return change.work(self._connection)
        except WidgetError as error:
            return error
        except (apsw.ConstraintError, apsw.SQLError) as error:
            return unavailable(error)
        except apsw.Error:
            raise  # the disk or the file: it is not this change alone that cannot be kept
        except Exception as error:  # noqa: BLE001 - a fault of one caller's must not end the thread
            return error


def _resolve(future: asyncio.Future[Any], outcome: object) -> None:
    if future.cancelled():
        return
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
