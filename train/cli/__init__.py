"""The command line `python -m train`: one module a command, imported only to run it."""
