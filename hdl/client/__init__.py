"""The host's view of a trainer core: a network behind registers and sample streams."""
