"""Hidden weights in gateware: counter memory, counter step, weight bank, counter port."""
