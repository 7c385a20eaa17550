"""The update in gateware: sample buffer, update engine, reinforcement, initial counters."""
