"""The demo's figures follow the course's conventions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from specs.world.scores import drawdowns, score

CURVES = st.lists(st.floats(50, 200), min_size=3, max_size=40)


def test_figures_by_hand() -> None:
    found = score([100, 110, 99, 120])
    returns = [0.1, -0.1, 120 / 99 - 1]
    mean = sum(returns) / 3
    spread = math.sqrt(sum((r - mean) ** 2 for r in returns) / 2)
    assert found.total_return == pytest.approx(0.2)
    assert found.cagr == pytest.approx(1.2 ** (252 / 3) - 1)
    assert found.sharpe == pytest.approx(mean / spread * math.sqrt(252))
    assert found.max_drawdown == pytest.approx(0.1)


def test_a_first_period_loss_counts_as_drawdown() -> None:
    assert score([100, 80, 90]).max_drawdown == pytest.approx(0.2)


def test_a_constant_growth_has_no_sharpe() -> None:
    assert math.isnan(score([1.01**k for k in range(50)]).sharpe)
    assert math.isnan(score([100.0, 100.0, 100.0]).sharpe)


def test_ruin_has_no_cagr() -> None:
    assert math.isnan(score([100, 50, 0]).cagr)


@pytest.mark.parametrize("curve", [[], [100], [0, 1]])
def test_no_curve_no_scores(curve: list[float]) -> None:
    with pytest.raises(ValueError, match="equity"):
        score(curve)


@given(CURVES, st.floats(0.01, 100))
def test_scores_do_not_depend_on_the_currency(curve: list[float], rate: float) -> None:
    ours, theirs = score(curve), score([value * rate for value in curve])
    assert theirs.total_return == pytest.approx(ours.total_return, rel=1e-6, abs=1e-9)
    assert theirs.max_drawdown == pytest.approx(ours.max_drawdown, rel=1e-6, abs=1e-9)


@given(CURVES)
def test_drawdowns_lie_between_nothing_and_all(curve: list[float]) -> None:
    assert all(0 <= value < 1 for value in drawdowns(curve))
