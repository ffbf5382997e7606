"""Stores in memory, each broken in one way, with the tests that must notice."""
