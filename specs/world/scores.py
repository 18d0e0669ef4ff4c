"""How an equity curve did: the few figures that the demo prints. Losses are positive.

Definitions as in the course's conventions: simple returns, ddof 1, no risk-free rate, 252 sessions a year.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

SESSIONS_PER_YEAR = 252
CONSTANT = 1e-12
"""A standard deviation this small beside the largest return is rounding, not risk."""


@dataclass(frozen=True)
class Scores:
    """`total_return`, `cagr` and `max_drawdown` are fractions; `sharpe` is annualised, nan if undefined."""

    final_equity: float
    total_return: float
    cagr: float
    sharpe: float
    max_drawdown: float


def score(equity: Sequence[float]) -> Scores:
    """Scores of an equity curve that starts with the initial wealth.

    Raises ValueError for fewer than two values, or a start that isn't positive.
    """
    if len(equity) < 2:
        raise ValueError(f"equity: need at least two values, got {len(equity)}")
    if not equity[0] > 0:
        raise ValueError(f"equity: must start above 0, got {equity[0]}")
    periods = len(equity) - 1
    growth = equity[-1] / equity[0]
    return Scores(
        final_equity=equity[-1],
        total_return=growth - 1,
        cagr=growth ** (SESSIONS_PER_YEAR / periods) - 1 if growth > 0 else math.nan,
        sharpe=_sharpe(equity),
        max_drawdown=max(drawdowns(equity)),
    )


def drawdowns(equity: Sequence[float]) -> list[float]:
    """1 − wealth / highest wealth so far, ≥ 0."""
    peak, found = equity[0], list[float]()
    for wealth in equity:
        peak = max(peak, wealth)
        found.append(1 - wealth / peak)
    return found


def _sharpe(equity: Sequence[float]) -> float:
    returns = [after / before - 1 for before, after in itertools.pairwise(equity)]
    if len(returns) < 2:
        return math.nan
    spread = statistics.stdev(returns)
    if spread <= CONSTANT * max(abs(r) for r in returns):
        return math.nan
    return statistics.fmean(returns) / spread * math.sqrt(SESSIONS_PER_YEAR)
