"""Delivers replies and notices, each once."""
