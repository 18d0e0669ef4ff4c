"""Three simple signals and their weighted vote.

A signal sees the closes up to now, oldest first, and says what it would do at this close. It is a
pure function of the last few of them: older prices change nothing, and nor does the currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from .models import Signal


def sma_crossover(
    closes: Sequence[float | Decimal], fast: int = 10, slow: int = 30, *, full_at: float = 0.02
) -> Signal:
    """BUY when the fast average rises through the slow one on the last bar, SELL when it falls through.

    With `d` the fast simple moving average minus the slow one, on the last bar and on the one before:

        BUY    d[-1] > 0 and d[-2] <= 0
        SELL   d[-1] < 0 and d[-2] >= 0
        HOLD   otherwise

    Equality is no cross: averages that agree to within 1e-9 of the slow one count as equal (d = 0).

    Parameters
    ----------
    closes : sequence of float or Decimal, shape (n,)
        Closing prices, oldest first, finite and above 0, every one of them, also where only the last
        few count.
    fast, slow : int
        Lengths of the averages in bars, 1 <= fast < slow.
    full_at : float
        Gap between the averages, as a share of the slow one, at which the strength reaches 1; above 0.

    Returns
    -------
    Signal
        On a cross the strength is `min(1, |d[-1]| / slow_average / full_at)`. With fewer than
        `slow + 1` closes: HOLD, with a reason that names both numbers, needed and given.

    Raises
    ------
    ValueError
        Names the parameter and its value: a close that is not finite or not above 0; `fast`, `slow`
        or `full_at` out of range.

    Examples
    --------
    The averages of two and three closes: 10 and 10 on the bar before, 10.5 and 10.333 on the last.

    >>> signal = sma_crossover([10, 10, 10, 11], fast=2, slow=3)
    >>> signal.action.value, round(signal.strength, 6)
    ('buy', 0.806452)
    """
    raise NotImplementedError


def momentum(closes: Sequence[float | Decimal], lookback: int = 20, *, full_at: float = 0.10) -> Signal:
    """BUY what has risen over the last `lookback` bars, SELL what has fallen.

        r = closes[-1] / closes[-1 - lookback] - 1

    Parameters
    ----------
    closes : sequence of float or Decimal, shape (n,)
        Closing prices, oldest first, finite and above 0.
    lookback : int
        Bars to look back, at least 1. It takes `lookback + 1` closes to span them.
    full_at : float
        Absolute return at which the strength reaches 1; above 0.

    Returns
    -------
    Signal
        BUY for r > 0, SELL for r < 0, with strength `min(1, |r| / full_at)`; HOLD where r is 0 to
        within 1e-9. With fewer than `lookback + 1` closes: HOLD, with a reason that names both
        numbers, needed and given.

    Raises
    ------
    ValueError
        Names the parameter and its value: a close that is not finite or not above 0; `lookback` or
        `full_at` out of range.

    Examples
    --------
    >>> signal = momentum([100, 90, 95, 104], lookback=3)
    >>> signal.action.value, round(signal.strength, 6)
    ('buy', 0.4)
    """
    raise NotImplementedError


def mean_reversion(closes: Sequence[float | Decimal], window: int = 20, entry_z: float = 2.0) -> Signal:
    """BUY what is unusually cheap against its own recent mean, SELL what is unusually dear.

        z = (closes[-1] - mean) / std        over the last `window` closes, the last one included

    `std` is the population standard deviation (divisor n), as in Bollinger's bands.

    Parameters
    ----------
    closes : sequence of float or Decimal, shape (n,)
        Closing prices, oldest first, finite and above 0.
    window : int
        Closes in the mean, at least 2.
    entry_z : float
        Distance from the mean, in standard deviations, from which on to act; above 0 and below
        `sqrt(window - 1)`, the largest |z| that one of `window` numbers can have: a threshold
        beyond it would never trade.

    Returns
    -------
    Signal
        BUY for z <= -entry_z, SELL for z >= entry_z, with strength `min(1, |z| / (2 * entry_z))`:
        one half at the threshold, 1 at twice the threshold. HOLD in between, and where the closes
        of the window are constant (std within 1e-9 of the mean). With fewer than `window` closes:
        HOLD, with a reason that names both numbers, needed and given.

    Raises
    ------
    ValueError
        Names the parameter and its value: a close that is not finite or not above 0; `window` or
        `entry_z` out of range.

    Examples
    --------
    Mean 98, deviation 4: the last close is 2 standard deviations below.

    >>> signal = mean_reversion([100, 100, 100, 100, 90], window=5, entry_z=1.5)
    >>> signal.action.value, round(signal.strength, 6)
    ('buy', 0.666667)
    """
    raise NotImplementedError


def combine(signals: Mapping[str, Signal], weights: Mapping[str, float]) -> Signal:
    """The weighted vote of several signals, matched to their weights by name.

        score = sum(w * direction * strength) / sum(w)        direction: BUY +1, SELL -1, HOLD 0

    A HOLD votes for nothing but keeps its weight, so it draws the result towards HOLD.

    Parameters
    ----------
    signals : mapping of name to Signal
        At least one.
    weights : mapping of name to float
        A weight for each signal, finite, 0 or more, not all 0. Names without a signal are refused,
        as are signals without a weight.

    Returns
    -------
    Signal
        BUY for score > 0, SELL for score < 0, with strength |score|; HOLD where the score is 0 to
        within 1e-9. The reason of a BUY or SELL names the signals that voted for it (not those that
        voted against it or held).

    Raises
    ------
    ValueError
        Names the parameter: `signals` empty; `weights` with missing or unknown names, a negative or
        infinite value, or a sum of 0.

    Examples
    --------
    Three quarters of the weight buys at 0.8, one quarter sells at 0.4: 0.6 - 0.1.

    >>> trend = Signal(action="buy", strength=0.8, reason="trend")
    >>> dear = Signal(action="sell", strength=0.4, reason="dear")
    >>> vote = combine({"trend": trend, "value": dear}, {"trend": 3, "value": 1})
    >>> vote.action.value, round(vote.strength, 6)
    ('buy', 0.5)
    """
    raise NotImplementedError
