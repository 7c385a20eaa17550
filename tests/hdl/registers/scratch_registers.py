"""Read and write registers named TRIAL through the host link; print what is seen, and documents.

Run by test_one_declaration.py, with a package whose register map has such registers.
"""

import json
from typing import Any

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.sim import Simulator

from metaplast.golden_model import NetworkConfig
from metaplast.hdl.export.description import describe_core
from metaplast.hdl.export.page import page
from metaplast.hdl.export.verilog import describe_ports
from metaplast.hdl.link.host_link import HostLink
from metaplast.hdl.link.protocol import (
    FrameDecoder,
    StateReply,
    ValueReply,
    decode_reply,
    encode_frame,
    read_request,
    write_request,
)
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, NetworkPlan
from metaplast.hdl.registers.document import TABLES
from metaplast.hdl.registers.register_map import (
    GlobalRegister,
    LayerRegister,
    Status,
    layer_address,
)
from metaplast.hdl.trainer_core import TrainerCore

CONFIG = NetworkConfig(inputs=4, hidden=(2, 2), groups=(2, 2), classes=2, counter_bits=2)
FOLDED = FoldedNetwork(CONFIG, NetworkPlan((LayerPlan(), LayerPlan())))
MAX_CYCLES = 1500

REGISTERS = {
    "global": int(GlobalRegister["TRIAL"]),
    "layer": layer_address(1, LayerRegister["TRIAL"]),
}


async def exchange(context: Any, link: HostLink, content: bytes, wanted: type) -> Any:
    """Send a frame; returns the next reply of a kind."""
    decoder = FrameDecoder()
    left = list(encode_frame(content))
    context.set(link.o.ready, 1)
    for _ in range(MAX_CYCLES):
        context.set(link.i.valid, bool(left))
        context.set(link.i.payload, left[0] if left else 0)
        *_, taken, valid, byte = await context.tick().sample(
            link.i.ready, link.o.valid, link.o.payload
        )
        if taken and left:
            left.pop(0)
        for reply in decoder.feed(bytes([byte])) if valid else []:
            decoded = decode_reply(reply, layers=2, counter_bits=CONFIG.counter_bits)
            if isinstance(decoded, wanted):
                return decoded
    raise TimeoutError(f"no {wanted.__name__} came within {MAX_CYCLES} cycles")


def simulate() -> dict[str, list[int]]:
    """The value after power-up, the status of a write, and the value after it, of each register."""
    m = Module()
    m.submodules.core = core = TrainerCore(FOLDED)
    m.submodules.link = link = HostLink(FOLDED)
    wiring.connect(m, link.samples, core.samples)
    wiring.connect(m, core.results, link.results)
    wiring.connect(m, link.requests, core.requests)
    wiring.connect(m, core.responses, link.responses)
    m.d.comb += [
        core.cancel.eq(link.cancel),
        link.last_word.eq(core.last_word),
        link.busy.eq(core.busy),
    ]
    seen: dict[str, list[int]] = {}

    async def host(context: Any) -> None:
        for number, (name, address) in enumerate(REGISTERS.items()):
            before = await exchange(context, link, read_request(1, address), ValueReply)
            state = await exchange(
                context, link, write_request(number, address, 0xC0FFEE00 + number), StateReply
            )
            after = await exchange(context, link, read_request(2, address), ValueReply)
            assert before.status is after.status is Status.OK, (name, before, after)
            seen[name] = [before.value, state.status.value, after.value]

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(host)
    simulator.run()
    return seen


if __name__ == "__main__":
    exported = (FOLDED, "core", *describe_ports(TrainerCore(FOLDED)))
    print(
        json.dumps(
            {
                "seen": simulate(),
                "description": describe_core(*exported)["registers"],
                "page": page(*exported),
                "tables": {name: table() for name, table in TABLES.items()},
            }
        )
    )
