"""The forward pass in gateware: neuron array, local scores, error detector, group selector."""
