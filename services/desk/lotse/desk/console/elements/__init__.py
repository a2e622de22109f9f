"""Parts of pages that live in the browser: each a Python class beside its Vue component."""
