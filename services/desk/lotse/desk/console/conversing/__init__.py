"""A conversation in the browser: its line of time, who it is about, and what can be done with it."""
