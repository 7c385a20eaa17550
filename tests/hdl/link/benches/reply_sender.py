"""Bench of the reply sender: contents of replies, byte by byte."""

from typing import Any

from metaplast.hdl.link.protocol import RESULTS, ReplyKind
from metaplast.sim.bench import Bench, StreamMonitor, bench, stream_bench

REPLIES = 30
STATES = 20
QUIET = 20
"""Cycles after which a reply that is due would have begun."""


class Sender:
    """The sender's ports, and what it is to say."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.layers: int = bench.parameters["layers"]
        self.contents: StreamMonitor = bench.monitor("o", may_change=True)
        self.fields = {"tag": 0, "busy": 0, "status": 0, "expected": 0}
        self.results: list[bytes] = []
        self.drivers = {name: bench.driver(name) for name in ("results", "replies")}

    def set(self, **fields: int) -> None:
        """Change what a STATE says."""
        self.fields |= fields
        for name, value in fields.items():
            self.bench.write(name, value)

    def draw(self) -> None:
        """Change all of it, to anything."""
        self.set(**{name: self.bench.noise(name) for name in self.fields if name != "status"})
        self.set(status=self.bench.random.randrange(5))

    async def pulse(self, name: str) -> None:
        """Set an input for a cycle."""
        self.bench.write(name, 1)
        await self.bench.edge()
        self.bench.write(name, 0)

    async def result(self) -> None:
        """A result comes; it never waits."""
        payload: dict[str, Any] = self.bench.noise("results__payload")
        bits = payload["errors"] | payload["refused"] << self.layers
        size = -(-(self.layers + 1) // 8)
        self.results.append(bytes(payload["predictions"]) + bits.to_bytes(size, "little"))
        self.bench.write("results__payload", payload)
        self.bench.write("results__valid", 1)
        await self.bench.edge()
        assert self.bench.handle("results__ready") is None or self.bench.bits("results__ready")
        self.bench.write("results__valid", 0)

    def state(self, dropped: bool, count: int | None = None) -> bytes:
        """A STATE of now, or of when there were so many results."""
        fields = self.fields
        count = len(self.results) if count is None else count
        return (
            bytes([ReplyKind.STATE])
            + fields["tag"].to_bytes(2, "little")
            + bytes([fields["busy"] | dropped << 1, fields["status"]])
            + fields["expected"].to_bytes(2, "little")
            + bytes([count % 256])
            + b"".join(self.results[count - RESULTS : count])
        )

    def expect(self, content: bytes) -> None:
        """Expect a content's bytes."""
        self.contents.expect(*items(content))

    async def quiet(self) -> None:
        """Wait for all that is expected, and find that nothing else comes."""
        await self.bench.drain()
        await self.bench.edges(QUIET)
        assert self.contents.missing == 0, f"{-self.contents.missing} bytes too many came"

    async def quiet_after(self, count: int) -> None:
        """Wait until more bytes than so many have come, and then no more."""
        while True:
            await self.bench.edge()
            came = self.contents.cycles
            if len(came) > count and self.bench.cycle - came[-1] > QUIET:
                return

    async def fill(self) -> None:
        """Have results in all places; what is said until then does not matter."""
        for _ in range(RESULTS):
            await self.result()
        await self.quiet_after(0)
        came = self.contents.received
        self.contents.expect(*came)
        assert came[-1]["last"]


def items(content: bytes) -> list[dict[str, int]]:
    """A content's bytes, the last one marked."""
    return [{"byte": byte, "last": at == len(content) - 1} for at, byte in enumerate(content)]


@stream_bench
async def replies(bench: Bench) -> None:
    """Contents that are given, whatever they are."""
    sender = Sender(bench)
    for _ in range(REPLIES):
        content = bench.random.randbytes(bench.random.choice([1, 2, 8, 40]))
        sender.expect(content)
        await sender.drivers["replies"].send(items(content))
    await sender.quiet()


@stream_bench
async def states(bench: Bench) -> None:
    """One for every change, if they are apart; a drop is told once."""
    sender = Sender(bench)
    await sender.fill()
    for _ in range(STATES):
        sender.draw()
        cause = bench.random.choice(["changed", "dropped", "result"])
        if cause == "result":
            await sender.result()
        else:
            await sender.pulse(cause)
        sender.expect(sender.state(dropped=cause == "dropped"))
        await sender.quiet()


@stream_bench
async def changes_meanwhile(bench: Bench) -> None:
    """What changes while a STATE is sent is told by one more, of that moment.

    The first one shows its own results, or later ones in the places of the oldest.
    """
    sender = Sender(bench)
    await sender.fill()
    for _ in range(STATES):
        before = len(sender.contents.received)
        await sender.pulse("changed")
        while len(sender.contents.received) == before:
            await bench.edge()
        first = sender.state(dropped=False)
        for _ in range(bench.random.randint(0, RESULTS - 1)):
            await bench.edges(bench.random.randint(1, 3))
            await sender.result()
        drop = bench.random.random() < 0.5
        await sender.pulse("dropped" if drop else "changed")
        await sender.quiet_after(before)
        came = sender.contents.received[before:]
        count = came[7]["byte"]
        known = [n for n in range(len(sender.results) + 1) if n % 256 == count][-1]
        assert len(sender.results) - known < RESULTS
        shown = bytearray(sender.state(dropped=False, count=known)[8:])
        size = len(shown) // RESULTS
        for index, newer in enumerate(sender.results[known:]):
            for at, byte in enumerate(newer, start=index * size):
                if came[8 + at]["byte"] == byte:
                    shown[at] = byte
        sender.expect(first[:7] + bytes([count]) + shown)
        sender.expect(sender.state(dropped=drop))
        await sender.quiet()


@stream_bench
async def expected_is_of_one_cycle(bench: Bench) -> None:
    """However it moves, its bytes belong together, and a STATE of the end comes."""
    sender = Sender(bench)
    await sender.fill()
    for start in (0x00FF, 0x0AFF, 0xFFFF):
        before = len(sender.contents.received)
        sender.set(expected=start)
        await sender.pulse("changed")
        await bench.edges(bench.random.randint(0, 12))
        sender.set(expected=start + 1 & 0xFFFF)
        await sender.pulse("changed")
        await sender.quiet_after(before)
        came = bytes(item["byte"] for item in sender.contents.received[before:])
        size = len(sender.state(dropped=False))
        values = [
            int.from_bytes(came[at + 5 : at + 7], "little") for at in range(0, len(came), size)
        ]
        assert len(values) in (1, 2)
        assert values[-1] == start + 1 & 0xFFFF
        assert values[0] in (start, start + 1 & 0xFFFF)
        for value in values:
            sender.set(expected=value)
            sender.expect(sender.state(dropped=False))
        await sender.quiet()


@bench
async def a_byte_a_cycle(bench: Bench) -> None:
    """When nobody waits; a reply that is given goes first."""
    sender = Sender(bench)
    await sender.fill()
    sender.draw()
    content = bench.random.randbytes(8)
    sending = bench.start(sender.drivers["replies"].send(items(content) * 2))
    await sender.pulse("changed")
    begin = bench.cycle
    sender.expect(content)
    sender.expect(content)
    sender.expect(sender.state(dropped=False))
    await sending
    await sender.quiet()
    cycles = sender.contents.cycles[-16 - len(sender.state(dropped=False)) :]
    first, second, state = cycles[:8], cycles[8:16], cycles[16:]
    assert first == list(range(begin + 1, begin + 9))
    assert second == list(range(begin + 10, begin + 18))
    assert state == list(range(begin + 19, begin + 19 + len(state)))
