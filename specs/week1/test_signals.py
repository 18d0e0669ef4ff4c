"""Signals: what to do at this close, from the closes up to it and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from katas.week1.models import Action, Signal
from katas.week1.signals import combine, mean_reversion, momentum, sma_crossover
from specs.harness.expect import Words, refused, told
from specs.harness.golden import Golden
from specs.harness.prices import closes_of
from specs.harness.strategies import close_series

BUY, SELL, HOLD = Action.BUY, Action.SELL, Action.HOLD

# Short windows, so that a counter-example fits on the screen.
SIGNALS: dict[str, tuple[Callable[[list[float]], Signal], int]] = {
    "sma_crossover(closes, fast=2, slow=4)": (lambda closes: sma_crossover(closes, fast=2, slow=4), 5),
    "momentum(closes, lookback=3)": (lambda closes: momentum(closes, lookback=3), 4),
    "mean_reversion(closes, window=5, entry_z=1.2)": (
        lambda closes: mean_reversion(closes, window=5, entry_z=1.2),
        5,
    ),
}
each_signal = pytest.mark.parametrize("call", SIGNALS, ids=lambda call: call.partition("(")[0])


def same(a: Signal, b: Signal) -> bool:
    return a.action is b.action and math.isclose(a.strength, b.strength, rel_tol=1e-6, abs_tol=1e-9)


def slow_average(closes: list[float], n: int) -> float:
    """An average that nobody can get wrong: add the last n, divide."""
    total = 0.0
    for close in closes[len(closes) - n :]:
        total += close
    return total / n


# ── sma_crossover ──


def test_a_rise_through_the_slow_average_is_a_buy() -> None:
    """The averages are 10 and 10 on the bar before, 10.5 and 10.333 on the last."""
    signal = sma_crossover([10, 10, 10, 11], fast=2, slow=3)
    assert signal.action is BUY, told(
        "sma_crossover([10, 10, 10, 11], fast=2, slow=3)",
        got=signal,
        expected=BUY,
        because="the fast average was equal and is now above the slow one",
    )


def test_a_fall_through_the_slow_average_is_a_sell() -> None:
    """The mirror image: 10 and 10 before, 9.5 and 9.667 on the last bar."""
    signal = sma_crossover([10, 10, 10, 9], fast=2, slow=3)
    assert signal.action is SELL, told(
        "sma_crossover([10, 10, 10, 9], fast=2, slow=3)",
        got=signal,
        expected=SELL,
        because="the fast average was equal and is now below the slow one",
    )


def test_a_cross_is_told_on_its_bar_and_not_again_on_the_next() -> None:
    """Signalling twice buys twice. vectorbt's crossover once fired on two bars in a row."""
    closes = [12.0, 11, 10, 9, 8, 9, 11, 13, 15, 17, 19]
    days = [i for i in range(4, len(closes) + 1) if sma_crossover(closes[:i], fast=2, slow=3).action is BUY]
    assert days == [7], told(
        "sma_crossover(closes[:i], fast=2, slow=3) is BUY for i =",
        closes=closes,
        got=days,
        expected=[7],
        because="the fast average crosses once, on the seventh close, and stays above",
    )


@pytest.mark.note("equality-is-no-cross")
def test_averages_that_meet_have_not_crossed() -> None:
    """Equality is no cross: a fast average that falls onto the slow one has not passed it."""
    signal = sma_crossover([10, 9, 11, 10], fast=1, slow=3)
    assert signal.action is HOLD, told(
        "sma_crossover([10, 9, 11, 10], fast=1, slow=3)",
        got=signal,
        expected=HOLD,
        because="on the last bar both averages are 10",
    )


@pytest.mark.note("equality-is-no-cross")
def test_rounding_is_no_cross() -> None:
    """0.1 over and over: whoever compares floats by > sees the last digit of a sum and trades on it."""
    for closes in [*([0.1] * n for n in range(7, 30)), [0.1] * 20 + [0.1 + 1e-12]]:
        signal = sma_crossover(closes, fast=3, slow=6)
        assert signal.action is HOLD, told(
            "sma_crossover(closes, fast=3, slow=6)",
            closes=closes,
            got=signal,
            expected=HOLD,
            because="the averages agree to within 1e-9: only their rounding differs",
        )


