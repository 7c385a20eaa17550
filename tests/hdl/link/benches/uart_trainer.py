"""Bench of the UART trainer: a host on two wires trains a batch, next to the literal network."""

from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.reference import ReferenceNetwork
from metaplast.hdl.client.initial_state import initial_state
from metaplast.hdl.link.protocol import (
    VERSION,
    FrameDecoder,
    RowReply,
    StateReply,
    ValueReply,
    counters_request,
    decode_reply,
    encode_frame,
    read_request,
    sample_request,
    sync_request,
    write_request,
)
from metaplast.hdl.registers.register_map import (
    GlobalRegister,
    LayerRegister,
    LinkRegister,
    Status,
    layer_address,
    link_address,
)
from metaplast.sim.bench import Bench, bench

SAMPLES = 6
TRIES = 100
UNSIGNED = {"width": 32, "signed": False}


class Host:
    """Both wires: frames are sent, and replies are taken as they come."""

    def __init__(self, bench: Bench, config: NetworkConfig):
        self.bench = bench
        self.config = config
        self.clocks: int = bench.parameters["clocks_per_bit"]
        self.replies: list[StateReply | ValueReply | RowReply] = []
        self.number = self.tag = 0
        bench.write("rx", 1)
        bench.start(self._receive())

    async def _receive(self) -> None:
        bench, decoder = self.bench, FrameDecoder()
        while True:
            await bench.edge()
            if bench.bits("tx"):
                continue
            byte = 0
            await bench.edges(self.clocks + self.clocks // 2 - 1)
            for bit in range(8):
                await bench.edge()
                byte |= bench.bits("tx") << bit
                await bench.edges(self.clocks - 1)
            assert bench.bits("tx"), "a byte has no stop bit"
            for content in decoder.feed(bytes([byte])):
                self.replies.append(
                    decode_reply(
                        content,
                        layers=len(self.config.layers),
                        counter_bits=self.config.counter_bits,
                    )
                )

    async def send(self, content: bytes) -> None:
        """Send a frame."""
        for byte in encode_frame(content):
            for level in (0, *(byte >> bit & 1 for bit in range(8)), 1):
                self.bench.write("rx", level)
                await self.bench.edges(self.clocks)

    async def ask(self, request: bytes) -> StateReply | ValueReply | RowReply:
        """Send a request with the present tag, and wait for its answer."""
        await self.send(request)

        def answers() -> list[StateReply | ValueReply | RowReply]:
            return [reply for reply in self.replies if reply.tag == self.tag]

        await self.bench.wait_for(f"an answer to {request.hex()}", answers)
        return answers()[0]

    async def settle(self) -> StateReply:
        """SYNC until the core is not busy."""
        for _ in range(TRIES):
            self.tag += 1
            state = await self.ask(sync_request(self.tag))
            assert isinstance(state, StateReply)
            if not state.busy:
                return state
        raise TimeoutError(f"not busy: not within {TRIES} SYNCs")

    async def write(self, address: int, value: int) -> None:
        """Write a register."""
        await self.send(write_request(self.number, address, value))
        self.number += 1
        state = await self.settle()
        assert (state.expected, state.status) == (self.number, Status.OK)

    async def read(self, address: int) -> int:
        """Read a register."""
        self.tag += 1
        reply = await self.ask(read_request(self.tag, address))
        assert isinstance(reply, ValueReply)
        assert reply.status is Status.OK
        return reply.value


@bench
async def a_batch(bench: Bench) -> None:
    """The board says what it is, learns a batch, and its counters are the literal network's."""
    config = NetworkConfig.from_dict(bench.parameters["network"])
    host, literal = Host(bench, config), ReferenceNetwork(config)
    seen = bench.scoreboard("registers", UNSIGNED)
    counters = bench.scoreboard("counters", UNSIGNED)
    await bench.edges(20 * host.clocks)

    for address, value in (
        (link_address(LinkRegister.VERSION), VERSION),
        (link_address(LinkRegister.CLOCK), bench.parameters["clock_khz"]),
        (GlobalRegister.LAYERS, len(config.layers)),
        (GlobalRegister.CLASSES, config.classes),
    ):
        seen.expect(value)
        seen.receive(await host.read(address), bench.cycle)

    for layer in config.layers:
        await host.write(layer_address(layer.index, LayerRegister.MARGIN), layer.margin)
        await host.write(layer_address(layer.index, LayerRegister.EVENTS), 3)
    for writes in initial_state(config):
        for address, value in writes:
            await host.write(address, value)
    x = [[bench.random.getrandbits(1) for _ in range(config.inputs)] for _ in range(SAMPLES)]
    y = [bench.random.randrange(config.classes) for _ in range(SAMPLES)]
    await host.write(GlobalRegister.BATCH, SAMPLES)
    for count, (bits, label) in enumerate(zip(x, y, strict=True), start=1):
        word = sum(bit << n for n, bit in enumerate(bits)).to_bytes(
            -(-config.inputs // 8), "little"
        )
        await host.send(sample_request(host.number, label, False, word))
        host.number += 1
        assert (await host.settle()).count == count
    record = literal.train_batch(x, y, [3] * len(config.layers))

    state = await host.settle()
    results = [(list(r.predictions), list(r.errors)) for r in state.results]
    expected = zip(record.predictions.tolist(), record.errors.tolist(), strict=True)
    assert results == [(p, e) for p, e in expected][-len(results) :], results
    for index, learnt in enumerate(literal.layers):
        host.tag += 1
        position = layer_address(index, LayerRegister.POSITION)
        row = await host.ask(counters_request(host.tag, position, 0, learnt.config.weights))
        assert isinstance(row, RowReply)
        counters.expect(*(int(k) & 0xFFFFFFFF for ks in learnt.k for k in ks))
        for k in row.counters:
            counters.receive(k & 0xFFFFFFFF, bench.cycle)
    assert not bench.bits("busy")
