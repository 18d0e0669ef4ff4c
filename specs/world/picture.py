"""The demo's picture: two equity curves and their drawdowns."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from .scores import drawdowns

INK = "#1f2933"
FAINT = "#d5dae1"
COLOURS = ("#0b6e99", "#d1792b", "#5b8c3e", "#8a4f9e")


def draw(path: Path, days: Sequence[date], curves: Mapping[str, Sequence[float]], *, title: str, subtitle: str) -> None:
    """Write a PNG: equity in USD above, drawdown in percent below. Every curve has one value per day."""
    # Imported here: matplotlib takes a second, and only this function needs it. Half of it is untyped.
    agg: Any = importlib.import_module("matplotlib.backends.backend_agg")
    dates: Any = importlib.import_module("matplotlib.dates")
    ticker: Any = importlib.import_module("matplotlib.ticker")
    figures: Any = importlib.import_module("matplotlib.figure")

    figure = figures.Figure(figsize=(10, 6.2), dpi=150, facecolor="white", layout="constrained")
    agg.FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    for colour, (name, equity) in zip(COLOURS, curves.items(), strict=False):
        growth = equity[-1] / equity[0] - 1
        upper.plot(days, equity, color=colour, linewidth=1.7, label=f"{name} ({growth:+.1%})")
        under = [-100 * drawdown for drawdown in drawdowns(equity)]
        lower.plot(days, under, color=colour, linewidth=1.1)
        lower.fill_between(days, under, 0, color=colour, alpha=0.15, linewidth=0)
    upper.axhline(next(iter(curves.values()))[0], color=INK, linewidth=0.8, linestyle=":", zorder=1)
    figure.suptitle(title, x=0.01, ha="left", fontsize=14, fontweight="bold", color=INK)
    upper.set_title(subtitle, loc="left", fontsize=9.5, color="#52606d")
    upper.set_ylabel("Equity (USD)")
    lower.set_ylabel("Drawdown (%)")
    lower.set_xlabel("Session")
    upper.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))
    locator = dates.AutoDateLocator()
    lower.xaxis.set_major_locator(locator)
    lower.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    upper.legend(loc="upper left", frameon=False)
    for axes in (upper, lower):
        axes.grid(color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(colors=INK, labelsize=9)
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(x=0.01)
    lower.set_ylim(top=0)
    figure.align_ylabels()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
