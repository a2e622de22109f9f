"""A busy day of customers and agents, played on a running stack through its own addresses alone."""
