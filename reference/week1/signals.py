"""Three simple signals and their weighted vote.

A signal sees the closes up to now, oldest first, and says what it would do at this close. It is a
pure function of the last few of them: older prices change nothing, and nor does the currency.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import fmean

from .models import Action, Signal

_EQUAL = 1e-9


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
    if not 1 <= fast < slow:
        raise ValueError(f"fast={fast} and slow={slow}: need 1 <= fast < slow")
    _positive(full_at, "full_at")
    prices = _prices(closes)
    if len(prices) < slow + 1:
        return _too_little(slow + 1, len(prices))
    before = _gap(prices[:-1], fast, slow)
    now = _gap(prices, fast, slow)
    if now > 0 and before <= 0:
        action, verb = Action.BUY, "rose above"
    elif now < 0 and before >= 0:
        action, verb = Action.SELL, "fell below"
    else:
        return _hold(f"SMA({fast}) did not cross SMA({slow}) on the last bar")
    return Signal(
        action=action,
        strength=min(1.0, abs(now) / full_at),
        reason=f"SMA({fast}) {verb} SMA({slow}) by {abs(now):.2%}",
    )


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
    if lookback < 1:
        raise ValueError(f"lookback={lookback}: need at least 1")
    _positive(full_at, "full_at")
    prices = _prices(closes)
    if len(prices) < lookback + 1:
        return _too_little(lookback + 1, len(prices))
    change = prices[-1] / prices[-1 - lookback] - 1
    if abs(change) <= _EQUAL:
        return _hold(f"unchanged over {lookback} bars")
    return Signal(
        action=Action.BUY if change > 0 else Action.SELL,
        strength=min(1.0, abs(change) / full_at),
        reason=f"{change:+.2%} over {lookback} bars",
    )


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
    if window < 2:
        raise ValueError(f"window={window}: need at least 2")
    _positive(entry_z, "entry_z")
    if entry_z >= math.sqrt(window - 1):
        raise ValueError(
            f"entry_z={entry_z} can't be reached: with window={window}, |z| <= {math.sqrt(window - 1):.3f}"
        )
    prices = _prices(closes)
    if len(prices) < window:
        return _too_little(window, len(prices))
    recent = prices[-window:]
    mean = fmean(recent)
    deviation = math.sqrt(fmean((price - mean) ** 2 for price in recent))
    if deviation <= _EQUAL * mean:
        return _hold(f"the last {window} closes are constant")
    z = (recent[-1] - mean) / deviation
    if abs(z) < entry_z:
        return _hold(f"z = {z:+.2f}, inside ±{entry_z:g}")
    return Signal(
        action=Action.BUY if z < 0 else Action.SELL,
        strength=min(1.0, abs(z) / (2 * entry_z)),
        reason=f"z = {z:+.2f}, {window} closes",
    )


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
    if not signals:
        raise ValueError("signals is empty")
    missing, unknown = sorted(signals.keys() - weights.keys()), sorted(weights.keys() - signals.keys())
    if missing or unknown:
        raise ValueError(f"weights lacks {missing} and has {unknown} without a signal")
    for name, weight in weights.items():
        if not (math.isfinite(weight) and weight >= 0):
            raise ValueError(f"weights[{name!r}]={weight}: need a finite number, 0 or more")
    total = math.fsum(weights.values())
    if total == 0:
        raise ValueError("weights are all 0")
    votes = {name: weights[name] * _direction(signal) * signal.strength for name, signal in signals.items()}
    score = math.fsum(votes.values()) / total
    if abs(score) <= _EQUAL:
        return _hold("the votes cancel out" if any(votes.values()) else "nothing votes for a trade")
    voters = ", ".join(sorted(name for name, vote in votes.items() if vote * score > 0))
    return Signal(
        action=Action.BUY if score > 0 else Action.SELL,
        strength=min(1.0, abs(score)),
        reason=f"score {score:+.2f}, by {voters}",
    )


def _prices(closes: Sequence[float | Decimal]) -> list[float]:
    prices = [float(close) for close in closes]
    for i, price in enumerate(prices):
        if not (math.isfinite(price) and price > 0):
            raise ValueError(f"closes[{i}]={closes[i]}: need a finite price above 0")
    return prices


def _positive(value: float, name: str) -> None:
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name}={value}: need a finite number above 0")


def _gap(prices: list[float], fast: int, slow: int) -> float:
    """Fast minus slow average as a share of the slow one, 0 where they are equal to rounding."""
    slow_average = fmean(prices[-slow:])
    gap = fmean(prices[-fast:]) / slow_average - 1
    return 0.0 if abs(gap) <= _EQUAL else gap


def _direction(signal: Signal) -> int:
    return {Action.BUY: 1, Action.SELL: -1, Action.HOLD: 0}[signal.action]


def _hold(reason: str) -> Signal:
    return Signal(action=Action.HOLD, strength=0.0, reason=reason)


def _too_little(needed: int, given: int) -> Signal:
    return _hold(f"too little data: needs {needed} closes, has {given}")
