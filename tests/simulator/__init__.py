"""Tests of the simulated site."""
