"""What you write. The specs import from here, whoever's code stands behind it."""
