"""Time limits for code that may loop for ever, and threads that may never end.

A spec that waits for ever teaches nothing. POSIX has a timer signal, which also ends a blocking
call; elsewhere the exception is raised in the main thread from a timer thread, which reaches any
loop written in Python.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
from collections.abc import Generator
from types import FrameType

# A slow machine may ask for more: KATAS_PATIENCE=3 waits three times as long.
_PATIENCE = float(os.environ.get("KATAS_PATIENCE", "1"))
SECONDS_A_SPEC = 20.0 * _PATIENCE
SECONDS_AN_IMPORT = 30.0 * _PATIENCE
SECONDS_ONCE_LATE = 3.0 * _PATIENCE  # an endless loop is seldom alone, and nobody waits 20 seconds for each
SECONDS_TO_LEAVE = 3.0


class TookTooLong(BaseException):
    """Not an Exception, so that neither `except Exception` nor a shrinking search keeps it."""


class Patience:
    """How long the next spec may take: less, once one of the run has been too slow."""

    def __init__(self) -> None:
        self.seconds = SECONDS_A_SPEC

    def lose(self) -> None:
        self.seconds = SECONDS_ONCE_LATE


def _raise(_signal: int, _frame: FrameType | None) -> None:
    raise TookTooLong


@contextlib.contextmanager
def time_limit(seconds: float) -> Generator[None]:
    """Raise TookTooLong in the main thread when the body runs longer than `seconds`."""
    if threading.current_thread() is not threading.main_thread() or seconds <= 0:
        yield
    elif hasattr(signal, "setitimer"):
        before = signal.signal(signal.SIGALRM, _raise)
        # The interval repeats it, should a bare `except:` swallow the first.
        signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    else:
        main = ctypes.c_ulong(threading.main_thread().ident or 0)
        timer = threading.Timer(
            seconds, ctypes.pythonapi.PyThreadState_SetAsyncExc, (main, ctypes.py_object(TookTooLong))
        )
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def leave_even_if_threads_stay(status: int) -> None:
    """End the process although code under test left threads that never end.

    Python waits for every thread that is not a daemon. A daemon thread keeps watch over that wait
    and ends the process with the status that the run earned.
    """
    if not any(t.is_alive() and not t.daemon for t in threading.enumerate() if t is not threading.main_thread()):
        return

    def end() -> None:
        names = ", ".join(t.name for t in threading.enumerate() if not t.daemon and t is not threading.main_thread())
        sys.stdout.flush()
        if names:
            print(
                f"\nA thread that your code started never ended ({names}). It was stopped with the run.",
                flush=True,
            )
        os._exit(status)

    watch = threading.Timer(SECONDS_TO_LEAVE, end)
    watch.daemon = True
    watch.start()
