"""The gateware: Amaranth components from a popcount up to the trainer core."""
