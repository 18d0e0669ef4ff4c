"""The signals by way of pandas' rolling windows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

import pandas as pd

from .models import Action, Signal


def _series(closes: Sequence[float | Decimal]) -> pd.Series:
    series = pd.Series([float(c) for c in closes], dtype="float64")
    bad = series[~(series > 0) | (series == math.inf)]
    if len(bad):
        raise ValueError(f"closes must be finite and above 0; there is {bad.iloc[0]:g} at {bad.index[0]}")
    return series


def _check(ok: bool, **given: float) -> None:
    if not ok:
        raise ValueError("out of range: " + ", ".join(f"{k}={v!r}" for k, v in given.items()))


def _wait(needed: int, given: int) -> Signal:
    return Signal(action=Action.HOLD, strength=0, reason=f"{given} of {needed} closes are there")


def _advise(direction: float, size: float, reason: str) -> Signal:
    if direction == 0 or size == 0:
        return Signal(action=Action.HOLD, strength=0, reason=reason)
    return Signal(action=Action.BUY if direction > 0 else Action.SELL, strength=min(size, 1.0), reason=reason)


def sma_crossover(
    closes: Sequence[float | Decimal], fast: int = 10, slow: int = 30, *, full_at: float = 0.02
) -> Signal:
    _check(0 < fast < slow, fast=fast, slow=slow)
    _check(0 < full_at < math.inf, full_at=full_at)
    series = _series(closes)
    if len(series) <= slow:
        return _wait(slow + 1, len(series))
    gap = (series.rolling(fast).mean() / series.rolling(slow).mean() - 1).iloc[-2:]
    side = gap.where(gap.abs() > 1e-9, 0.0).map(lambda g: (g > 0) - (g < 0)).tolist()
    crossed = side[1] if side[1] * side[0] <= 0 else 0
    return _advise(crossed, abs(float(gap.iloc[1])) / full_at, f"crossover: {side}")


def momentum(closes: Sequence[float | Decimal], lookback: int = 20, *, full_at: float = 0.10) -> Signal:
    _check(lookback > 0, lookback=lookback)
    _check(0 < full_at < math.inf, full_at=full_at)
    series = _series(closes)
    if len(series) <= lookback:
        return _wait(lookback + 1, len(series))
    change = float(series.pct_change(lookback).iloc[-1])
    return _advise(0 if abs(change) <= 1e-9 else change, abs(change) / full_at, f"return {change:.4f}")


def mean_reversion(closes: Sequence[float | Decimal], window: int = 20, entry_z: float = 2.0) -> Signal:
    _check(window > 1, window=window)
    _check(0 < entry_z < math.sqrt(window - 1), entry_z=entry_z, window=window)
    series = _series(closes)
    if len(series) < window:
        return _wait(window, len(series))
    tail = series.tail(window)
    spread = float(tail.std(ddof=0))
    if spread <= 1e-9 * float(tail.mean()):
        return _advise(0, 0, "constant")
    z = float(tail.iloc[-1] - tail.mean()) / spread
    return _advise(-z if abs(z) >= entry_z else 0, abs(z) / (2 * entry_z), f"z {z:.3f}")


def combine(signals: Mapping[str, Signal], weights: Mapping[str, float]) -> Signal:
    if len(signals) == 0:
        raise ValueError("signals: none given")
    frame = pd.DataFrame(
        {
            "vote": {n: {"buy": 1, "sell": -1, "hold": 0}[s.action.value] * s.strength for n, s in signals.items()},
            "weight": pd.Series(dict(weights), dtype="float64"),
        }
    )
    if frame.isna().any(axis=None) or (frame["weight"] < 0).any() or not frame["weight"].sum() < math.inf:
        raise ValueError(f"weights don't fit the signals: {dict(weights)} for {list(signals)}")
    if frame["weight"].sum() == 0:
        raise ValueError(f"weights sum to 0: {dict(weights)}")
    pull = frame["vote"] * frame["weight"]
    score = float(pull.sum() / frame["weight"].sum())
    voters = " and ".join(pull.index[pull * score > 0])
    return _advise(0 if abs(score) <= 1e-9 else score, abs(score), f"{voters}: {score:.4f}" if voters else "no vote")
