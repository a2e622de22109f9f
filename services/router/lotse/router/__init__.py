"""Conversations, customers and the assignment of work to agents."""
