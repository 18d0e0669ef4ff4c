"""Sessions, their hours and the clock between them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from specs.world.exchange.calendar import EARLY_CLOSES, Calendar, bar_time, closes, opens, orders_by
from specs.world.market import load

SESSIONS = Calendar(bar.day for bars in load().bars.values() for bar in bars)


def test_the_known_closures_are_no_sessions() -> None:
    shut = ["2001-09-11", "2001-09-14", "2004-06-11", "2007-01-02", "2012-10-29", "2012-10-30"]
    assert not [day for day in shut if date.fromisoformat(day) in SESSIONS]


def test_every_early_close_is_a_session() -> None:
    assert all(day in SESSIONS for day in EARLY_CLOSES)
    assert closes(date(2004, 11, 26)).hour == 13


def test_hours_follow_daylight_saving_time() -> None:
    assert opens(date(2005, 4, 1)).astimezone(UTC).hour == 14
    assert opens(date(2005, 4, 4)).astimezone(UTC).hour == 13
    assert bar_time(date(2005, 4, 1)) == datetime(2005, 4, 1, 5, tzinfo=UTC)
    assert bar_time(date(2005, 4, 4)) == datetime(2005, 4, 4, 4, tzinfo=UTC)


def test_yesterday_s_bar_is_known_when_the_clock_rests() -> None:
    """A bar is known one day after its timestamp; decisions on it come before the next open."""
    for day in SESSIONS.days:
        following = SESSIONS.after(day)
        assert bar_time(day) + timedelta(days=1) <= orders_by(following) < opens(following)


def test_after_the_last_session_a_weekday_stands_in() -> None:
    assert SESSIONS.after(date(2013, 3, 1)) == date(2013, 3, 4)


def test_before_the_first_session_there_is_none() -> None:
    with pytest.raises(ValueError, match="2000-03-01"):
        SESSIONS.before(date(2000, 3, 1))


def test_an_empty_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="days"):
        Calendar([])
