"""What people reach with a browser: pictures of incidents by their links, and signs of life for machines."""
