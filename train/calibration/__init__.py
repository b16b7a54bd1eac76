"""Choosing a bundle's operating point from a budget of false alarms, and saying how sure that is."""