@given(closes=close_series(min_size=8, max_size=20), fast=st.integers(1, 3), extra=st.integers(1, 4))
def test_the_crossover_agrees_with_averages_taken_by_hand(closes: list[float], fast: int, extra: int) -> None:
    """Both averages, on both bars, by adding and dividing. An off-by-one in either window shows here."""
    slow = fast + extra
    now = slow_average(closes, fast) / slow_average(closes, slow) - 1
    before = slow_average(closes[:-1], fast) / slow_average(closes[:-1], slow) - 1
    now, before = (0.0 if abs(d) <= 1e-9 else d for d in (now, before))
    expected = BUY if now > 0 >= before else SELL if now < 0 <= before else HOLD
    strength = 0.0 if expected is HOLD else min(1.0, abs(now) / 0.02)
    signal = sma_crossover(closes, fast=fast, slow=slow)
    assert signal.action is expected and math.isclose(signal.strength, strength, rel_tol=1e-6, abs_tol=1e-9), told(
        f"sma_crossover(closes, fast={fast}, slow={slow})",
        closes=closes,
        gap_before=before,
        gap_now=now,
        got=signal,
        expected=f"{expected.name}, strength {strength:.6g}",
    )


def test_the_gap_is_full_strength_where_full_at_says() -> None:
    """The gap on the last bar is 10.5/10.3333 − 1 = 1.613 %; half of `full_at` is half the strength."""
    gap = 10.5 / (31 / 3) - 1
    for full_at, expected in [(2 * gap, 0.5), (gap / 2, 1.0)]:
        signal = sma_crossover([10, 10, 10, 11], fast=2, slow=3, full_at=full_at)
        assert signal.strength == pytest.approx(expected, rel=1e-6), told(
            f"sma_crossover([10, 10, 10, 11], fast=2, slow=3, full_at={full_at:.5f})",
            got=signal.strength,
            expected=expected,
        )


# ── momentum ──


@pytest.mark.note("counting-bars")
def test_momentum_spans_lookback_bars_which_takes_one_close_more() -> None:
    """Three bars back from the fourth close is the first. Lean once had such a warm-up off by one (#7424)."""
    signal = momentum([100, 90, 95, 104], lookback=3)
    assert signal.action is BUY and signal.strength == pytest.approx(0.4), told(
        "momentum([100, 90, 95, 104], lookback=3)",
        got=signal,
        expected="BUY, strength 0.4",
        because="+4 % over 3 bars",
    )


@given(closes=close_series(min_size=6, max_size=12), lookback=st.integers(1, 5))
def test_momentum_of_the_mirrored_path_is_mirrored(closes: list[float], lookback: int) -> None:
    """Replace each price p by 1/p: what rose by r falls to 1/(1+r) − 1, and BUY becomes SELL."""
    up, down = (
        momentum(closes, lookback, full_at=100),
        momentum([1 / p for p in closes], lookback, full_at=100),
    )
    opposite = {BUY: SELL, SELL: BUY, HOLD: HOLD}
    change = closes[-1] / closes[-1 - lookback] - 1
    expected = min(1.0, abs(1 / (1 + change) - 1) / 100) if abs(change) > 1e-9 else 0.0
    assert down.action is opposite[up.action] and down.strength == pytest.approx(expected, rel=1e-6, abs=1e-9), told(
        f"momentum(closes, lookback={lookback}, full_at=100), and of [1 / p for p in closes]",
        closes=closes,
        rise=f"{change:.2%}",
        got=Words(f"{up.action.name} {up.strength:.6g}, and mirrored {down.action.name} {down.strength:.6g}"),
        expected=f"opposite actions, and {expected:.6g} for the mirrored closes",
    )


