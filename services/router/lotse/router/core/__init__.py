"""What router decides: pure functions from state, event and time to events."""
