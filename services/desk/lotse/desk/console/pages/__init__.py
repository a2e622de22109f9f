"""One file a page: what it reads, what stands on it, what it says in German and English."""