@given(closes=close_series(min_size=6, max_size=12), lookback=st.integers(1, 5))
def test_momentum_looks_at_two_closes_only(closes: list[float], lookback: int) -> None:
    """The path between the two ends doesn't matter."""
    ends = [closes[-1 - lookback]] + [50.0] * (lookback - 1) + [closes[-1]]
    a, b = momentum(closes, lookback), momentum(ends, lookback)
    assert same(a, b), told(
        f"momentum(closes, lookback={lookback})",
        closes=closes,
        got=a,
        expected=f"as for {ends}: {b}",
        because="both have the same first and last close",
    )


# ── mean_reversion ──


def test_a_close_two_deviations_below_its_mean_is_a_buy() -> None:
    """Mean 98, population deviation 4, z = −2. With the sample deviation z would be −1.79 and the strength less."""
    signal = mean_reversion([100, 100, 100, 100, 90], window=5, entry_z=1.5)
    assert signal.action is BUY and signal.strength == pytest.approx(2 / 3), told(
        "mean_reversion([100, 100, 100, 100, 90], window=5, entry_z=1.5)",
        got=signal,
        expected="BUY, strength 0.666667",
        because="z = (90 − 98) / 4 = −2, and strength is |z| / (2 · entry_z)",
    )


def test_a_close_far_above_its_mean_is_a_sell() -> None:
    """What is unusually dear is expected to come back."""
    signal = mean_reversion([100, 100, 100, 100, 110], window=5, entry_z=1.5)
    assert signal.action is SELL, told(
        "mean_reversion([100, 100, 100, 100, 110], window=5, entry_z=1.5)",
        got=signal,
        expected=SELL,
        because="z = +2",
    )


def test_only_the_window_counts_and_the_last_close_is_in_it() -> None:
    """A mean that leaves out the last close gives z = −infinity here; one that reaches further back, less than 2."""
    signal = mean_reversion([500, 1, 100, 100, 100, 100, 90], window=5, entry_z=1.5)
    assert signal.strength == pytest.approx(2 / 3), told(
        "mean_reversion([500, 1, 100, 100, 100, 100, 90], window=5, entry_z=1.5)",
        got=signal.strength,
        expected=2 / 3,
        because="mean 98 and deviation 4 of the last five closes give z = −2",
    )


def test_a_constant_window_has_no_deviation_to_measure_by() -> None:
    """0.1 five times: the deviation is rounding, or 0, and z is whatever comes of it."""
    for price in (0.1, 3.3, 1e6 + 0.1):
        signal = mean_reversion([price] * 7, window=7, entry_z=1)
        assert signal.action is HOLD and signal.strength == 0, told(
            f"mean_reversion([{price}] * 7, window=7, entry_z=1)",
            got=signal,
            expected=HOLD,
            because="nothing moved",
        )


def test_a_threshold_that_can_never_be_reached_is_refused() -> None:
    """Of n numbers none is further than √(n − 1) deviations from their mean. Such a strategy would wait for ever."""
    with refused(
        "mean_reversion(closes, window=5, entry_z=2)",
        naming=["entry_z", "2"],
        because="with 5 closes |z| is at most √4 = 2",
    ):
        mean_reversion([100, 101, 99, 100, 90], window=5, entry_z=2)


@given(closes=close_series(min_size=5, max_size=5))
def test_prices_reflected_at_a_level_reverse_the_advice(closes: list[float]) -> None:
    """p → c − p turns dear into cheap and leaves the deviation as it is."""
    level = 2 * max(closes) + 1
    a = mean_reversion(closes, window=5, entry_z=0.7)
    b = mean_reversion([level - p for p in closes], window=5, entry_z=0.7)
    z = _z_by_hand(closes)
    if abs(abs(z) - 0.7) < 1e-6:  # on the threshold itself rounding decides
        return
    opposite = {BUY: SELL, SELL: BUY, HOLD: HOLD}
    assert b.action is opposite[a.action] and b.strength == pytest.approx(a.strength, rel=1e-5), told(
        "mean_reversion(closes, window=5, entry_z=0.7), and of [level - p for p in closes]",
        closes=closes,
        level=level,
        z=z,
        got=Words(f"{a.action.name} {a.strength:.6g}, and reflected {b.action.name} {b.strength:.6g}"),
        expected="the same strength, and BUY against SELL: one of the two answers is wrong",
    )


