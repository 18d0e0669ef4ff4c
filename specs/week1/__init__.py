"""Specs of Week 1."""
