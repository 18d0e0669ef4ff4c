"""The hidden answer: the weeks as the stubs want them, their trials, and the proof of it all."""
