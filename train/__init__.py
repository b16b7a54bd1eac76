"""Learning: makes the bundles that the monitor loads. Needs torch; the monitor never imports this package."""
