"""Write `fixtures/market/` from the `bokeh-sampledata` package.

A maintainer runs this once per new release of the package; nobody else needs the package or this file:

    python -m reference.proof.world.extract_market

Prices are copied as text, digit for digit. Corporate actions are recovered from the steps of
adjusted close / close, and the script stops if a step is neither a whole split nor a cash amount to
the cent: nothing is guessed.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import importlib.metadata
import importlib.resources
import io
import itertools
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[3] / "fixtures" / "market"
COLUMNS = ["date", "open", "high", "low", "close", "volume", "adjusted_close"]
SPECIAL_DIVIDENDS = {("MSFT", "2004-11-15"): Decimal("3.00")}
"""Part of a step that was paid as a special dividend; the rest of it is the ordinary one."""
TOLERANCE = Decimal("1e-6")


def source_rows() -> dict[str, list[dict[str, str]]]:
    """The package's rows by symbol, oldest first, every value as the text that the package holds."""
    packed = importlib.resources.files("bokeh_sampledata") / "_data" / "stocks.csv.gz"
    text = gzip.decompress(packed.read_bytes()).decode("utf-8")
    rows: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        rows.setdefault(row["Ticker"], []).append(row)
    return {symbol: rows[symbol] for symbol in sorted(rows)}


def packed_csv(rows: list[dict[str, str]]) -> bytes:
    """One symbol as gzipped CSV; the same rows always give the same bytes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([row[k] for k in ("Date", "Open", "High", "Low", "Close", "Volume", "Adj Close")])
    return gzip.compress(out.getvalue().encode("ascii"), compresslevel=9, mtime=0)


def actions_of(symbol: str, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Splits and cash dividends of one symbol, from the steps of adjusted close / close.

    The source adjusts a day's dividend D by (close + D) / close of the ex-date.
    """
    found: list[dict[str, str]] = []
    for before, after in itertools.pairwise(rows):
        close = Decimal(after["Close"])
        step = Decimal(after["Adj Close"]) / close * Decimal(before["Close"]) / Decimal(before["Adj Close"])
        if abs(step - 1) < TOLERANCE:
            continue
        if abs(step - round(step)) < TOLERANCE:
            ratio = str(round(step))
            found.append({"symbol": symbol, "ex_date": after["Date"], "kind": "split", "ratio": ratio})
            continue
        paid = (step - 1) * close
        cents = round(paid, 2)
        if abs(paid - cents) > Decimal("0.0001"):
            raise SystemExit(f"{symbol} {after['Date']}: {paid} per share is no whole number of cents")
        special = SPECIAL_DIVIDENDS.get((symbol, after["Date"]), Decimal(0))
        for kind, amount in (("special_dividend", special), ("cash_dividend", cents - special)):
            if amount:
                found.append({"symbol": symbol, "ex_date": after["Date"], "kind": kind, "amount": f"{amount:.2f}"})
    return found


def write() -> None:
    """Write the CSV files, the corporate actions and the provenance."""
    TARGET.mkdir(parents=True, exist_ok=True)
    rows = source_rows()
    actions = [action for symbol in rows for action in actions_of(symbol, rows[symbol])]
    actions.sort(key=lambda action: (action["ex_date"], action["symbol"], action["kind"]))
    lines = ",\n".join("  " + json.dumps(action) for action in actions)
    files = {f"{symbol}.csv.gz": packed_csv(rows[symbol]) for symbol in rows}
    files["actions.json"] = f"[\n{lines}\n]\n".encode("ascii")
    for name, content in files.items():
        (TARGET / name).write_bytes(content)
    provenance: dict[str, Any] = {
        "source": "bokeh-sampledata (PyPI), file bokeh_sampledata/_data/stocks.csv.gz",
        "version": importlib.metadata.version("bokeh-sampledata"),
        "licence": "BSD-3-Clause",
        "upstream": "Quandl WIKI Prices, which the package records as public domain",
        "extracted_by": "reference/proof/world/extract_market.py",
        "symbols": {
            symbol: {"first": found[0]["Date"], "last": found[-1]["Date"], "sessions": len(found)}
            for symbol, found in rows.items()
        },
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    (TARGET / "provenance.json").write_bytes((json.dumps(provenance, indent=2) + "\n").encode("ascii"))


if __name__ == "__main__":
    write()
