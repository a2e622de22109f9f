"""The inbox: what stands in its list (`window`, `rows`), what it shows (`state`, `texts`), what it asks (`reads`)."""
