"""General building blocks in gateware: popcount, memory, divider, random streams."""
