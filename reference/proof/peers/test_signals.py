"""The signals against TA-Lib's averages, rates of change and Bollinger bands, day by day on real prices."""

from __future__ import annotations

import numpy as np
import pytest
import talib

from katas.week1.models import Action
from katas.week1.signals import mean_reversion, momentum, sma_crossover
from specs.harness.prices import closes_of

SYMBOLS = ("AAPL", "IBM", "MSFT")
DIRECTION = {Action.BUY: 1, Action.SELL: -1, Action.HOLD: 0}


def _closes(symbol: str) -> list[float]:
    return closes_of(symbol, "2008-01-01", "2009-06-30")


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize(("fast", "slow"), [(3, 8), (10, 30)])
def test_crossovers_fall_on_the_days_on_which_talibs_averages_cross(symbol: str, fast: int, slow: int) -> None:
    closes = _closes(symbol)
    prices = np.array(closes)
    gap = talib.SMA(prices, fast) / talib.SMA(prices, slow) - 1
    up = (gap[1:] > 0) & (gap[:-1] <= 0)
    down = (gap[1:] < 0) & (gap[:-1] >= 0)
    expected = np.concatenate([[0], up.astype(int) - down.astype(int)])
    signals = [sma_crossover(closes[: i + 1], fast=fast, slow=slow) for i in range(len(closes))]
    assert [DIRECTION[s.action] for s in signals] == expected.tolist()
    assert expected.any()
    on = np.flatnonzero(expected)
    assert [signals[i].strength for i in on] == pytest.approx(np.minimum(1, np.abs(gap[on]) / 0.02))


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("lookback", [1, 20])
def test_momentum_is_talibs_rate_of_change(symbol: str, lookback: int) -> None:
    closes = _closes(symbol)
    rate = np.nan_to_num(talib.ROCP(np.array(closes), lookback))
    signals = [momentum(closes[: i + 1], lookback=lookback, full_at=10.0) for i in range(len(closes))]
    assert [DIRECTION[s.action] * s.strength for s in signals] == pytest.approx(rate / 10, abs=1e-9)


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize(("window", "entry_z"), [(10, 1.5), (20, 2.0)])
def test_mean_reversion_acts_where_the_close_leaves_talibs_bands(symbol: str, window: int, entry_z: float) -> None:
    closes = _closes(symbol)
    prices = np.array(closes)
    upper, _, lower = talib.BBANDS(prices, window, entry_z, entry_z)
    expected = (prices < lower).astype(int) - (prices > upper).astype(int)
    signals = [mean_reversion(closes[: i + 1], window=window, entry_z=entry_z) for i in range(len(closes))]
    assert [DIRECTION[s.action] for s in signals] == expected.tolist()
    assert expected.any()
