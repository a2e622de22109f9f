"""What the reply box knows and says: where an answer goes, what speaks against it, which answers stand ready."""
