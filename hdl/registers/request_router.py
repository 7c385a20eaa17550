"""Router of register requests: to the registers of the core and of its layers."""

from typing import Any

from amaranth.hdl import Array, C, Elaboratable, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component
from .register_declaration import RegisterGroup
from .register_file import needs_idle
from .register_map import GlobalRegister, LayerRegister, Status
from .requests import request_layout, response_layout

__all__ = ["RequestRouter"]


class RequestRouter(Component):
    """Answer requests one at a time, from the registers of the core or of a layer.

    States, cycle by cycle:

    - Idle: a request waits for one cycle.
    - Look: the request is decoded. If it is refused with BUSY, has no register group, or is for a
      register of the core, its answer is stored; Take takes the request, and Respond, in the next
      cycle, offers the response.
    - Layer: a request for a layer is offered to the layer from the cycle after Look, and taken
      when the layer takes it; Answer stores the layer's response, and Respond offers it.

    Parameters
    ----------
    layers : int
        Layers of the core. At least 1.
    registers, layer_registers : type of RegisterGroup
        Registers of the core and of a layer.
    shared : bool
        Whether all layers have one port, for their requests and responses. Then every request to a
        layer needs the core idle.

    Members
    -------
    requests : In(stream)
        Reads and writes of registers.
    responses : Out(stream)
        One for each request, in order.
    busy : In(1)
        Refuse requests that need the core idle.
    hold : Out(1)
        Let no sample enter, so that the core stays idle until a request is answered.
    enable : Out(1)
        To the registers of the core: carry out the request.
    status, value : In
        From the registers of the core: the answer, in the same cycle.
    layer_requests : array of Out(stream)
        Requests to each layer.
    layer_responses : array of In(stream)
        Responses of each layer. ``ready`` is always set.

    Raises
    ------
    ValueError
        If there is no layer.
    """

    def __init__(
        self,
        *,
        layers: int,
        registers: type[RegisterGroup] = GlobalRegister,
        layer_registers: type[RegisterGroup] = LayerRegister,
        shared: bool = False,
    ):
        if layers < 1:
            raise ValueError(f"layers must be at least 1, not {layers!r}")
        self.layers = layers
        self.registers = registers
        self.layer_registers = layer_registers
        self.shared = shared
        ports = 1 if shared else layers
        self.ports = ports
        super().__init__(
            {
                "requests": In(stream.Signature(request_layout())),
                "responses": Out(stream.Signature(response_layout())),
                "busy": In(1),
                "hold": Out(1),
                "enable": Out(1),
                "status": In(Status),
                "value": In(32),
                "layer_requests": Out(stream.Signature(request_layout())).array(ports),
                "layer_responses": In(stream.Signature(response_layout())).array(ports),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        request = self.requests.p
        page, offset = request.address[8:], request.address[:8]
        own = page == 0
        refused = self.busy & Mux(
            own,
            needs_idle(self.registers, request.write, offset),
            C(1) if self.shared else needs_idle(self.layer_registers, request.write, offset),
        )
        port_index = Signal(range(max(self.ports, 2)))  # of the addressed layer
        offered = Array(port.valid for port in self.layer_requests)
        taken = Array(port.ready for port in self.layer_requests)
        answer: Any = Signal(response_layout())
        m.d.comb += self.responses.p.eq(answer)
        if self.ports > 1:
            m.d.comb += port_index.eq(page - 1)
        for port in self.layer_requests:
            m.d.comb += port.p.eq(request)
        for port in self.layer_responses:
            m.d.comb += port.ready.eq(1)

        with m.FSM():
            with m.State("Idle"):
                with m.If(self.requests.valid):
                    m.next = "Look"
            with m.State("Look"):
                m.d.comb += self.hold.eq(1)
                m.d.sync += answer.data.eq(0)
                m.next = "Take"
                with m.If(refused):
                    m.d.sync += answer.status.eq(Status.BUSY)
                with m.Elif(page > self.layers):
                    m.d.sync += answer.status.eq(Status.UNKNOWN)
                with m.Elif(~own):
                    m.next = "Layer"
                with m.Else():
                    m.d.comb += self.enable.eq(1)
                    m.d.sync += [answer.status.eq(self.status), answer.data.eq(self.value)]
            with m.State("Layer"):
                # The request can make the core busy.
                m.d.comb += [self.hold.eq(1), offered[port_index].eq(1)]
                with m.If(taken[port_index]):
                    m.d.comb += self.requests.ready.eq(1)
                    m.next = "Answer"
            with m.State("Answer"):
                # Only the addressed layer answers.
                m.d.comb += self.hold.eq(1)
                for port in self.layer_responses:
                    with m.If(port.valid):
                        m.d.sync += answer.eq(port.p)
                        m.next = "Respond"
            with m.State("Take"):
                m.d.comb += self.requests.ready.eq(1)
                m.next = "Respond"
            with m.State("Respond"):
                m.d.comb += self.responses.valid.eq(1)
                with m.If(self.responses.ready):
                    m.next = "Idle"

        return m
