"""The HTTP API: reads from the projections, commands to the router."""
