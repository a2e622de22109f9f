"""Read side, API for commands and console."""
