"""All of router's SQL: rows in, records out, and back."""
