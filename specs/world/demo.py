"""Two years of real prices through Week 1's API, on a paper exchange that runs on this machine.

    python -m specs.world.demo --impl katas

Starts the exchange and the API on loopback, asks for signals before every session, sends the orders
through the API, and compares the result with buying and holding the same symbols at the same costs.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from specs.harness.curriculum import ROOT
from specs.harness.implementation import ImplementationError, choose

from . import market
from .exchange import EndOfDataError, Exchange, create_app
from .picture import draw
from .replay import BUFFER, Replay, ReplayError
from .scores import Scores, score
from .server import running
from .week1 import EmptyKataError, Platform

KEY, SECRET = "demo-key", "demo-secret"
STRATEGIES = ("combined", "sma_crossover", "momentum", "mean_reversion")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo. 0: done; 1: a kata is empty or an answer unusable; 2: wrong option; 130: interrupted."""
    options = _options(arguments)
    if sys.platform == "win32":  # Ctrl-Break ends it as Ctrl-C does
        signal.signal(signal.SIGBREAK, signal.default_int_handler)
    try:
        return _run(options)
    except (ImplementationError, UsageError) as problem:
        print(problem, file=sys.stderr)
        return 2
    except (EmptyKataError, ReplayError, ImportError, SyntaxError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted: nothing is left running.", file=sys.stderr)
        return 130


class UsageError(ValueError):
    """An option that the recorded market can't serve."""


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m specs.world.demo", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    # The learner's edition has no reference to trade with.
    code = "reference" if (ROOT / "reference").is_dir() else "katas"
    parser.add_argument("--impl", default=code, help="reference, katas or a path (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path(".demo"), help="folder of the picture (%(default)s)")
    parser.add_argument("--symbols", nargs="+", default=["AAPL", "GOOG", "IBM", "MSFT"], metavar="SYMBOL")
    parser.add_argument("--strategy", choices=STRATEGIES, default="combined")
    parser.add_argument("--start", type=date.fromisoformat, default=date(2005, 1, 3), metavar="YYYY-MM-DD")
    parser.add_argument("--sessions", type=int, default=504, help="how many to play (%(default)s)")
    parser.add_argument("--cash", type=_amount, default=Decimal(100_000), help="USD (%(default)s)")
    return parser.parse_args(arguments)


def _amount(text: str) -> Decimal:
    """A number for argparse, which understands ValueError and not decimal's own errors."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


def _run(options: argparse.Namespace) -> int:
    symbols = list(dict.fromkeys(str(s).upper() for s in options.symbols))
    exchange = _exchange(symbols, options)
    folder = choose(options.impl)
    with running(create_app(exchange)) as exchange_url:
        platform = Platform(folder, key=KEY, secret=SECRET, url=exchange_url)
        app = platform.build(lambda: exchange.now)
        with running(app) as api_url:
            replay = Replay(api_url, exchange_url, (KEY, SECRET), symbols, platform.client_order_id)
            try:
                with _progress(options.sessions) as progress:
                    replay.run(options.sessions, options.strategy, progress.update)
                account, positions = replay.ask("GET", "/account"), replay.ask("GET", "/positions")
            finally:
                replay.close()
    if not replay.record.days:
        raise ReplayError("the recorded market ends before the first session")
    held = _buy_and_hold(symbols, options, len(replay.record.days))
    _report(options, symbols, replay, exchange, held, account, positions)
    return 0


def _progress(total: int) -> Any:
    """A bar on stderr that leaves nothing behind; none when nobody watches, so a log stays readable."""
    tqdm: Any = importlib.import_module("tqdm").tqdm
    return tqdm(total=total, unit=" sessions", disable=None, leave=False, file=sys.stderr)


def _exchange(symbols: Sequence[str], options: argparse.Namespace) -> Exchange:
    """An exchange on the evening before `--start`. Raises UsageError for options without data."""
    recorded = market.load()
    unknown = [symbol for symbol in symbols if symbol not in recorded.bars]
    if unknown:
        raise UsageError(f"--symbols: no prices of {', '.join(unknown)}; there are {', '.join(recorded.symbols)}")
    if options.sessions < 1:
        raise UsageError(f"--sessions: at least 1, got {options.sessions}")
    if not options.cash.is_finite() or options.cash <= 0:
        raise UsageError(f"--cash: must be above 0, got {options.cash}")
    days = sorted({bar.day for symbol in symbols for bar in recorded.bars[symbol]})
    before = [day for day in days if day < options.start]
    if not before or before[-1] == days[-1]:
        raise UsageError(f"--start: prices run from {days[0]} to {days[-1]}, and one session must come before")
    return Exchange(recorded.only(symbols), as_of=before[-1], cash=options.cash, key=KEY, secret=SECRET, seed="demo")


class Held:
    """Buy and hold: the exchange it ran on and its equity, before the first session and after each."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.equity = [exchange.ledger.equity]


def _buy_and_hold(symbols: Sequence[str], options: argparse.Namespace, sessions: int) -> Held:
    """The same cash, market and costs: equal shares of every listed symbol at the first open, then nothing."""
    held = Held(_exchange(symbols, options))
    exchange = held.exchange
    prices = {symbol: exchange.last_close(symbol) for symbol in symbols}
    for symbol, price in prices.items():
        if price is not None:
            budget = options.cash / len(symbols) * BUFFER
            qty = (budget / price).to_integral_value(ROUND_FLOOR)
            if qty > 0:
                order = {"symbol": symbol, "side": "buy", "type": "market", "time_in_force": "day"}
                exchange.submit({**order, "qty": qty})
    for _ in range(sessions):
        try:
            exchange.advance()
        except EndOfDataError:
            break
        held.equity.append(exchange.ledger.equity)
    return held


def _report(
    options: argparse.Namespace,
    symbols: Sequence[str],
    replay: Replay,
    exchange: Exchange,
    held: Held,
    account: dict[str, str],
    positions: list[dict[str, str]],
) -> None:
    record, days = replay.record, replay.record.days
    span = f"{days[0]} to {days[-1]}, {len(days)} sessions"
    print(f"{' '.join(symbols)}, {span}, strategy {options.strategy}, code {options.impl}\n")
    print(f"Account    cash {_usd(account['cash'])}   equity {_usd(account['equity'])}")
    for position in positions or [{}]:
        print("Positions" if position is (positions or [{}])[0] else "         ", _position(position))
    curves = {
        f"Strategy: {options.strategy}": [float(value) for value in record.equity],
        "Buy and hold": [float(value) for value in held.equity],
    }
    ours, theirs = (score(curve) for curve in curves.values())
    print()
    for name, *values in _rows(ours, theirs, exchange, held.exchange, record.orders):
        print(f"{name:<16}{values[0]:>14}{values[1]:>16}")
    if record.refused:
        print(f"\n{record.refused} orders were refused.")
    if record.without_signal:
        print(f"\n{record.without_signal} times a symbol had no price yet.")
    file = options.out / "equity.png"
    draw(
        file,
        [exchange.calendar.before(days[0]), *days],
        curves,
        title=f"{options.cash:,.0f} USD through the trading API, against buy and hold",
        subtitle=f"{', '.join(symbols)}, {span}; decided at the close, filled at the next open, costs paid",
    )
    print(f"\nPicture: {file.as_posix()}")


def _rows(ours: Scores, theirs: Scores, exchange: Exchange, held: Exchange, orders: int) -> list[tuple[str, str, str]]:
    def both(name: str, shape: str, field: str) -> tuple[str, str, str]:
        return name, format(getattr(ours, field), shape), format(getattr(theirs, field), shape)

    def cost(of: Exchange) -> str:
        return f"{of.ledger.commissions + sum(fill.slippage for fill in of.fills):,.2f}"

    return [
        ("", "strategy", "buy and hold"),
        both("final equity", ",.2f", "final_equity"),
        both("total return", "+.2%", "total_return"),
        both("CAGR", "+.2%", "cagr"),
        both("Sharpe", ".2f", "sharpe"),
        both("max drawdown", ".2%", "max_drawdown"),
        ("orders", f"{orders}", f"{len(held.orders)}"),
        ("fills", f"{len(exchange.fills)}", f"{len(held.fills)}"),
        ("costs paid", cost(exchange), cost(held)),
        ("dividends", f"{exchange.ledger.dividends:,.2f}", f"{held.ledger.dividends:,.2f}"),
    ]


def _position(position: dict[str, str]) -> str:
    if not position:
        return " none"
    price, entry = Decimal(position["current_price"]), Decimal(position["avg_entry_price"])
    qty = Decimal(position["qty"])
    gain = (price - entry) * qty
    return f" {position['symbol']:<5}{qty:>8f} at {entry:,.2f}, now {price:,.2f} ({gain:+,.2f})"


def _usd(text: str) -> str:
    return f"{Decimal(text):,.2f}"


if __name__ == "__main__":
    sys.exit(main())
