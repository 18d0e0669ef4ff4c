"""Loads the harness; nothing else."""

pytest_plugins = ["specs.harness.plugin"]
