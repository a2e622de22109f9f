"""The HTTP API: one module per kind of account, and how all of them refuse."""
