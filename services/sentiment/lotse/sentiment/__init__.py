"""Reads language, tone, triage, situation and personal data in a message."""
