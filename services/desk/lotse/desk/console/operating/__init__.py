"""What the operations page shows, and how it says it."""
