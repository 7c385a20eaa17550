"""Training in the commands: data, back ends, epochs, the kept model, output."""