@given(closes=close_series(min_size=4, max_size=12), window=st.integers(2, 4), tenths=st.integers(1, 9))
def test_mean_reversion_agrees_with_z_taken_by_hand(closes: list[float], window: int, tenths: int) -> None:
    """Mean, deviation and z by the schoolbook, over the window and nothing else."""
    entry_z = tenths / 10
    z = _z_by_hand(closes[len(closes) - window :])
    if abs(abs(z) - entry_z) < 1e-6:  # on the threshold itself rounding decides
        return
    expected = HOLD if abs(z) < entry_z else BUY if z < 0 else SELL
    strength = 0.0 if expected is HOLD else min(1.0, abs(z) / (2 * entry_z))
    signal = mean_reversion(closes, window=window, entry_z=entry_z)
    assert signal.action is expected and signal.strength == pytest.approx(strength, rel=1e-5), told(
        f"mean_reversion(closes, window={window}, entry_z={entry_z})",
        closes=closes,
        z=z,
        got=signal,
        expected=f"{expected.name}, strength {strength:.6g}",
    )


def _z_by_hand(closes: list[float]) -> float:
    mean = slow_average(closes, len(closes))
    deviation = math.sqrt(sum((p - mean) ** 2 for p in closes) / len(closes))
    return 0.0 if deviation <= 1e-9 * mean else (closes[-1] - mean) / deviation


def test_the_threshold_itself_is_far_enough() -> None:
    """Mean 100, deviation 10, and the last close exactly one deviation above."""
    signal = mean_reversion([90, 110, 90, 110], window=4, entry_z=1)
    assert signal.action is SELL and signal.strength == pytest.approx(0.5), told(
        "mean_reversion([90, 110, 90, 110], window=4, entry_z=1)",
        got=signal,
        expected="SELL, strength 0.5",
        because="z = +1 reaches entry_z",
    )


# ── the tolerance ──


@pytest.mark.note("equality-is-no-cross")
@pytest.mark.parametrize(("size", "acts"), [(1e-10, False), (1e-7, True)], ids=["rounding", "small"])
def test_rounding_is_nothing_and_a_small_move_is_something(size: float, acts: bool) -> None:
    """1e-9 tells them apart. A tolerance of a cent, or of 1e-6, loses every signal of a share at 0.0004."""
    moved = 100 * (1 + size)
    calls: dict[str, Signal] = {
        "sma_crossover([100, 100, 100, moved], fast=1, slow=3)": sma_crossover([100, 100, 100, moved], fast=1, slow=3),
        "momentum([100, moved], lookback=1)": momentum([100, moved], lookback=1),
        "mean_reversion([100, 100, 100, moved], window=4, entry_z=1)": mean_reversion(
            [100, 100, 100, moved], window=4, entry_z=1
        ),
        'combine({"a": BUY 1, "b": SELL 1}, {"a": 1 + size, "b": 1})': combine(
            {"a": vote(BUY, 1.0), "b": vote(SELL, 1.0)}, {"a": 1 + size, "b": 1}
        ),
    }
    for call, signal in calls.items():
        assert (signal.action is not HOLD) == acts, told(
            call,
            moved=f"100 · (1 + {size:g})",
            size=size,
            got=signal,
            expected="BUY or SELL" if acts else "HOLD: equal to within 1e-9",
        )


# ── laws of every signal ──


@each_signal
@given(closes=close_series(min_size=6, max_size=12), older=close_series(max_size=5))
def test_older_prices_than_it_needs_change_nothing(call: str, closes: list[float], older: list[float]) -> None:
    """A signal that depends on where the download began can't be checked by anybody."""
    signal, _ = SIGNALS[call]
    a, b = signal(closes), signal(older + closes)
    assert same(a, b), told(
        call.replace("closes", "older + closes", 1),
        older=older,
        closes=closes,
        got=b,
        expected=f"{a}, as without the older ones",
    )


