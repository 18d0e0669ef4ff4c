"""The one pytest plugin of the course: code under test, red report, golden files, guards."""
