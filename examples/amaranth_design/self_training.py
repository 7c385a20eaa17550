"""A trainer core in an Amaranth design: it trains on the samples of a memory, without a host.

After reset, :class:`SelfTraining` writes the core's registers, which draw the initial state of its
seed, and sends it the samples, epoch after epoch. Then it reads the counters, and sets ``learnt``.
Run as a program, this file simulates the design and compares the counters with those of the golden
model.
"""

from typing import Any

import numpy as np
from amaranth.hdl import Elaboratable, Module, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Out
from amaranth.sim import Simulator

from metaplast.golden_model import Network, NetworkConfig
from metaplast.hdl.client.initial_state import initial_state
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, NetworkPlan
from metaplast.hdl.registers.register_map import GlobalRegister, LayerRegister, layer_address
from metaplast.hdl.trainer_core import TrainerCore

CONFIG = NetworkConfig(
    inputs=8, hidden=(8,), groups=(2,), classes=2, counter_bits=4, batch=4, reinforcement=0.0
)
PLAN = NetworkPlan((LayerPlan(pe=2, simd=8, update_width=4, input_width=8),))
EPOCHS = 4

# The label is the half of the bits that has more ones; samples with equal halves are left out.
X = np.array([[n >> i & 1 for i in range(8)] for n in range(3, 256, 7)], dtype=np.uint8)
X = X[X[:, :4].sum(axis=1) != X[:, 4:].sum(axis=1)]
Y = (X[:, :4].sum(axis=1) < X[:, 4:].sum(axis=1)).astype(np.int64)


# A row of the memory: the bits of a sample, then its label.
ROWS = [int("".join(map(str, x[::-1])), 2) | int(y) << 8 for x, y in zip(X, Y, strict=True)]

SETTINGS = [
    (GlobalRegister.BATCH, CONFIG.batch),
    (layer_address(0, LayerRegister.MARGIN), CONFIG.layers[0].margin),
    (layer_address(0, LayerRegister.EVENTS), 0),
    *(write for writes in initial_state(CONFIG) for write in writes),
]
"""Addresses and values of the registers to write, in order, each when the core is not busy."""


