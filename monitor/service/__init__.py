"""The daemon's engine: what runs when, on which thread, and how it stops. It is handed all that it calls."""
