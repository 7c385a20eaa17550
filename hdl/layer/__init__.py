"""One layer in gateware: its engine and its registers."""
