"""What the desk makes of the facts it reads: pure projections, no decision of its own."""
