"""Week 1: foundations, a trading API."""
