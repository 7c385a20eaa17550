"""The signals of requests and responses."""

from metaplast.hdl.registers.register_map import LayerRegister, Status, layer_address
from metaplast.hdl.registers.requests import StatusShape, request_layout, response_layout


def test_widths_of_requests_and_responses() -> None:
    request, response = request_layout(), response_layout()
    assert {str(name): field.width for name, field in request} == {
        "write": 1,
        "address": 24,
        "data": 32,
    }
    assert {str(name): field.width for name, field in response} == {"status": 3, "data": 32}


def test_the_last_layer_that_a_network_may_have_fits_the_address() -> None:
    last = layer_address(4095, LayerRegister.GROUP)
    assert last < 1 << request_layout()["address"].width


def test_a_status_is_a_status_in_simulations() -> None:
    for status in Status:
        response = response_layout().from_bits(status.value | 0x1234 << 3)
        assert (response.status, response.data) == (status, 0x1234)
        assert StatusShape().const(status).value == status.value
    assert StatusShape().const(None).value == Status.OK.value
    assert response_layout() == response_layout()
