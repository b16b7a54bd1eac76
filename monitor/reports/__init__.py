"""Reports as files: HTML for a screen or a printer, PDF, CSV."""
