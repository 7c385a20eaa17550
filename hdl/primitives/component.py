"""Base class of the components: an Amaranth component with ports declared in its constructor."""

from typing import TYPE_CHECKING, Any

from amaranth.lib import wiring

__all__ = ["Component"]


class Component(wiring.Component):
    """An Amaranth component whose ports depend on its parameters.

    The ports are the members of the signature that the constructor gets, so type checkers cannot
    know their names; they take a port as Any, and check everything else.
    """

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
