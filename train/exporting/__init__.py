"""From trained weights to a bundle that the service loads."""
