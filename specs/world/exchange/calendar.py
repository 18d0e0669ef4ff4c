"""Trading sessions of the New York Stock Exchange and the exchange's simulated clock."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
OPEN = time(9, 30)
CLOSE = time(16, 0)
EARLY_CLOSE = time(13, 0)
ORDERS_BY = time(9, 0)
"""Where the clock rests between sessions. The bar of the day before closed at midnight, so it is known."""

_EARLY = """
    2000-07-03 2000-11-24 2001-07-03 2001-11-23 2001-12-24 2002-07-05 2002-11-29 2002-12-24 2003-07-03
    2003-11-28 2003-12-24 2003-12-26 2004-11-26 2005-11-25 2006-07-03 2006-11-24 2007-07-03 2007-11-23
    2007-12-24 2008-07-03 2008-11-28 2008-12-24 2009-11-27 2009-12-24 2010-11-26 2011-11-25 2012-07-03
    2012-11-23 2012-12-24
"""
EARLY_CLOSES = frozenset(date.fromisoformat(day) for day in _EARLY.split())
"""Sessions that ended at 13:00, March 2000 to March 2013."""


class Calendar:
    """The sessions of a market, from the days on which it traded."""

    def __init__(self, days: Iterable[date]) -> None:
        self.days: tuple[date, ...] = tuple(sorted(set(days)))
        if not self.days:
            raise ValueError("days: a calendar needs at least one session")

    def __contains__(self, day: date) -> bool:
        return day in self.days[bisect_left(self.days, day) :][:1]

    def between(self, start: date, end: date) -> tuple[date, ...]:
        """Sessions from start to end, both included."""
        return self.days[bisect_left(self.days, start) : bisect_right(self.days, end)]

    def on_or_after(self, day: date) -> date:
        """The first session that is not before `day`. After the last one, the next weekday stands in."""
        at = bisect_left(self.days, day)
        if at < len(self.days):
            return self.days[at]
        while day.weekday() >= 5:
            day += timedelta(days=1)
        return day

    def after(self, day: date) -> date:
        """The session that follows `day`."""
        return self.on_or_after(day + timedelta(days=1))

    def before(self, day: date) -> date:
        """The last session before `day`. Raises ValueError if there is none."""
        at = bisect_left(self.days, day)
        if at == 0:
            raise ValueError(f"no session before {day}")
        return self.days[at - 1]


def opens(day: date) -> datetime:
    """When the session opens, in New York time."""
    return datetime.combine(day, OPEN, NEW_YORK)


def closes(day: date) -> datetime:
    """When the session closes, in New York time."""
    return datetime.combine(day, EARLY_CLOSE if day in EARLY_CLOSES else CLOSE, NEW_YORK)


def orders_by(day: date) -> datetime:
    """The instant before the session at which the clock waits for orders, in UTC."""
    return datetime.combine(day, ORDERS_BY, NEW_YORK).astimezone(UTC)


@cache
def bar_time(day: date) -> datetime:
    """The timestamp of a daily bar: midnight in New York, in UTC."""
    return datetime.combine(day, time(0), NEW_YORK).astimezone(UTC)
