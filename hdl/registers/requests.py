"""Requests for registers and their responses, as signals."""

from amaranth.lib import data

from .register_map import Status

__all__ = ["request_layout", "response_layout"]


def request_layout() -> data.StructLayout:
    """A read, or a write of ``data``."""
    return data.StructLayout({"write": 1, "address": 24, "data": 32})


def response_layout() -> data.StructLayout:
    """How a request ended, and the value read; for a write, the value before it.

    The value is 0 if the register cannot be read.
    """
    return data.StructLayout({"status": Status, "data": 32})
