"""Watches the deadlines that a customer was promised."""
