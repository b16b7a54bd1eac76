"""What is trained and how: one recipe class a network, one YAML file under `config/recipes` a run."""
