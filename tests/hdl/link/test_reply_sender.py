# amaranth: UnusedElaboratable=no
"""Contents of STATE replies; given contents are in ../test_stream_components.py."""

from collections.abc import Callable

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.link.protocol import RESULTS, ReplyKind
from metaplast.hdl.link.reply_sender import ReplySender
from metaplast.sim.bench import Flow

from ..streams import StreamBench
from .frames import byte_items

STATES = 12
QUIET = 20
"""Cycles after which a reply that is due would have begun."""


class StateSender:
    """A reply sender, and the contents that it must send."""

    def __init__(self, layers: int, flow: Flow, *, flip: bool = False, classes: int = 200):
        self.classes = classes
        self.layers, self.dut = layers, ReplySender(layers=layers, classes=classes)
        self.streams = StreamBench(self.dut, flow, flip=flip)
        self.contents = self.streams.collector("o", may_change=True)
        self.fields = {"tag": 0, "busy": 0, "status": 0, "expected": 0}
        self.results: list[bytes] = []

    def set(self, ctx: SimulatorContext, **fields: int) -> None:
        """Change fields of a STATE."""
        self.fields |= fields
        for name, value in fields.items():
            ctx.set(getattr(self.dut, name), value)

    def draw(self, ctx: SimulatorContext) -> None:
        """Change all fields, to anything."""
        random = self.streams.random
        bits = {"tag": 16, "busy": 1, "expected": 16}
        self.set(ctx, **{name: random.getrandbits(width) for name, width in bits.items()})
        self.set(ctx, status=random.randrange(5))

    async def pulse(self, ctx: SimulatorContext, name: str) -> None:
        """Set an input for a cycle."""
        ctx.set(getattr(self.dut, name), 1)
        await ctx.tick()
        ctx.set(getattr(self.dut, name), 0)

    async def result(self, ctx: SimulatorContext) -> None:
        """A result comes; it never waits."""
        payload = self.streams.noise(self.dut.results.p)
        payload["predictions"] = [each % self.classes for each in payload["predictions"]]
        bits = payload["errors"] | payload["refused"] << self.layers
        size = -(-(self.layers + 1) // 8)
        self.results.append(bytes(payload["predictions"]) + bits.to_bytes(size, "little"))
        ctx.set(self.dut.results.p, payload)
        ctx.set(self.dut.results.valid, 1)
        assert ctx.get(self.dut.results.ready)
        await ctx.tick()
        ctx.set(self.dut.results.valid, 0)

    def state(self, dropped: bool, count: int | None = None) -> bytes:
        """The STATE of the present, or of an earlier number of results."""
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
        self.contents.expect(*byte_items(content))

    async def quiet(self, ctx: SimulatorContext) -> None:
        """Wait for all expected bytes, and check that no others come."""
        await self.streams.drain(ctx)
        await self.streams.ticks(ctx, QUIET)
        missing = self.contents.missing
        assert missing == 0, f"{missing} expected bytes have not come (negative: too many)"

    async def quiet_after(self, ctx: SimulatorContext, count: int) -> None:
        """Wait until more than ``count`` bytes have come, and then none for some cycles."""
        came = self.contents.cycles
        await self.streams.wait_for(
            ctx,
            "o: the end of the STATEs",
            lambda: len(came) > count and self.streams.cycle - came[-1] > QUIET,
        )

    async def fill(self, ctx: SimulatorContext) -> None:
        """Have results in all places; the STATEs until then do not matter."""
        for _ in range(RESULTS):
            await self.result(ctx)
        await self.quiet_after(ctx, 0)
        came = self.contents.received
        self.contents.expect(*came)
        assert came[-1]["last"]


def check_states(layers: int, flow: Flow, *, flip: bool = False, classes: int = 200) -> None:
    """A STATE comes for every change, if they are apart; a drop is told once."""
    sender = StateSender(layers, flow, flip=flip, classes=classes)

    async def bench(ctx: SimulatorContext) -> None:
        await sender.fill(ctx)
        for _ in range(STATES):
            sender.draw(ctx)
            cause = sender.streams.random.choice(["changed", "dropped", "result"])
            if cause == "result":
                await sender.result(ctx)
            else:
                await sender.pulse(ctx, cause)
            sender.expect(sender.state(dropped=cause == "dropped"))
            await sender.quiet(ctx)

    sender.streams.run(bench)


def check_changes_meanwhile(layers: int, flow: Flow, *, flip: bool = False) -> None:
    """A change while a STATE is sent is told by one more, of that moment.

    The first one shows its own results, or later ones in the places of the oldest.
    """
    sender = StateSender(layers, flow, flip=flip)
    streams, random, received = sender.streams, sender.streams.random, sender.contents.received

    async def bench(ctx: SimulatorContext) -> None:
        await sender.fill(ctx)
        for _ in range(STATES):
            before = len(received)
            await sender.pulse(ctx, "changed")
            await streams.wait_for(ctx, "o: a STATE", lambda before=before: len(received) > before)
            first = sender.state(dropped=False)
            for _ in range(random.randint(0, RESULTS - 1)):
                await streams.ticks(ctx, random.randint(1, 3))
                await sender.result(ctx)
            drop = random.random() < 0.5
            await sender.pulse(ctx, "dropped" if drop else "changed")
            await sender.quiet_after(ctx, before)
            came = received[before:]
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
            await sender.quiet(ctx)

    streams.run(bench)


def check_expected_number(layers: int, flow: Flow, *, flip: bool = False) -> None:
    """The bytes of ``expected`` are of one cycle, and the last STATE has the last number."""
    sender = StateSender(layers, flow, flip=flip)
    streams = sender.streams

    async def bench(ctx: SimulatorContext) -> None:
        await sender.fill(ctx)
        for start in (0x00FF, 0x0AFF, 0xFFFF):
            following = start + 1 & 0xFFFF
            before = len(sender.contents.received)
            sender.set(ctx, expected=start)
            await sender.pulse(ctx, "changed")
            await streams.ticks(ctx, streams.random.randint(0, 12))
            sender.set(ctx, expected=following)
            await sender.pulse(ctx, "changed")
            await sender.quiet_after(ctx, before)
            came = bytes(item["byte"] for item in sender.contents.received[before:])
            size = len(sender.state(dropped=False))
            values = [
                int.from_bytes(came[at + 5 : at + 7], "little") for at in range(0, len(came), size)
            ]
            assert len(values) in (1, 2)
            assert values[-1] == following
            assert values[0] in (start, following)
            for value in values:
                sender.set(ctx, expected=value)
                sender.expect(sender.state(dropped=False))
            await sender.quiet(ctx)

    streams.run(bench)


CHECKS = [check_states, check_changes_meanwhile, check_expected_number]


@pytest.mark.parametrize("flow", Flow)
@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("layers", [1, 2, 3, 8])
def test_states_are_sent(layers: int, check: Callable[[int, Flow], None], flow: Flow) -> None:
    check(layers, flow)


@pytest.mark.parametrize("classes", [2, 10, 256])
def test_predictions_of_any_number_of_classes_are_sent(classes: int) -> None:
    check_states(3, Flow.STEADY, classes=classes)


@pytest.mark.parametrize("later", range(5))
def test_a_drop_around_the_beginning_of_a_state_is_told_once(later: int) -> None:
    sender = StateSender(1, Flow.STEADY)

    async def bench(ctx: SimulatorContext) -> None:
        await sender.fill(ctx)
        for cycle in range(5):
            ctx.set(sender.dut.changed, cycle == 0)
            ctx.set(sender.dut.dropped, cycle == later)
            await ctx.tick()
        ctx.set(sender.dut.dropped, 0)
        if later:
            sender.expect(sender.state(dropped=False))
        sender.expect(sender.state(dropped=True))
        await sender.quiet(ctx)

    sender.streams.run(bench)


@pytest.mark.parametrize("layers", [1, 2, 3, 8])
def test_a_byte_leaves_in_each_cycle_and_a_given_content_goes_first(layers: int) -> None:
    sender = StateSender(layers, Flow.STEADY)
    streams, replies = sender.streams, sender.streams.sender("replies")
    begin = 0

    async def end_pulse(ctx: SimulatorContext) -> None:
        while True:
            await ctx.tick()
            ctx.set(sender.dut.changed, 0)

    async def bench(ctx: SimulatorContext) -> None:
        nonlocal begin
        await sender.fill(ctx)
        sender.draw(ctx)
        content = streams.random.randbytes(8)
        begin = streams.cycle
        ctx.set(sender.dut.changed, 1)
        for expected in (content, content, sender.state(dropped=False)):
            sender.expect(expected)
        await replies.send(ctx, byte_items(content) * 2)

    streams.beside(end_pulse)
    streams.run(bench)
    cycles = sender.contents.cycles[-16 - len(sender.state(dropped=False)) :]
    first, second, state = cycles[:8], cycles[8:16], cycles[16:]
    assert first == list(range(begin + 1, begin + 9))
    assert second == list(range(begin + 10, begin + 18))
    assert state == list(range(begin + 19, begin + 19 + len(state)))


@pytest.mark.parametrize("flow", Flow)
@pytest.mark.parametrize("check", CHECKS)
def test_the_check_notices_a_flipped_bit(check: Callable[..., None], flow: Flow) -> None:
    with pytest.raises(AssertionError, match=r"^o: item \d+, in cycle \d+: expected"):
        check(2, flow, flip=True)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"layers": 0}, "layers must be at least 1, not 0"),
        ({"classes": 1}, "classes must be from 2 to 256, not 1"),
        ({"classes": 257}, "classes must be from 2 to 256, not 257"),
    ],
)
def test_parameters_are_checked(parameters: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ReplySender(**{"layers": 1, "classes": 2, **parameters})
