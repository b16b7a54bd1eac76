"""Fuzzing of everything that strangers write: pictures, answers, names, documents. See docs/fuzzing.md."""
