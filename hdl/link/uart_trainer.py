# amaranth: UnusedElaboratable=no
"""A trainer core with host link and UART: the top level of boards."""

from amaranth.hdl import Elaboratable, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedNetwork
from ..planning.universal import UniversalTrainer
from ..primitives.component import Component
from ..trainer_core import TrainerCore
from .host_link import HostLink
from .uart_receiver import UartReceiver
from .uart_transmitter import UartTransmitter

__all__ = ["UartTrainer"]


class UartTrainer(Component):
    """A :class:`.TrainerCore` behind a :class:`.HostLink` behind a UART (8 bits, no parity).

    Boards connect it to their pins; virtual boards simulate it.

    Parameters
    ----------
    folded : FoldedNetwork or UniversalTrainer
        The network and how it is folded, or a universal trainer.
    clocks_per_bit : int
        Clock cycles of a bit on the line. At least 4.
    clock_khz : int
        Clock frequency in kHz, which the host can read; 0 if it is not known.

    Members
    -------
    rx : In(1)
        From the host; high while idle.
    tx : Out(1)
        To the host.
    busy : Out(1)
        The core is busy.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(
        self,
        folded: FoldedNetwork | UniversalTrainer,
        *,
        clocks_per_bit: int,
        clock_khz: int = 0,
    ):
        self.folded = folded
        self.clocks_per_bit = clocks_per_bit
        self._receiver = UartReceiver(clocks_per_bit=clocks_per_bit)
        self._transmitter = UartTransmitter(clocks_per_bit=clocks_per_bit)
        self._link = HostLink(folded, clock_khz=clock_khz)
        self._core = TrainerCore(folded)
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1), "busy": Out(1)})  # type: ignore[call-arg]

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        m.submodules.receiver = receiver = self._receiver
        m.submodules.transmitter = transmitter = self._transmitter
        m.submodules.link = link = self._link
        m.submodules.core = core = self._core

        m.d.comb += [receiver.rx.eq(self.rx), self.tx.eq(transmitter.tx), self.busy.eq(core.busy)]
        # A byte takes longer on the line than in the link. It is valid for a cycle more, so that
        # the path through the link begins at a register.
        m.d.sync += link.i.valid.eq(receiver.o.valid)
        m.d.comb += link.i.payload.eq(receiver.o.payload)
        wiring.connect(m, link.o, transmitter.i)
        wiring.connect(m, link.samples, core.samples)
        wiring.connect(m, core.results, link.results)
        wiring.connect(m, link.requests, core.requests)
        wiring.connect(m, core.responses, link.responses)
        m.d.comb += [
            core.cancel.eq(link.cancel),
            link.last_word.eq(core.last_word),
            link.busy.eq(core.busy),
        ]

        return m
