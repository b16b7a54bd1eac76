"""A site of cameras of every kind, with faults, for as long as one likes: nothing may leak. See docs/soak.md."""