@each_signal
@given(closes=close_series(min_size=6, max_size=12), factor=st.sampled_from([0.01, 0.5, 7.0, 100.0]))
def test_the_currency_changes_nothing(call: str, closes: list[float], factor: float) -> None:
    """The same share in cents, or in another currency, is the same share. Absolute tolerances fail here."""
    if call.startswith("mean_reversion") and abs(abs(_z_by_hand(closes[-5:])) - 1.2) < 1e-6:
        return
    signal, _ = SIGNALS[call]
    a, b = signal(closes), signal([factor * p for p in closes])
    assert same(a, b), told(
        call.replace("closes", f"[{factor} * p for p in closes]", 1),
        closes=closes,
        got=b,
        expected=f"{a}, as for the closes themselves",
    )


@each_signal
@given(closes=close_series(min_size=6, max_size=12))
def test_strength_is_between_0_and_1_and_0_means_hold(call: str, closes: list[float]) -> None:
    """Position sizes are multiplied by it; 1.3 would borrow money."""
    signal = SIGNALS[call][0](closes)
    fine = 0 <= signal.strength <= 1 and (signal.strength == 0) == (signal.action is HOLD) and bool(signal.reason)
    assert fine, told(call, closes=closes, got=signal, expected="0 <= strength <= 1, 0 exactly for HOLD, and a reason")


@each_signal
def test_too_little_data_is_a_hold_that_says_what_it_needs(call: str) -> None:
    """A young listing must not crash the run, and nobody should have to guess why it never trades."""
    signal, needed = SIGNALS[call]
    for given_closes in (0, 1, needed - 1):
        answer = signal([100.0 + i for i in range(given_closes)])
        named = str(needed) in answer.reason and str(given_closes) in answer.reason
        assert answer.action is HOLD and answer.strength == 0 and named, told(
            call.replace("closes", f"{given_closes} closes", 1),
            got=answer,
            expected=f"HOLD, strength 0, a reason that names {needed} and {given_closes}",
        )
    enough = signal([100.0 + i * i for i in range(needed)])
    assert "needs" not in enough.reason or str(needed) not in enough.reason, told(
        call.replace("closes", f"{needed} closes", 1),
        got=enough,
        expected=f"an answer: {needed} closes are enough",
    )


@each_signal
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 0.0, -5.0], ids=["nan", "inf", "zero", "negative"])
def test_a_close_that_is_no_price_is_refused(call: str, bad: float) -> None:
    """Nothing is dropped or filled silently: a NaN in the data is the data's fault, and must be heard."""
    shown = {"nan": "nan", "inf": "inf", "0.0": "0", "-5.0": "-5"}[str(bad)]
    for closes in ([100.0, 101.0, 102.0, bad, 103.0, 104.0], [bad] + [100.0 + i for i in range(9)]):
        with refused(call, naming=["closes", shown], closes=closes):
            SIGNALS[call][0](closes)


@pytest.mark.parametrize(
    ("call", "naming", "run"),
    [
        ("sma_crossover(closes, fast=0, slow=3)", ["fast", "0"], lambda c: sma_crossover(c, fast=0, slow=3)),
        ("sma_crossover(closes, fast=3, slow=3)", ["slow", "3"], lambda c: sma_crossover(c, fast=3, slow=3)),
        ("sma_crossover(closes, fast=5, slow=3)", ["fast", "5"], lambda c: sma_crossover(c, fast=5, slow=3)),
        ("sma_crossover(…, full_at=0)", ["full_at", "0"], lambda c: sma_crossover(c, 2, 3, full_at=0.0)),
        ("momentum(closes, lookback=0)", ["lookback", "0"], lambda c: momentum(c, lookback=0)),
        ("momentum(closes, lookback=-2)", ["lookback", "-2"], lambda c: momentum(c, lookback=-2)),
        ("momentum(…, full_at=nan)", ["full_at", "nan"], lambda c: momentum(c, 2, full_at=float("nan"))),
        ("mean_reversion(closes, window=1)", ["window", "1"], lambda c: mean_reversion(c, window=1)),
        (
            "mean_reversion(…, entry_z=-1)",
            ["entry_z", "-1"],
            lambda c: mean_reversion(c, window=5, entry_z=-1),
        ),
    ],
    ids=[
        "no fast",
        "fast is slow",
        "fast above slow",
        "no full_at",
        "no lookback",
        "negative lookback",
        "full_at nan",
        "window of one",
        "negative entry_z",
    ],
)
def test_a_parameter_out_of_range_is_named(call: str, naming: list[str], run: Callable[[list[float]], Signal]) -> None:
    """A negative look-back counts from the wrong end and trades on tomorrow."""
    with refused(call, naming=naming):
        run([100.0 + i for i in range(12)])


