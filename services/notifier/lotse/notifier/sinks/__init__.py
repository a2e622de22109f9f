"""The ways out: each builds a request, sends it and says what the other side made of it."""
