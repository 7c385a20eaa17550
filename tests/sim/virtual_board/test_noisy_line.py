"""Serial lines with and without faults."""

import random

import pytest

from metaplast.sim.virtual_board.noisy_line import NoisyLine

CONTENT = random.Random(3).randbytes(20_000)


def test_a_line_without_faults_changes_nothing() -> None:
    assert NoisyLine().carry(CONTENT) == CONTENT


def test_faults_are_reproducible() -> None:
    assert NoisyLine(0.1, seed=4).carry(CONTENT) == NoisyLine(0.1, seed=4).carry(CONTENT)
    assert NoisyLine(0.1, seed=4).carry(CONTENT) != NoisyLine(0.1, seed=5).carry(CONTENT)


@pytest.mark.parametrize("faults", [0.01, 0.3])
def test_the_share_of_bytes_with_a_fault(faults: float) -> None:
    zeros = bytes(len(CONTENT))
    # In a stream of zeros, flips and inserted bytes are visible: a quarter of the faults each.
    flipped = sum(byte != 0 for byte in NoisyLine(faults).carry(zeros))
    assert flipped == pytest.approx(len(zeros) * faults / 2, rel=0.25)


def test_each_kind_of_fault_occurs() -> None:
    flips = drops = additions = late = 0
    for seed in range(200):
        sent = bytes([1, 2, 4, 8, 16, 32, 64, 128])
        came = NoisyLine(0.1, seed=seed).carry(sent)
        drops += len(came) < len(sent)
        additions += len(came) > len(sent)
        late += came != sent and sorted(came) == sorted(sent)
        flips += (
            len(came) == len(sent) and sum(a != b for a, b in zip(came, sent, strict=True)) == 1
        )
    assert min(flips, drops, additions, late) > 0


def test_content_can_come_in_parts() -> None:
    whole, pieces = NoisyLine(0.2), NoisyLine(0.2)
    carried = b"".join(pieces.carry(CONTENT[at : at + 7]) for at in range(0, len(CONTENT), 7))
    assert carried == whole.carry(CONTENT)


@pytest.mark.parametrize("faults", [-0.1, 1.5])
def test_faults_are_a_share(faults: float) -> None:
    with pytest.raises(ValueError, match=f"faults must be from 0 to 1, not {faults}"):
        NoisyLine(faults)
