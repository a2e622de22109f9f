"""The console: what agents, team leads and operators see in the browser. It shows and asks, and decides nothing."""
