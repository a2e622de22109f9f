"""One module per channel: `verify()` checks who sent a body, `parse()` says what it means. Both are pure."""
