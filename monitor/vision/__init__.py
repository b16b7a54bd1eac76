"""Adapters for seeing: preprocessing, bundles, the encoder, picture quality and geometry."""
