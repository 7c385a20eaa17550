"""Boards that learn: bitstreams for them, and the host's driver."""
