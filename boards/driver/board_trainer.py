"""Train a board, real or virtual, with the methods of an estimator."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...golden_model.config import NetworkConfig, default_group
from ...golden_model.datasets.data_set import checked_labels
from ...golden_model.encoding import EncodingChoice, fit_encoder
from ...golden_model.errors import ConfigurationError, DataError
from ...golden_model.files.model_file import Model
from ...golden_model.network_state import NetworkState
from ...golden_model.trainer import EpochRecord, Trainer
from ...hdl.client.remote_core import RemoteCore
from ...hdl.planning.plan import FoldedNetwork, NetworkPlan
from ...hdl.planning.universal import UniversalTrainer
from .errors import LinkError
from .identification import BoardShape, identify
from .link_client import LinkClient
from .link_transport import network_on_board
from .ports import BAUD, open_client

if TYPE_CHECKING:  # only virtual boards need a simulator
    from ...sim.virtual_board.noisy_line import NoisyLine
    from ...sim.virtual_board.virtual_board import VirtualBoard

__all__ = ["VIRTUAL", "BoardTrainer"]

VIRTUAL = "virtual:"
"""Prefix of the port names of virtual boards."""


class BoardTrainer:
    """A real or virtual board with the interface of an estimator; a context manager.

    A universal trainer, which a virtual board has by default, trains any network up to its
    capacity, one after the other. Another bitstream has one network, and :meth:`fit` trains it. See
    :meth:`open`.

    Attributes
    ----------
    network_ : RemoteCore
        The network on the board, after :meth:`fit`.
    trainer_ : Trainer
        The trainer, with the number of the next epoch and the accuracy of the last.
    encoder_ : Encoder
        Encodes samples into the network's input bits.
    history_ : list of EpochRecord
        One record for each epoch.
    """

    def __init__(
        self,
        port: str,
        *,
        plan: NetworkPlan | UniversalTrainer | None = None,
        baud: int = BAUD,
        patience: float = 10.0,
        lines: "tuple[NoisyLine, NoisyLine] | None" = None,
    ):
        self.port = port
        self._plan = plan
        self._baud = baud
        self._patience = patience
        self._lines = lines
        self._stack = ExitStack()
        self._client: LinkClient | None = None
        self._board: VirtualBoard | None = None
        self._design: FoldedNetwork | UniversalTrainer | None = None
        self._model: Model | None = None
        if self.is_virtual:
            from ..targets.catalogue import check_name

            check_name(port.removeprefix(VIRTUAL))
        else:
            self._client = self._stack.enter_context(
                open_client(port, baud=baud, patience=patience)
            )

    @classmethod
    def open(
        cls,
        port: str,
        *,
        plan: NetworkPlan | UniversalTrainer | None = None,
        baud: int = BAUD,
        patience: float = 10.0,
        lines: "tuple[NoisyLine, NoisyLine] | None" = None,
    ) -> "BoardTrainer":
        """Open a board.

        Parameters
        ----------
        port : str
            A serial port (``/dev/ttyUSB1``, ``COM3``), or ``virtual:`` and the name of a board or
            FPGA, whose gateware is then simulated.
        plan : NetworkPlan or UniversalTrainer, optional
            The fold factors of a board with one network, or a universal trainer: a virtual board is
            built with them, a real board is checked. By default a virtual board has the universal
            trainer of the board, or, for an FPGA without a board, the network to train with fold
            factors of the planner.
        baud : int
            Bits per second on the line to a real board.
        patience : float
            Seconds without an answer, or without a port, after which to give up.
        lines : tuple of NoisyLine, optional
            Lines with transmission errors, to and from a virtual board.

        Raises
        ------
        ConfigurationError
            If no board or FPGA has that name.
        LinkError
            If the port cannot be opened.
        """
        return cls(port, plan=plan, baud=baud, patience=patience, lines=lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port, and end a virtual board."""
        self._stack.close()
        self._client = self._board = None

    @property
    def is_virtual(self) -> bool:
        """Whether the board is simulated."""
        return self.port.startswith(VIRTUAL)

    @property
    def board(self) -> "VirtualBoard | None":
        """The running virtual board, if there is one."""
        return self._board

    @property
    def client(self) -> LinkClient | None:
        """The link client, if a board is connected."""
        return self._client

    def identify(self) -> BoardShape:
        """Read the shape of the board's network.

        Raises
        ------
        LinkError
            If the board does not answer; or if it is virtual and has no network yet.
        """
        if self._client is None:
            raise LinkError(f"{self.port} has no network before fit or attach gives it one")
        return identify(self._client)

    def attach(self, config: NetworkConfig, *, start: NetworkState | None = None) -> RemoteCore:
        """Connect to a network on the board, and set its state.

        Parameters
        ----------
        config : NetworkConfig
            The network: one up to the capacity of a universal trainer, or else that of the
            bitstream.
        start : NetworkState, optional
            The state to load; the initial state of the seed by default.

        Raises
        ------
        ConfigurationError
            If the network does not fit the board.
        LinkError
            If the board has another network, or fails.
        """
        if self.is_virtual:
            self._start_virtual_board(config)
        assert self._client is not None
        return network_on_board(self._client, config, self._plan, start=start)

    def _start_virtual_board(self, config: NetworkConfig) -> None:
        """Start the virtual board for a network, unless it runs, and open its port."""
        from ...sim.virtual_board.virtual_board import VirtualBoard, build_board

        design = self._virtual_design(config)
        if self._board is not None and self._board.running and self._design == design:
            return
        self._stack.close()
        board = VirtualBoard(build_board(design), self._lines)
        self._design = design
        self._board = self._stack.enter_context(board)
        self._client = self._stack.enter_context(open_client(board.port, patience=self._patience))

    def _virtual_design(self, config: NetworkConfig) -> FoldedNetwork | UniversalTrainer:
        """The gateware of a virtual board on which a network is trained."""
        from ..targets.catalogue import design_for

        if isinstance(self._plan, NetworkPlan):
            return FoldedNetwork(config, self._plan)
        design = self._plan or design_for(self.port.removeprefix(VIRTUAL), config)
        if isinstance(design, UniversalTrainer):
            design.place(config)  # raises an error before the simulator is built
        return design

    # Interface of an estimator

    def fit(
        self,
        x: ArrayLike,
        y: ArrayLike,
        *,
        epochs: int = 10,
        hidden: Sequence[int] | None = None,
        groups: Sequence[int] | None = None,
        counter_bits: int | None = None,
        bits_per_feature: int = 1,
        per_feature: bool = False,
        robustness: float = 0.2,
        reinforcement: float = 1.0,
        batch: int = 100,
        seed: int = 1,
    ) -> Self:
        """Train the board from its initial state.

        Parameters
        ----------
        x : (n, features) numbers
            Samples.
        y : (n,) integers from 0
            Labels.
        epochs : int
            Passes over the samples.
        hidden, groups, counter_bits
            The network; by default that of the board if it has one, or 128 neurons with 8-bit
            counters.
        bits_per_feature, per_feature
            Parameters of :class:`.Thermometer`.
        robustness, reinforcement, batch, seed
            Parameters of :class:`.NetworkConfig`.

        Raises
        ------
        ConfigurationError
            If a parameter is out of its range.
        DataError
            If the data cannot be encoded.
        LinkError
            If the board has another network, or fails.
        """
        if isinstance(epochs, bool) or not isinstance(epochs, int | np.integer) or epochs < 1:
            raise ConfigurationError(f"epochs must be an integer of at least 1, not {epochs!r}")
        labels = checked_labels(y, name="y")
        if not len(labels):
            raise DataError("y has no labels; training needs samples")
        choice = EncodingChoice(bits_per_feature=bits_per_feature, per_feature=per_feature)
        encoder = fit_encoder(x, choice)
        classes = int(labels.max()) + 1
        if not self.is_virtual:
            shape = self.identify()
            counter_bits = counter_bits or shape.counter_bits
            if shape.trainer is None:
                hidden, groups = hidden or shape.hidden, groups or shape.groups
                classes = max(classes, shape.classes)
        layers = tuple(hidden or (128,))
        config = NetworkConfig(
            inputs=encoder.outputs,
            hidden=layers,
            groups=tuple(groups or map(default_group, layers)),
            classes=classes,
            counter_bits=counter_bits or 8,
            robustness=robustness,
            reinforcement=reinforcement,
            batch=batch,
            seed=seed,
        )
        network = self.attach(config)  # if it is refused, the network before remains
        self._model = None
        self.encoder_ = encoder
        self.network_ = network
        self.trainer_ = Trainer(self.network_)
        self.history_: list[EpochRecord] = []
        for _ in range(epochs):
            self.partial_fit(x, y)
        return self

    def partial_fit(self, x: ArrayLike, y: ArrayLike) -> Self:
        """Train for one epoch, and read out the model.

        Raises
        ------
        ConfigurationError
            If :meth:`fit` was not called yet.
        LinkError
            If the board fails.
        """
        self._check_fitted()
        bits = self.encoder_.encode(np.asarray(x))
        self.history_.append(self.trainer_.train_epoch(bits, y))
        self._model = Model.from_trainer(self.trainer_, self.encoder_, self.history_)
        return self

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """Predictions of the board, (n, features) → (n,).

        Raises
        ------
        ConfigurationError
            If :meth:`fit` was not called yet.
        LinkError
            If the board fails.
        """
        self._check_fitted()
        return self.network_.predict(self.encoder_.encode(np.asarray(x)))

    def score(self, x: ArrayLike, y: ArrayLike) -> float:
        """Share of the samples that the board predicts right.

        Raises
        ------
        LinkError
            If the board fails.
        """
        return float(np.mean(self.predict(x) == np.asarray(y)))

    def to_model(self) -> Model:
        """The model that was read out of the board after the last epoch.

        The board need not be connected any more. The model can be saved, and trained further on
        any back end.

        Raises
        ------
        ConfigurationError
            If no epoch was finished yet.
        """
        if self._model is None:
            raise ConfigurationError(f"{self.port} is not trained yet: call fit first")
        return self._model

    def _check_fitted(self) -> None:
        if not hasattr(self, "network_"):
            raise ConfigurationError(f"{self.port} is not trained yet: call fit first")
