"""`python -m reference.trials WEEK SEED [--impl WHOSE] [--kata NAME]` prints the answers as JSON."""

from __future__ import annotations

import argparse
import importlib
import json
import sys

from specs.harness.implementation import choose


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m reference.trials", description="Run a week's hidden trials.")
    parser.add_argument("week")
    parser.add_argument("seed", type=int)
    parser.add_argument("--impl", default="reference")
    parser.add_argument("--kata", action="append", help="only this kata; may be repeated")
    parser.add_argument("--inputs", action="store_true", help="print the inputs instead")
    chosen = parser.parse_args()
    trials = importlib.import_module(f"reference.trials.{chosen.week}")
    given = json.loads(json.dumps(trials.inputs(chosen.seed)))
    if not chosen.inputs:
        choose(chosen.impl)
        import katas

        given = trials.run(katas, given, chosen.kata or trials.KATAS)
    json.dump(given, sys.stdout, indent=1, allow_nan=False)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
