"""Trial of the signals: walks, crashes, flat and tiny series, and votes, in sizes that no spec uses."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

_PARAMETERS = {
    "sma_crossover": [{"fast": 5, "slow": 21}, {"fast": 1, "slow": 2}, {"fast": 4, "slow": 9, "full_at": 0.005}],
    "momentum": [{"lookback": 1}, {"lookback": 13}, {"lookback": 30, "full_at": 0.4}],
    "mean_reversion": [{"window": 8, "entry_z": 1.3}, {"window": 30, "entry_z": 2.4}, {"window": 2, "entry_z": 0.9}],
}


def inputs(rng: random.Random) -> dict[str, Any]:
    series = [_walk(rng, rng.randint(22, 70), rng.choice([0.002, 0.02, 0.12])) for _ in range(14)]
    series += [[rng.choice([0.0004, 17.0, 9e5])] * 40, _walk(rng, 6, 0.03)]
    # A flat start and then a move: the averages leave equality on the last bar.
    series += [[price] * 39 + [price * move] for price, move in [(31.7, 1.013), (0.9, 0.971), (250.0, 1.2)]]
    return {"series": series, "votes": [_ballot(rng) for _ in range(20)]}


def run(week1: SimpleNamespace, given: dict[str, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for name, parameters in _PARAMETERS.items():
        function = getattr(week1.signals, name)
        answers[name] = [[_plain(function(closes, **p)) for p in parameters] for closes in given["series"]]
    answers["combine"] = [
        _plain(
            week1.signals.combine(
                {name: _signal(week1, direction, strength) for name, direction, strength, _ in ballot},
                {name: weight for name, _, _, weight in reversed(ballot)},
            )
        )
        for ballot in given["votes"]
    ]
    return answers


def _walk(rng: random.Random, n: int, volatility: float) -> list[float]:
    price = rng.uniform(0.5, 900)
    closes: list[float] = []
    for _ in range(n):
        price *= 1 + max(-0.6, rng.gauss(0, volatility))
        closes.append(round(price, 4))
    return closes


def _ballot(rng: random.Random) -> list[list[Any]]:
    ballot: list[list[Any]] = []
    for name in rng.sample("pqrstuv", rng.randint(1, 6)):
        direction = rng.choice(["buy", "sell", "hold"])
        strength = 0.0 if direction == "hold" else round(rng.uniform(0.05, 1), 3)
        ballot.append([name, direction, strength, round(rng.uniform(0.1, 7), 2)])
    return ballot


def _signal(week1: SimpleNamespace, direction: str, strength: float) -> Any:
    return week1.models.Signal(action=direction, strength=strength, reason="trial")


def _plain(signal: Any) -> list[Any]:
    return [str(signal.action.value), round(float(signal.strength), 7)]
