"""What the team page shows, and how it says it."""
