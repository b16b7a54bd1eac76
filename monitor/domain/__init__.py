"""What the service is about, without any input or output: values, rules and ports. Numpy is the only library here."""
