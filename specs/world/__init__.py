"""The embedded world: real market data, a paper exchange on loopback and the demo that trades on it."""
