"""The registers' addresses and codes, which hosts rely on."""

from metaplast.hdl.registers.registers import (
    IDENTITY,
    GlobalRegister,
    LayerRegister,
    Status,
    layer_address,
    request_layout,
    response_layout,
)


def test_the_core_says_who_it_is() -> None:
    assert IDENTITY.to_bytes(4, "big") == b"MPL\x01"


def test_codes_are_those_that_hosts_use() -> None:
    assert {status.name: status.value for status in Status} == {
        "OK": 0,
        "BUSY": 1,
        "UNKNOWN": 2,
        "ACCESS": 3,
        "RANGE": 4,
    }
    assert {register.name: int(register) for register in GlobalRegister} == {
        "IDENTITY": 0,
        "LAYERS": 1,
        "STATUS": 2,
        "RESET": 3,
        "SEED_LOW": 4,
        "SEED_HIGH": 5,
        "BATCH": 6,
        "MODE": 7,
        "SAMPLES": 8,
        "REFUSED": 9,
        "CLASSES": 10,
        "COUNTER_BITS": 11,
    }
    assert {register.name: int(register) for register in LayerRegister} == {
        "MARGIN": 0,
        "EVENTS": 1,
        "ERRORS": 2,
        "UPDATES": 3,
        "SATURATED": 4,
        "POSITION": 5,
        "COUNTER": 6,
        "STREAM_0": 8,
        "STREAM_1": 9,
        "STREAM_2": 10,
        "STREAM_3": 11,
        "INPUTS": 16,
        "NEURONS": 17,
        "GROUP": 18,
    }


def test_layers_have_pages_after_the_cores_own() -> None:
    assert layer_address(0, LayerRegister.MARGIN) == 0x100
    assert layer_address(2, LayerRegister.GROUP) == 0x312
    # The last layer that a network may have fits the address.
    last = layer_address(4095, LayerRegister.GROUP)
    assert last < 1 << request_layout()["address"].width


def test_requests_and_responses_have_room() -> None:
    request, response = request_layout(), response_layout()
    assert {str(name): field.width for name, field in request} == {
        "write": 1,
        "address": 24,
        "data": 32,
    }
    assert {str(name): field.width for name, field in response} == {"status": 3, "data": 32}
