"""What must become true: the specs, the harness that runs them and the world that they run in."""
