"""A transport for another connection to a trainer core: a TCP socket.

A server has a simulated core; a client trains it over the socket, in lock step with the golden
model. Messages are lines of JSON: the name of a method of the transport, and its arguments.
"""

import json
import socket
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from metaplast.golden_model import Network, NetworkConfig, Trainer
from metaplast.hdl.client.remote_core import RemoteCore
from metaplast.hdl.client.transport import Access, SampleResults, Transport, TransportError
from metaplast.hdl.planning.plan import FoldedNetwork
from metaplast.hdl.planning.planner import default_plan
from metaplast.sim.core.simulated_core import SimulatedCore, build_core
from metaplast.sim.cosimulation.lockstep import LockstepNetwork

SECONDS = 60
"""Maximum time for an answer, in seconds."""


class TcpTransport(Transport):
    """Transport to a core that :func:`serve` offers at an address."""

    def __init__(self, address: tuple[str, int]):
        self.name = f"{address[0]}:{address[1]}"
        self._socket = socket.create_connection(address, timeout=SECONDS)
        self._lines = self._socket.makefile("rw", encoding="utf-8")

    def _call(self, method: str, *arguments: Any) -> Any:
        try:
            self._lines.write(json.dumps([method, *arguments]) + "\n")
            self._lines.flush()
            answer = json.loads(self._lines.readline())
        except (OSError, ValueError) as error:
            raise TransportError(f"the core at {self.name} does not answer: {error}") from None
        if "error" in answer:
            raise TransportError(f"the core at {self.name}: {answer['error']}")
        return answer["value"]

    def access(self, requests: Sequence[Access]) -> list[int]:
        return self._call("access", [[int(address), value] for address, value in requests])

    def send(self, bits: np.ndarray, labels: np.ndarray, last: np.ndarray) -> None:
        self._call("send", bits.tolist(), labels.tolist(), last.tolist())

    def receive(self) -> list[SampleResults]:
        return [
            SampleResults(np.array(predictions), np.array(errors), np.array(refused))
            for predictions, errors, refused in self._call("receive")
        ]

    def settle(self) -> None:
        self._call("settle")

    def close(self) -> None:
        self._socket.close()


def serve(core: Transport, listener: socket.socket) -> None:
    """Serve one client, until it closes the connection."""
    connection, _ = listener.accept()
    with connection, connection.makefile("rw", encoding="utf-8") as lines:
        for line in lines:
            method, *arguments = json.loads(line)
            try:
                if method == "send":
                    bits, labels, last = arguments
                    core.send(np.array(bits, np.uint8), np.array(labels), np.array(last))
                    value: Any = None
                elif method == "receive":
                    names = ("predictions", "errors", "refused")
                    value = [[getattr(one, n).tolist() for n in names] for one in core.receive()]
                else:
                    value = getattr(core, {"access": "access", "settle": "settle"}[method])(
                        *arguments
                    )
                answer: dict[str, Any] = {"value": value}
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            lines.write(json.dumps(answer) + "\n")
            lines.flush()


if __name__ == "__main__":
    config = NetworkConfig(inputs=12, hidden=(8, 6), groups=(4, 3), classes=3, batch=10)
    folded = FoldedNetwork(config, default_plan(config))
    random = np.random.default_rng(1)
    y = random.integers(0, 3, 60)
    x = (random.integers(0, 2, (3, 12))[y] ^ (random.random((60, 12)) < 0.1)).astype(np.uint8)
    simulator = build_core(folded, optimize=False)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        SimulatedCore(simulator, folded) as core,
    ):
        threading.Thread(target=serve, args=(core.transport, listener), daemon=True).start()
        remote = RemoteCore(
            TcpTransport(listener.getsockname()), config, folded.first.plan.input_width
        )
        trainer = Trainer(LockstepNetwork(Network(config), remote))
        right = [round(60 * trainer.train_epoch(x, y).accuracy) for _ in range(8)]
        remote.close()
    print(f"trained over TCP: {right[-1]} of 60 right, every counter as in the golden model")
