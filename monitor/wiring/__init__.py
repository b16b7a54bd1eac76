"""The only place where adapters are built from settings."""