class SelfTraining(wiring.Component):
    """Train on the samples of a memory.

    Members
    -------
    learnt : Out(1)
        All epochs are done, and the counters were read.
    right : Out(8)
        Samples that were predicted right in the last epoch.
    counters : Out(stream)
        The counters, when all epochs are done. Never waits.
    """

    learnt: Out(1)
    right: Out(8)
    counters: Out(stream.Signature(signed(CONFIG.counter_bits), always_ready=True))

    def __init__(self) -> None:
        super().__init__()
        self.core = TrainerCore(FoldedNetwork(CONFIG, PLAN))

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        m.submodules.core = core = self.core
        m.d.comb += [
            core.requests.p.write.eq(1),
            self.counters.payload.eq(core.responses.p.data),
            core.responses.ready.eq(1),
            core.results.ready.eq(1),
        ]
        self._control(m, self._samples(m), self._labels(m), self._settings(m))
        return m

    def _samples(self, m: Module) -> Any:
        """Connect the memory to the core's samples; gives its read port."""
        m.submodules.samples = samples = Memory(shape=9, depth=len(ROWS), init=ROWS)
        port = samples.read_port(domain="comb")
        m.d.comb += [
            self.core.samples.p.bits.eq(port.data[:8]),
            self.core.samples.p.label.eq(port.data[8]),
            self.core.samples.p.last.eq(port.addr == len(ROWS) - 1),
        ]
        return port

    def _labels(self, m: Module) -> Any:
        """Count right predictions; gives the read port of the labels.

        Results come later than samples, and without their labels, so the labels have a memory.
        """
        m.submodules.labels = labels = Memory(shape=9, depth=len(ROWS), init=ROWS)
        port = labels.read_port(domain="comb")
        with m.If(self.core.results.valid):
            m.d.sync += port.addr.eq(port.addr + 1)
            with m.If(self.core.results.p.predictions[0] == port.data[8]):
                m.d.sync += self.right.eq(self.right + 1)
        return port

    def _settings(self, m: Module) -> Signal:
        """Request the register and value of a setting; gives the index of the setting."""
        index = Signal(range(len(SETTINGS) + 1))
        with m.Switch(index):
            for number, (address, value) in enumerate(SETTINGS):
                with m.Case(number):
                    m.d.comb += [
                        self.core.requests.p.address.eq(address),
                        self.core.requests.p.data.eq(value),
                    ]
        return index

    def _control(self, m: Module, samples: Any, labels: Any, setting: Signal) -> None:
        """Write the settings, train for all epochs, then read the counters."""
        core = self.core
        epoch = Signal(range(EPOCHS + 1))
        left = Signal(range(CONFIG.layers[0].weights + 1), init=CONFIG.layers[0].weights)
        with m.FSM():
            with m.State("Write"):
                m.d.comb += core.requests.valid.eq(1)
                with m.If(core.requests.ready):
                    m.d.sync += setting.eq(setting + 1)
                    m.next = "Written"
            with m.State("Written"), m.If(core.responses.valid):
                m.next = "Drawn"
            with m.State("Drawn"), m.If(~core.busy):
                with m.If(setting == len(SETTINGS)):
                    m.next = "Settle"
                with m.Else():
                    m.next = "Write"
            with m.State("Settle"), m.If(~core.busy):
                with m.If(epoch == EPOCHS):
                    m.next = "Locate"
                with m.Else():
                    m.d.sync += [samples.addr.eq(0), labels.addr.eq(0), self.right.eq(0)]
                    m.next = "Train"
            with m.State("Train"):
                m.d.comb += core.samples.valid.eq(1)
                with m.If(core.samples.ready):
                    m.d.sync += samples.addr.eq(samples.addr + 1)
                    with m.If(samples.addr == len(ROWS) - 1):
                        m.d.sync += epoch.eq(epoch + 1)
                        m.next = "Begun"
            with m.State("Begun"):
                m.next = "Settle"
            with m.State("Locate"):
                # Training changes the position at which counters are read.
                m.d.comb += [
                    core.requests.valid.eq(1),
                    core.requests.p.address.eq(layer_address(0, LayerRegister.POSITION)),
                    core.requests.p.data.eq(0),
                ]
                with m.If(core.requests.ready):
                    m.next = "Located"
            with m.State("Located"), m.If(core.responses.valid):
                m.next = "Read"
            with m.State("Read"):
                m.d.comb += [
                    core.requests.valid.eq(1),
                    core.requests.p.write.eq(0),
                    core.requests.p.address.eq(layer_address(0, LayerRegister.COUNTER)),
                ]
                with m.If(core.requests.ready):
                    m.next = "Value"
            with m.State("Value"):
                m.d.comb += self.counters.valid.eq(core.responses.valid)
                with m.If(core.responses.valid):
                    m.d.sync += left.eq(left - 1)
                    with m.If(left == 1):
                        m.next = "Learnt"
                    with m.Else():
                        m.next = "Read"
            with m.State("Learnt"):
                m.d.comb += self.learnt.eq(1)


def simulate() -> tuple[int, list[int]]:
    """Simulate the design; gives the right predictions of the last epoch, and the counters."""
    design = SelfTraining()
    simulator = Simulator(design)
    simulator.add_clock(1e-6)
    counters: list[int] = []
    right: list[int] = []

    async def watch(context: Any) -> None:
        while not context.get(design.learnt):
            _, _, valid, counter = await context.tick().sample(
                design.counters.valid, design.counters.payload
            )
            if valid:
                counters.append(counter)

        right.append(context.get(design.right))

    simulator.add_testbench(watch)
    simulator.run()
    return right[0], counters


def golden() -> tuple[int, list[int]]:
    """Train the golden model; gives the same values as :func:`simulate`."""
    network = Network(CONFIG)
    right = 0
    for _ in range(EPOCHS):
        right = 0
        for start in range(0, len(X), CONFIG.batch):
            batch = slice(start, start + CONFIG.batch)
            record = network.train_batch(X[batch], Y[batch], [0])
            right += int((record.predictions[:, 0] == Y[batch]).sum())
    return right, network.counters[0].reshape(-1).tolist()


def main() -> None:
    """Simulate, and compare with the golden model."""
    right, counters = simulate()
    assert (right, counters) == golden(), "the gateware and the golden model differ"
    print(f"learnt: {right} of {len(X)} right, {len(counters)} counters as in the golden model")


if __name__ == "__main__":
    main()
