"""What networks are trained by: distances, miners and losses that compose, and the view network's own."""
