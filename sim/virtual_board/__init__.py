"""Virtual boards: the gateware of a board in a simulator, behind a pseudo-terminal."""
