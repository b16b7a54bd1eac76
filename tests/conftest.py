"""What all tests share: a real PostgreSQL for those that ask for it."""

pytest_plugins = ["tests.postgres"]
