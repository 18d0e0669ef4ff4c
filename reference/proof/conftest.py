"""Peers and trials look at the reference; specs run in processes of their own."""

from __future__ import annotations

from specs.harness.implementation import choose


def pytest_sessionstart() -> None:
    choose("reference")
