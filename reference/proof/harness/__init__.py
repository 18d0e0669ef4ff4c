"""The harness, tested like a product: its screens, and katas that misbehave."""
