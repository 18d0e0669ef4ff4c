"""A paper exchange that speaks Alpaca's API and fills orders against recorded daily bars.

What it leaves out, on purpose: bracket orders, options and crypto, intraday bars, extended hours,
interest, borrow fees, margin calls and settlement delay.
"""

from .app import create_app
from .core import EndOfDataError, Exchange
from .matching import Costs

__all__ = ["Costs", "EndOfDataError", "Exchange", "create_app"]
