"""The five published designs, trained and measured in one go."""
