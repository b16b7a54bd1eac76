"""Looking pictures up in a stored gallery, seeing embeddings on a map, and seeing what a network looks at."""
