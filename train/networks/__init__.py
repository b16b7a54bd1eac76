"""Networks that can be trained; `train.networks.registry` lists them."""
