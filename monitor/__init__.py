"""The camera-view monitor: a service that notices when a fixed camera no longer sees what it should."""

__version__ = "0.1.0"
