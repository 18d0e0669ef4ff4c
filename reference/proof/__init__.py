"""Who tests the tests: `tox -e verify` runs everything in this folder."""