@each_signal
def test_decimals_are_taken_as_they_are(call: str) -> None:
    """Bars carry Decimal prices; the signal must not care."""
    signal, _ = SIGNALS[call]
    closes = [100.0, 101.5, 99.25, 98.0, 104.0, 103.5]
    a, b = signal(closes), signal([Decimal(str(p)) for p in closes])  # type: ignore[misc]
    assert same(a, b), told(call, closes="Decimals", got=b, expected=f"{a}, as for floats")


# ── combine ──


def vote(action: Action, strength: float) -> Signal:
    return Signal(action=action, strength=strength, reason="a vote")


@st.composite
def ballots(draw: st.DrawFn) -> tuple[dict[str, Signal], dict[str, float]]:
    names = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True))
    signals = {
        name: vote(action, draw(st.integers(1, 10)) / 10 if action is not HOLD else 0.0)
        for name in names
        for action in [draw(st.sampled_from([BUY, SELL, HOLD]))]
    }
    weights = {name: float(draw(st.integers(1 if i == 0 else 0, 5))) for i, name in enumerate(names)}
    return signals, weights


def test_the_vote_is_weighted() -> None:
    """Three quarters of the weight buys at 0.8, one quarter sells at 0.4: 0.6 − 0.1."""
    result = combine({"trend": vote(BUY, 0.8), "value": vote(SELL, 0.4)}, {"trend": 3, "value": 1})
    assert result.action is BUY and result.strength == pytest.approx(0.5), told(
        'combine({"trend": BUY 0.8, "value": SELL 0.4}, {"trend": 3, "value": 1})',
        got=result,
        expected="BUY, 0.5",
    )


def test_weights_belong_to_names_not_to_places() -> None:
    """The same dictionaries in another order. Zipping their values gives the trend's weight to value."""
    result = combine({"trend": vote(BUY, 0.8), "value": vote(SELL, 0.4)}, {"value": 1, "trend": 3})
    assert result.strength == pytest.approx(0.5), told(
        'combine({"trend": BUY 0.8, "value": SELL 0.4}, {"value": 1, "trend": 3})',
        got=result,
        expected="BUY, 0.5",
    )


@given(ballot=ballots())
def test_the_vote_is_the_weighted_mean_of_the_directions(
    ballot: tuple[dict[str, Signal], dict[str, float]],
) -> None:
    """A HOLD keeps its weight: two of three who don't know are a reason for a third of the size."""
    signals, weights = ballot
    sign = {BUY: 1, SELL: -1, HOLD: 0}
    score = sum(weights[n] * sign[s.action] * s.strength for n, s in signals.items()) / sum(weights.values())
    expected = HOLD if abs(score) <= 1e-9 else BUY if score > 0 else SELL
    result = combine(signals, weights)
    assert result.action is expected and result.strength == pytest.approx(abs(score), abs=1e-9), told(
        "combine(signals, weights)",
        signals={n: f"{s.action.name} {s.strength}" for n, s in signals.items()},
        weights=weights,
        got=result,
        expected=f"{expected.name}, strength {abs(score):.6g}",
    )


