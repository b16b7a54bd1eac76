"""What the service does, one function each; adapters come in through ports."""
