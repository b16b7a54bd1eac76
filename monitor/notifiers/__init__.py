"""Ways to tell somebody: one module a kind, all of them listed in `kinds`."""
