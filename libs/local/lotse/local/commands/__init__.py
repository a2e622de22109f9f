"""What `lotse` can be told, by subject."""
