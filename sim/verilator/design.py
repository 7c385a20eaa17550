"""A component as a simulator takes it: Verilog, and what its ports hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...hdl.export.verilog import Layout, describe_ports, to_verilog

__all__ = ["TOP", "Design"]

TOP = "top"
"""Name of the module that is simulated."""


@dataclass(frozen=True)
class Design:
    """What is simulated.

    Parameters
    ----------
    verilog : str
        Its source. The top module is :data:`TOP`.
    ports : mapping of str to Layout
        What its ports hold, but for clock and reset.
    inputs : tuple of str
        Which of them are inputs.
    public : tuple of str
        Names within the top module that a bench may reach, besides the ports.
    """

    verilog: str
    ports: Mapping[str, Layout] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    public: tuple[str, ...] = ()

    @classmethod
    def of(cls, component: Any, *, platform: Any = None, public: tuple[str, ...] = ()) -> "Design":
        """A design that is an Amaranth component.

        Parameters
        ----------
        component : amaranth.lib.wiring.Component
            The component.
        platform : amaranth.build.Platform, optional
            Passed to its elaboration.
        public : tuple of str
            Names within it that a bench may reach, besides the ports.
        """
        ports, inputs = describe_ports(component)
        return cls(to_verilog(component, name=TOP, platform=platform), ports, inputs, public)
