"""The transport to a board over its host link, and the remote core on the board."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...golden_model.config import NetworkConfig
from ...golden_model.network_state import NetworkState
from ...hdl.client.remote_core import RemoteCore
from ...hdl.client.transport import Access, SampleResults, Transport
from ...hdl.planning.plan import NetworkPlan
from ...hdl.planning.universal import UniversalTrainer
from ...hdl.registers.register_map import LayerRegister, layer_address
from .identification import identify
from .link_client import LinkClient, SampleFrame, WriteFrame

__all__ = ["LinkTransport", "network_on_board"]


class LinkTransport(Transport):
    """Transport to the core of a board through its host link (docs/link.md).

    Parameters
    ----------
    client : LinkClient
        The link client, after :func:`.identify`.
    layers : int
        Layers of the network: a universal trainer gives results of as many as it can have.

    Raises
    ------
    LinkError
        If the board does not answer.
    """

    def __init__(self, client: LinkClient, *, layers: int):
        self.client = client
        self.layers = layers
        self.name = client.name
        self._results: list[SampleResults] = []
        client.begin()

    def close(self) -> None:
        """Close the port."""
        self.client.close()

    def access(self, requests: Sequence[Access]) -> list[int]:
        values = []
        writes: list[WriteFrame] = []
        for address, value in requests:
            if value is not None:
                writes.append(WriteFrame(address, value))
                values.append(value)
                continue
            self.client.run(writes)
            writes = []
            values.append(self.client.read(address))
        self.client.run(writes)
        return values

    def read_counters(self, layer: int, neuron: int, count: int) -> Sequence[int]:
        return self.client.row(layer_address(layer, LayerRegister.POSITION), neuron, count)

    def send(
        self, bits: NDArray[np.uint8], labels: NDArray[np.int64], last: NDArray[np.bool_]
    ) -> None:
        packed = np.packbits(bits, axis=2, bitorder="little").reshape(len(bits), -1)
        results = self.client.run(
            [
                SampleFrame(label, ends, row.tobytes())
                for label, ends, row in zip(
                    labels.astype(int).tolist(), last.tolist(), packed, strict=True
                )
            ]
        )
        if results:
            self._results.append(
                SampleResults(
                    predictions=np.array(
                        [one.predictions[: self.layers] for one in results], dtype=np.int64
                    ),
                    errors=np.array([one.errors[: self.layers] for one in results], dtype=np.bool_),
                    refused=np.array([one.refused for one in results], dtype=np.bool_),
                )
            )

    def receive(self) -> list[SampleResults]:
        results, self._results = self._results, []
        return results

    def settle(self) -> None:
        self.client.settle()


def network_on_board(
    client: LinkClient,
    config: NetworkConfig,
    plan: NetworkPlan | UniversalTrainer | None = None,
    *,
    start: NetworkState | None = None,
) -> RemoteCore:
    """Connect to the network on a board, and set its state; sets up a universal trainer.

    Parameters
    ----------
    client : LinkClient
        The link client.
    config : NetworkConfig
        The network.
    plan : NetworkPlan or UniversalTrainer, optional
        Its fold factors, or the universal trainer, if they are to be checked too.
    start : NetworkState, optional
        A state to load into the board; by default the initial state of the seed.

    Raises
    ------
    ConfigurationError
        If the network is larger than the board's universal trainer.
    WrongBoardError
        If the board has another network, or another universal trainer.
    LinkError
        If the board does not answer, or was restarted.
    TransportError
        If the board does not keep the state that is loaded.
    """
    shape = identify(client)
    placed = shape.place(config, plan)
    transport = LinkTransport(client, layers=len(config.layers))
    return RemoteCore(transport, config, shape.input_width, start=start, placed=placed)
