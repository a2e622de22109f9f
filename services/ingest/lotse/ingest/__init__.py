"""Turns every provider's webhook, mail and typed call into one typed event."""
