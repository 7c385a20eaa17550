"""The host link: frames of bytes between a host and a trainer core."""
