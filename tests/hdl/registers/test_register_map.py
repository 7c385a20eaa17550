"""Addresses and codes of the registers, which must not change."""

import subprocess
import sys

import pytest

from metaplast.hdl.registers.register_map import (
    IDENTITY,
    GlobalRegister,
    LayerRegister,
    LinkRegister,
    Status,
    layer_address,
    link_address,
)


def test_the_identity_of_the_core() -> None:
    assert IDENTITY.to_bytes(4, "big") == b"MPL\x02"


def test_codes_are_those_that_hosts_use() -> None:
    assert {status.name: status.value for status in Status} == {
        "OK": 0,
        "BUSY": 1,
        "UNKNOWN": 2,
        "ACCESS": 3,
        "RANGE": 4,
        "POSITION": 5,
    }
    assert {register.name: int(register) for register in GlobalRegister} == {
        "IDENTITY": 0,
        "LAYERS": 1,
        "STATUS": 2,
        "RESET": 3,
        "BATCH": 6,
        "MODE": 7,
        "SAMPLES": 8,
        "REFUSED": 9,
        "CLASSES": 10,
        "COUNTER_BITS": 11,
        "INPUT_WIDTH": 12,
        "SAMPLE_WORDS": 13,
    }
    assert {register.name: int(register) for register in LayerRegister} == {
        "MARGIN": 0,
        "EVENTS": 1,
        "ERRORS": 2,
        "UPDATES": 3,
        "SATURATED": 4,
        "POSITION": 5,
        "COUNTER": 6,
        "RIGHT": 7,
        "STREAM_0": 8,
        "STREAM_1": 9,
        "STREAM_2": 10,
        "STREAM_3": 11,
        "INITIAL": 12,
        "INPUTS": 16,
        "NEURONS": 17,
        "GROUP": 18,
    }


def test_layers_have_pages_after_the_cores_own() -> None:
    assert layer_address(0, LayerRegister.MARGIN) == 0x100
    assert layer_address(2, LayerRegister.GROUP) == 0x312


def test_the_link_has_the_highest_page() -> None:
    assert {register.name: link_address(register) for register in LinkRegister} == {
        "VERSION": 0xFF0000,
        "SAMPLES_AHEAD": 0xFF0001,
        "INPUT_WIDTH": 0xFF0002,
        "CLOCK": 0xFF0003,
        "DIGEST": 0xFF0004,
    }


def test_members_are_offsets_with_a_declaration() -> None:
    assert isinstance(GlobalRegister.BATCH, int)
    assert GlobalRegister.BATCH == GlobalRegister.BATCH.declaration.offset == 6
    assert GlobalRegister(6) is GlobalRegister.BATCH
    assert LayerRegister(LayerRegister.STREAM_0 + 3) is LayerRegister.STREAM_3
    assert GlobalRegister.BATCH.declaration.bounds() == (1, 65535)
    assert GlobalRegister.BATCH.declaration.reset == 1


def test_access_and_effects_of_registers() -> None:
    for register in (*GlobalRegister, *LayerRegister, *LinkRegister):
        declaration = register.declaration
        assert declaration.readable == ("r" in declaration.access)
        assert declaration.writable == ("w" in declaration.access)
        assert declaration.description
    idle_reads = {register for register in LayerRegister if register.declaration.read_needs_idle}
    assert idle_reads == {LayerRegister.SATURATED, LayerRegister.COUNTER}
    stored = {r.name for r in (*GlobalRegister, *LayerRegister) if r.declaration.stored}
    assert stored == {"BATCH", "MODE", "MARGIN", "EVENTS"}


@pytest.mark.parametrize(
    "module", ["hdl.registers.register_map", "hdl.link.protocol", "hdl.planning.plan"]
)
def test_hosts_import_it_without_amaranth(module: str) -> None:
    code = f"import sys; sys.modules['amaranth'] = None; import metaplast.{module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
