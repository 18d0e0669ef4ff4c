"""Proof that the embedded world is one: its data, its exchange and its demo."""
