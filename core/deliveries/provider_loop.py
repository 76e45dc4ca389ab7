"""The event loop of one provider: its async code runs there, in a thread of its own.

Code that blocks the loop (`requests` or `time.sleep` in an `async def`) stops this
provider only. The delivery loop, which is called *home* here, hands calls over and
takes answers back, many at once; a watchdog looks whether the other loop still runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from heliograph.channel import OutgoingText
from heliograph.deliveries.late import StillUnderWay
from heliograph.deliveries.stacks import place_of
from heliograph.deliveries.threads import as_exception
from heliograph.deliveries.watchdog import Watchdog
from heliograph.sentences import Sentence

try:
    import uvloop
except ImportError:  # not made for every system; asyncio's own does the same, slower
    uvloop = None  # type: ignore[assignment]  # looked at before it is used

log = logging.getLogger(__name__)

GRACE_SECONDS = 0.5  # a call that is cancelled ends within that, or it hangs


def new_loop() -> asyncio.AbstractEventLoop:
    loop: asyncio.AbstractEventLoop = (uvloop or asyncio).new_event_loop()
    return loop


class Call:
    """One call. `answer` or `error` is set by the provider's loop, the rest at home."""

    __slots__ = ("answer", "arguments", "cancelled", "error", "future", "late", "method", "task")

    def __init__(
        self, method: Callable[..., Any], arguments: tuple[Any, ...], future: asyncio.Future[Any]
    ) -> None:
        self.method, self.arguments, self.future = method, arguments, future
        self.answer: Any = None
        self.error: BaseException | None = None
        self.task: asyncio.Task[None] | None = None
        self.late: Future[Any] | None = None
        self.cancelled = False

    @property
    def words(self) -> str:
        """`send of delivery 17`, for people."""
        name = getattr(self.method, "__name__", "a call")
        about = self.arguments[0] if self.arguments else ""
        if isinstance(about, OutgoingText):
            return f"{name} of delivery {about.reference.rpartition('-')[2]}"
        return f"{name} of {about}" if isinstance(about, str) and about else str(name)

    @property
    def is_send(self) -> bool:
        owner = type(getattr(self.method, "__self__", None))
        return getattr(self.method, "__func__", None) is getattr(owner, "send", self)

    def cancel(self) -> None:
        """On the provider's loop: ask the call to end."""
        self.cancelled = True
        if self.task is not None:
            self.task.cancel()


class ProviderLoop:
    """Made and used on the home loop. *held* is told in words while a block lasts."""

    def __init__(self, name: str, folder: str, held: Callable[[str, Sentence], None]) -> None:
        self.name, self._folder = name, folder
        self._home = asyncio.get_running_loop()
        self._loop = new_loop()
        self._begins: deque[Call] = deque()
        self._unbegun: set[Call] = set()  # whoever removes a call from it decides what it becomes
        self._ends: deque[Call] = deque()
        self._calls: dict[asyncio.Task[None], Call] = {}
        self._begin_told = self._end_told = self._ended = False
        self._out = 0
        self._watchdog = Watchdog(self, held)
        self._thread = threading.Thread(
            target=self._serve, name=f"heliograph-loop-{name}", daemon=True
        )
        self._thread.start()

    # -- at home ---------------------------------------------------------

    async def run(self, method: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Await *method* on the provider's loop.

        What it raises is an Exception. Raises StillUnderWay when it is cancelled and
        does not end; Released, or Failure(THROTTLED) after a while, when it never began
        on a blocked loop.
        """
        call = Call(method, arguments, self._home.create_future())
        self._out += 1
        self._unbegun.add(call)
        self._begins.append(call)
        if not self._begin_told:
            self._begin_told = True
            self._loop.call_soon_threadsafe(self._begin)
        self._watchdog.wake()
        try:
            return await call.future
        except asyncio.CancelledError:
            return await self._cut(call)

    async def _cut(self, call: Call) -> Any:
        """Our task was cancelled: what becomes of the call."""
        if call.future.done() and not call.future.cancelled():
            return call.future.result()  # it came in the same moment
        if self._withdraw(call):
            if self._watchdog.sees_a_block:
                raise self._watchdog.refusal()
            raise asyncio.CancelledError
        call.future = self._home.create_future()
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(call.cancel)
        try:
            await asyncio.wait([call.future], timeout=GRACE_SECONDS)
        except asyncio.CancelledError:
            call.future.cancel()
            raise
        if call.future.done():
            return call.future.result()
        call.future.cancel()
        call.late = Future()
        raise StillUnderWay(call.late)

    def _withdraw(self, call: Call) -> bool:
        """Take a call back; False when it has begun."""
        try:
            self._unbegun.remove(call)
        except KeyError:
            return False
        self._out -= 1
        return True

    def _take_back(self) -> None:
        self._end_told = False
        while self._ends:
            call = self._ends.popleft()
            self._out -= 1
            settle(call)

    # -- for the watchdog ------------------------------------------------

    @property
    def is_busy(self) -> bool:
        return self._out > 0

    def ping(self, answer: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(answer)

    def current_call(self) -> str:
        task = asyncio.current_task(self._loop)
        call = self._calls.get(task) if task is not None else None
        return call.words if call is not None else ""

    def current_place(self) -> str:
        return place_of(self._thread.ident, self._folder)

    def withdraw_all(self, error: Callable[[], Exception], *, only_sends: bool) -> None:
        for call in list(self._unbegun):
            if only_sends and not call.is_send:
                continue
            if self._withdraw(call) and not call.future.done():
                call.future.set_exception(error())

    # -- on the provider's loop ------------------------------------------

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        while not self._ended:
            try:
                self._loop.run_forever()
            except BaseException:  # a task of the plugin's own: the others go on
                log.exception("the code of provider %s tried to end this process", self.name)
        self._loop.close()

    def _begin(self) -> None:
        self._begin_told = False
        while self._begins:
            call = self._begins.popleft()
            call.task = task = self._loop.create_task(self._work(call))
            self._calls[task] = call

    async def _work(self, call: Call) -> None:
        try:
            self._unbegun.remove(call)
        except KeyError:  # taken back meanwhile
            self._forget(call)
            return
        try:
            call.answer = await call.method(*call.arguments)
        except BaseException as error:
            call.error = error
        self._forget(call)
        self._ends.append(call)
        if not self._end_told:
            self._end_told = True
            with contextlib.suppress(RuntimeError):  # home is closed
                self._home.call_soon_threadsafe(self._take_back)

    def _forget(self, call: Call) -> None:
        if call.task is not None:
            del self._calls[call.task]

    # -- the end ---------------------------------------------------------

    def stop(self) -> None:
        """Ask the loop to end; whoever blocks it is left behind, in a daemon thread."""
        self._ended = True
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.call_later(0.05, self._loop.stop)  # after they have seen it

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)


def settle(call: Call) -> None:
    """Give the end of *call* to whoever waits for it."""
    future = call.future
    if call.late is not None:
        if call.error is None:
            call.late.set_result(call.answer)
        else:
            call.late.set_exception(as_exception(call.error))
    elif future.done():
        return  # nobody waits any more
    elif call.error is None:
        future.set_result(call.answer)
    elif call.cancelled and isinstance(call.error, asyncio.CancelledError):
        future.cancel()
    else:
        future.set_exception(as_exception(call.error))
