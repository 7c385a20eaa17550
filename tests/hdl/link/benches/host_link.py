"""Bench of the host link: frames of all kinds, right ones and wrong ones, between host and core."""

import zlib
from collections.abc import Awaitable
from typing import Any

from metaplast.hdl.link.protocol import (
    RESULTS,
    SAMPLES_AHEAD,
    VERSION,
    ReplyKind,
    counters_request,
    encode_frame,
    read_request,
    sample_request,
    sync_request,
    write_request,
)
from metaplast.hdl.registers.register_map import (
    LINK_BASE,
    LayerRegister,
    LinkRegister,
    Status,
    layer_address,
    link_address,
)
from metaplast.sim.bench import Bench, bench, stream_bench

QUIET = 40
"""Cycles after which a reply that is due would have begun."""

LONG = 1000
"""Cycles of a core that is slow."""

ROUNDS = 12

UNKNOWN_LINK_REGISTERS = [LINK_BASE | offset for offset in (5, 0xFF, 0x100, 0x8004, 0xFFFF)]
"""Addresses in the link's range without a register."""


class Link:
    """A host at one end, a core at the other."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.parameters = bench.parameters
        self.input_width: int = bench.parameters["input_width"]
        self.words: int = bench.parameters["words"]
        self.pages: int = bench.parameters["pages"]
        self.line = bench.driver("i")
        self.said = bench.monitor("o")
        self.samples = bench.monitor("samples")
        self.requests = bench.monitor("requests")
        self.responses = bench.driver("responses")
        self.results_driver = bench.driver("results")
        self.cancels = 0
        self.tag = self.expected = 0
        self.status = Status.OK
        self.results: list[bytes] = []
        bench.start(self._follow_words())

    async def _follow_words(self) -> None:
        """Count the words of a sample, as the core does, and the samples that are cancelled."""
        bench, word = self.bench, 0
        while True:
            bench.write("last_word", word == self.words - 1)
            await bench.edge()
            if bench.bits("cancel"):
                self.cancels += 1
                word = 0
            elif bench.bits("samples__valid") and bench.bits("samples__ready"):
                word = (word + 1) % self.words

    # The host

    async def send(self, content: bytes) -> None:
        """Send a frame."""
        await self.line.send(encode_frame(content))

    def state(self, *, dropped: bool = False) -> None:
        """Expect a STATE of now."""
        shown = self.results[-RESULTS:]
        self.reply(
            bytes([ReplyKind.STATE])
            + self.tag.to_bytes(2, "little")
            + bytes([self.bench.bits("busy") | dropped << 1, self.status.value])
            + self.expected.to_bytes(2, "little")
            + bytes([len(self.results) % 256])
            + bytes((RESULTS - len(shown)) * self.parameters["result_bytes"])
            + b"".join(shown)
        )

    def value(self, tag: int, status: Status, value: int) -> None:
        """Expect a VALUE."""
        head = bytes([ReplyKind.VALUE]) + tag.to_bytes(2, "little")
        self.reply(head + bytes([status.value]) + value.to_bytes(4, "little"))

    def reply(self, content: bytes) -> None:
        """Expect a frame."""
        self.said.expect(*encode_frame(content))

    async def quiet(self) -> None:
        """Wait for all that is expected, and find that nothing else comes."""
        await self.bench.edges(QUIET)
        await self.bench.drain()
        await self.bench.edges(QUIET)
        for board in (self.said, self.samples, self.requests):
            assert board.missing == 0, f"{board.name}: {board.missing} items are missing"

    async def drop(self, send: Awaitable[Any], *, cancels: int = 1) -> None:
        """Send what changes nothing but a STATE."""
        before = self.cancels
        await send
        self.state(dropped=True)
        await self.quiet()
        assert self.cancels == before + cancels

    def address(self) -> int:
        """One of the core's, or of where it might have a register."""
        return self.bench.random.randrange(self.pages << 8)

    def address_of_nothing(self) -> int:
        """One of a page that neither the core has nor the link."""
        return self.bench.random.randrange(2 * self.pages << 8, LINK_BASE)

    # The core

    def sample(self, *, count: int | None = None) -> tuple[bytes, int, bool]:
        """A sample's bytes, label and mark, of which so many words are expected at the core."""
        random = self.bench.random
        size = -(-self.input_width // 8)
        label, last = random.randrange(256), random.random() < 0.5
        words = [random.getrandbits(8 * size) for _ in range(self.words)]
        for word in words[: self.words if count is None else count]:
            bits = word & (1 << self.input_width) - 1
            self.samples.expect({"bits": bits, "label": label, "last": last})
        return b"".join(word.to_bytes(size, "little") for word in words), label, last

    async def answer(self, status: Status, value: int) -> None:
        """Answer a request, when it has come."""
        seen = len(self.responses.cycles)
        event = f"requests: request {seen}"
        await self.bench.wait_for(event, lambda: len(self.requests.received) > seen)
        await self.responses.send([{"status": status.value, "data": value}])

    async def result(self) -> None:
        """Give a result."""
        payload, classes = self.bench.noise("results__payload"), self.parameters["classes"]
        payload["predictions"] = [each % classes for each in payload["predictions"]]
        layers = len(payload["predictions"])
        bits = payload["errors"] | payload["refused"] << layers
        size = self.parameters["result_bytes"] - layers
        self.results.append(bytes(payload["predictions"]) + bits.to_bytes(size, "little"))
        await self.results_driver.send([payload])


def request(write: bool, address: int, value: int) -> dict[str, int]:
    """What the core is to get."""
    return {"write": write, "address": address, "data": value}


@stream_bench
async def syncs(bench: Bench) -> None:
    """Each is answered with its tag; what a STATE says besides is of its moment."""
    link = Link(bench)
    for _ in range(ROUNDS):
        link.tag = bench.random.getrandbits(16)
        bench.write("busy", bench.random.getrandbits(1))
        await link.send(sync_request(link.tag))
        link.state()
        await link.quiet()
    for _ in range(2 * RESULTS + 1):
        await link.result()
        await bench.edge()
        link.state()
        await link.quiet()
    assert link.cancels == 0


@stream_bench
async def reads(bench: Bench) -> None:
    """A VALUE for each, from the core, or from the link itself."""
    link = Link(bench)
    own = {
        LinkRegister.VERSION: VERSION,
        LinkRegister.SAMPLES_AHEAD: SAMPLES_AHEAD,
        LinkRegister.INPUT_WIDTH: link.input_width,
        LinkRegister.CLOCK: bench.parameters["clock_khz"],
        LinkRegister.DIGEST: bench.parameters["digest"],
    }
    for register, value in own.items():
        await link.send(read_request(register, link_address(register)))
        link.value(register, Status.OK, value)
        await link.quiet()
    nothing = [link.address_of_nothing() for _ in range(ROUNDS)]
    for address in (*UNKNOWN_LINK_REGISTERS, 0xFE0000, *nothing):
        await link.send(read_request(address & 0xFFFF, address))
        link.value(address & 0xFFFF, Status.UNKNOWN, 0)
        await link.quiet()
    assert not link.requests.received
    for _ in range(ROUNDS):
        tag, value = (bench.random.getrandbits(width) for width in (16, 32))
        address = link.address()
        status = bench.random.choice(list(Status))
        await link.send(read_request(tag, address))
        said = link.requests
        await link.answer(status, value)
        said.expect({**said.received[-1], "write": 0, "address": address})
        link.value(tag, status, value)
        await link.quiet()
    assert link.cancels == 0


@stream_bench
async def writes(bench: Bench) -> None:
    """In order, and each at most once; what the core refuses is not counted."""
    link = Link(bench)
    for _ in range(3 * ROUNDS):
        address, value = link.address(), bench.random.getrandbits(32)
        wrong = bench.random.choice([0, 0, 1, -1, 0x100, 0x8000])
        number = link.expected + wrong & 0xFFFF
        if wrong:
            await link.drop(link.send(write_request(number, address, value)))
            continue
        if bench.random.random() < 0.2:
            link.status = Status.ACCESS
            address = link_address(bench.random.choice(list(LinkRegister)))
            await link.drop(link.send(write_request(number, address, value)), cancels=0)
            continue
        if bench.random.random() < 0.2:
            link.status = Status.UNKNOWN
            address = bench.random.choice([*UNKNOWN_LINK_REGISTERS, link.address_of_nothing()])
            await link.drop(link.send(write_request(number, address, value)), cancels=0)
            continue
        link.status = bench.random.choice([*[Status.OK] * 4, *Status])
        link.requests.expect(request(True, address, value))
        await link.send(write_request(number, address, value))
        await link.answer(link.status, bench.random.getrandbits(32))
        link.expected += link.status is Status.OK
        link.state(dropped=link.status is not Status.OK)
        await link.quiet()
    link.tag, link.status = 1, Status.OK
    await link.send(sync_request(1))
    link.state()
    await link.quiet()


@stream_bench
async def samples(bench: Bench) -> None:
    """Words in order, the last one when all is found right; then a result."""
    link = Link(bench)
    for _ in range(ROUNDS):
        words, label, last = link.sample()
        await link.send(sample_request(link.expected, label, last, words))
        link.expected += 1
        link.state()
        await link.quiet()
        await link.result()
        link.state()
        await link.quiet()
    assert link.cancels == 0


@stream_bench
async def bad_samples(bench: Bench) -> None:
    """Whatever is wrong with one, the core never gets its last word, and drops the others."""
    link = Link(bench)
    size = -(-link.input_width // 8)
    longer = iter([1, 32, 64])
    for kind in ["number", "short", "long", "damaged", "flag"] * 3:
        words, label, last = link.sample(count=0)
        if kind == "short":
            words = words[: bench.random.randrange(len(words))]
        elif kind == "long":
            words += bytes(next(longer))
        number = link.expected + (kind == "number")
        content = sample_request(number, label, last, words)
        if kind == "flag":
            reserved = 1 << bench.random.randint(1, 7)
            content = content[:4] + bytes([last | reserved]) + words
        frame = bytearray(encode_frame(content))
        if kind == "damaged":
            frame[2] ^= 1  # of its number
        # Of a short one, what its CRC is taken for comes, too.
        body = (content + zlib.crc32(content).to_bytes(4, "little"))[5:]
        given = 0 if kind == "flag" else min(len(body) // size, link.words - 1)
        for at in range(0, given * size, size):
            bits = int.from_bytes(body[at : at + size], "little") & (1 << link.input_width) - 1
            link.samples.expect({"bits": bits, "label": label, "last": last})
        await link.drop(link.line.send(frame))

        words, label, last = link.sample()
        await link.send(sample_request(link.expected, label, last, words))
        link.expected += 1
        link.state()
        await link.quiet()


@stream_bench
async def rows(bench: Bench) -> None:
    """A position, and as many counters as are asked for; none if the core does not want to."""
    link = Link(bench)
    bits = bench.parameters["counter_bits"]
    for layer, count in [(0, 1), (link.pages - 2, 5), (0, 0), (0, 20)]:
        neuron, tag = bench.random.getrandbits(32), bench.random.getrandbits(16)
        address = layer_address(layer, LayerRegister.POSITION)
        status = bench.random.choice([Status.OK, Status.OK, Status.BUSY, Status.UNKNOWN])
        counters = [bench.random.randrange(-(1 << bits - 1), 1 << bits - 1) for _ in range(count)]
        await link.send(counters_request(tag, address, neuron, count))
        link.requests.expect(request(True, address, neuron))
        await link.answer(status, bench.random.getrandbits(32))
        if status is not Status.OK:
            counters = []
        for counter in counters:
            await link.answer(Status.OK, counter & 0xFFFFFFFF)
            read = link.requests.received[-1]
            link.requests.expect(
                {**read, "write": 0, "address": layer_address(layer, LayerRegister.COUNTER)}
            )
        head = bytes([ReplyKind.ROW]) + tag.to_bytes(2, "little") + bytes([status.value])
        width = 1 if bits <= 8 else 2
        link.reply(head + b"".join(k.to_bytes(width, "little", signed=True) for k in counters))
        await link.quiet()


@stream_bench
async def rows_of_no_layer(bench: Bench) -> None:
    """At an address that is no layer's POSITION there are no counters, and nothing is touched."""
    link = Link(bench)
    position = layer_address(0, LayerRegister.POSITION)
    addresses = [0, LayerRegister.POSITION, 0xFF, LINK_BASE, LINK_BASE | 0xFF05, 0xFE0105]
    addresses += [position - 1, position + 1, position | 0x80]
    for address in (*addresses, link.address_of_nothing()):
        await link.send(counters_request(address & 0xFFFF, address, 0, 3))
        tag = (address & 0xFFFF).to_bytes(2, "little")
        link.reply(bytes([ReplyKind.ROW]) + tag + bytes([Status.UNKNOWN.value]))
        await link.quiet()
    assert not link.requests.received


@stream_bench
async def frames_that_are_none(bench: Bench) -> None:
    """Of no known kind, too short, too long, damaged: dropped, and nothing else happens."""
    link = Link(bench)
    contents = [
        sync_request(5),
        read_request(5, 0),
        write_request(0, 0, 0),
        counters_request(5, 0x105, 0, 1),
    ]
    for content in contents:
        await link.drop(link.send(content[:-1]))
        await link.drop(link.send(content + b"\0"))
        await link.drop(link.send(content + content[:1] * 32))
        await link.drop(link.send(bytes([content[0] | 0x80]) + content[1:]))
        frame = bytearray(encode_frame(content))
        frame[-2] ^= 1
        await link.drop(link.line.send(frame))
    for content in (b"", b"\0", b"\6\0\0", bytes(100)):
        await link.drop(link.send(content))
    await link.line.send(bytes([0x7E] * 5 + [0x7D, 0x7E]))
    await link.quiet()
    assert not link.requests.received
    link.tag = 9
    await link.send(sync_request(9))
    link.state()
    await link.quiet()


@bench
async def while_another_is_obeyed(bench: Bench) -> None:
    """A frame that begins then is dropped, when it ends then, and when it ends later."""
    link = Link(bench)
    for content in (sync_request(3), write_request(0, 6, 1), read_request(8, 0)):
        frame = encode_frame(content)
        for early in (len(frame), 3):
            before = link.cancels
            await link.send(read_request(7, 0x123))
            await link.line.send(frame[:early])
            await bench.edges(QUIET)
            if early == len(frame):
                link.state(dropped=True)
                await link.bench.drain()
            await link.answer(Status.OK, 0x1020304)
            link.requests.expect({**link.requests.received[-1], "write": 0, "address": 0x123})
            link.value(7, Status.OK, 0x1020304)
            await link.quiet()
            assert link.cancels == before
            if early != len(frame):
                await link.drop(link.line.send(frame[early:]))


@bench
async def while_a_write_is_obeyed(bench: Bench) -> None:
    """Kind and number of a frame may come then; the frame is dropped if the next byte does."""
    link, frame = Link(bench), encode_frame(sync_request(3))
    for early in (4, 5):
        link.requests.expect(request(True, 0x123, 5))
        await link.send(write_request(link.expected, 0x123, 5))
        await link.line.send(frame[:early])
        await link.answer(Status.OK, 0)
        link.expected += 1
        link.state()
        await link.quiet()
        if early == 5:
            await link.drop(link.line.send(frame[early:]))
        else:
            await link.line.send(frame[early:])
            link.tag = 3
            link.state()
            await link.quiet()


@bench
async def a_core_that_is_late(bench: Bench) -> None:
    """A word that is not taken in time spoils a sample; its last one may wait for a frame."""
    link = Link(bench)
    link.samples.stop()

    if link.words > 1:
        words, label, last = link.sample(count=0)
        await link.drop(link.send(sample_request(link.expected, label, last, words)))

    for late in (True, False):
        link.samples = bench.monitor("samples")
        words, label, last = link.sample(count=link.words if not late else link.words - 1)
        frame = encode_frame(sample_request(link.expected, label, last, words))
        await link.line.send(frame[:-1])
        await bench.edges(QUIET)
        link.samples.stop()
        before = link.cancels
        await link.line.send(frame[-1:])
        await bench.edges(LONG)
        assert bench.bits("samples__valid")
        if late:
            link.state(dropped=True)
            link.tag = 77
            await link.send(sync_request(77))
            await bench.edge()
            assert not bench.bits("samples__valid")
            assert link.cancels == before + 1
            link.state()
            await link.quiet()
        else:
            taken = link.samples
            bench.write("samples__ready", 1)
            await bench.edge()
            taken.receive(bench.bits("samples__payload"), bench.cycle)
            bench.write("samples__ready", 0)
            link.expected += 1
            await bench.edge()
            link.state()
            await link.quiet()
            assert link.cancels == before
