"""What the sla service knows: entries of a history, rules, what a wait comes to, deadlines and their events."""