@given(ballot=ballots(), factor=st.sampled_from([0.25, 3.0, 1000.0]))
def test_only_the_proportions_of_the_weights_count(
    ballot: tuple[dict[str, Signal], dict[str, float]], factor: float
) -> None:
    """Weights of 1 and 3 are weights of 25 % and 75 %."""
    signals, weights = ballot
    a, b = combine(signals, weights), combine(signals, {n: factor * w for n, w in weights.items()})
    assert same(a, b), told(f"combine(signals, {factor} times the weights)", got=b, expected=a, weights=weights)


def test_the_reason_names_those_who_voted_for_it() -> None:
    """Who reads the log wants to know which strategies wanted this trade, and which didn't."""
    signals = {"trendish": vote(BUY, 0.9), "valuish": vote(SELL, 0.2), "quietish": vote(HOLD, 0.0)}
    result = combine(signals, {"trendish": 1, "valuish": 1, "quietish": 1})
    named = [name for name in signals if name in result.reason]
    assert named == ["trendish"], told(
        "combine({trendish: BUY 0.9, valuish: SELL 0.2, quietish: HOLD}, equal weights).reason",
        got=result.reason,
        expected="names trendish, and neither of the others",
        because=f"the result is {result.action.name}",
    )


@pytest.mark.parametrize(
    ("call", "naming", "signals", "weights"),
    [
        ("combine({}, {})", "signals", {}, {}),
        ('combine({"a": …}, {})', ["weights", "a"], {"a": 1}, {}),
        ('combine({"a": …}, {"a": 1, "zz": 1})', ["weights", "zz"], {"a": 1}, {"a": 1.0, "zz": 1.0}),
        ('combine({"a": …}, {"a": -1})', ["weights", "-1"], {"a": 1}, {"a": -1.0}),
        ('combine({"a": …}, {"a": nan})', ["weights", "nan"], {"a": 1}, {"a": float("nan")}),
        ('combine({"a": …}, {"a": 0})', ["weights", "0"], {"a": 1}, {"a": 0.0}),
    ],
    ids=["no signals", "a weight is missing", "a weight too many", "negative", "nan", "all zero"],
)
def test_votes_that_can_not_be_counted_are_refused(
    call: str, naming: list[str] | str, signals: dict[str, int], weights: dict[str, float]
) -> None:
    """A weight without its signal is a strategy that somebody believes to be trading."""
    with refused(call, naming=naming):
        combine({name: vote(BUY, 0.5) for name in signals}, weights)


# ── real prices ──


@pytest.mark.parametrize("symbol", ["AAPL", "IBM", "MSFT"])
def test_two_years_of_real_prices(symbol: str, golden: Golden) -> None:
    """Signals on each 5th close of 2008 and 2009, the crash and the recovery."""
    closes = closes_of(symbol, "2007-10-01", "2009-12-31")
    days = range(65, len(closes), 5)
    golden.check(
        {
            "sma_crossover": _told([sma_crossover(closes[: i + 1], fast=3, slow=9) for i in days]),
            "momentum": _told([momentum(closes[: i + 1]) for i in days]),
            "mean_reversion": _told([mean_reversion(closes[: i + 1]) for i in days]),
        },
        rtol=1e-7,
    )


def _told(signals: list[Signal]) -> list[str | float]:
    return [s.strength * {BUY: 1, SELL: -1, HOLD: 0}[s.action] for s in signals]


def test_real_prices_are_read_oldest_first() -> None:
    """AAPL lost 52 % on 2000-09-29, a day that happened: momentum over one bar must see it as the fall it was."""
    closes = closes_of("AAPL", "2000-09-25", "2000-09-29")
    signal = momentum(closes, lookback=1, full_at=1)
    fall = 1 - closes[-1] / closes[-2]
    assert signal.action is SELL and signal.strength == pytest.approx(fall), told(
        "momentum(closes up to 2000-09-29, lookback=1, full_at=1)",
        closes=closes,
        got=signal,
        expected=f"SELL, strength {fall:.4f}",
    )
    assert all(b != a for a, b in pairwise(closes))
