"""Design: the Verilog of a component and the layouts of its ports, for a simulator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...hdl.export.verilog import Layout, describe_ports, to_verilog

__all__ = ["TOP", "Design"]

TOP = "top"
"""Name of the module that is simulated."""


@dataclass(frozen=True)
class Design:
    """A design to simulate.

    Parameters
    ----------
    verilog : str
        The source. The top module is :data:`TOP`.
    ports : mapping of str to Layout
        Layouts of the ports, without clock and reset.
    inputs : tuple of str
        Names of the inputs.
    public : tuple of str
        Signals of the top module that a bench can access, besides the ports.
    """

    verilog: str
    ports: Mapping[str, Layout] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    public: tuple[str, ...] = ()

    @classmethod
    def of(cls, component: Any, *, platform: Any = None, public: tuple[str, ...] = ()) -> "Design":
        """The design of an Amaranth component.

        Parameters
        ----------
        component : amaranth.lib.wiring.Component
            The component.
        platform : amaranth.build.Platform, optional
            Passed to ``elaborate``.
        public : tuple of str
            Signals of the component that a bench can access, besides the ports.
        """
        ports, inputs = describe_ports(component)
        return cls(to_verilog(component, name=TOP, platform=platform), ports, inputs, public)
