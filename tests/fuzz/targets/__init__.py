"""One module a target: `TARGET`, found by its file's name."""
