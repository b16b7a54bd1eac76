"""One benchmark for every way to see that a view changed: the same pairs, the same questions, the same report."""
