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
from ...hdl.planning.plan import NetworkPlan
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
"""What the name of a virtual board's port begins with."""


class BoardTrainer:
    """A board at a port; a context manager. See :meth:`open`.

    A real board has the network of its bitstream, and :meth:`fit` trains that. A virtual one is
    made for what is to be trained.

    Attributes
    ----------
    network_ : RemoteCore
        The network on the board, once there is one.
    trainer_ : Trainer
        Knows the number of the next epoch and the accuracy of the last.
    encoder_ : Encoder
        Turns samples into the network's bits.
    history_ : list of EpochRecord
        One record for each epoch.
    """

    def __init__(
        self,
        port: str,
        *,
        plan: NetworkPlan | None = None,
        baud: int = BAUD,
        patience: float = 10.0,
        cables: "tuple[NoisyLine, NoisyLine] | None" = None,
    ):
        self.port = port
        self._plan = plan
        self._baud = baud
        self._patience = patience
        self._cables = cables
        self._stack = ExitStack()
        self._client: LinkClient | None = None
        self._board: VirtualBoard | None = None
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
        plan: NetworkPlan | None = None,
        baud: int = BAUD,
        patience: float = 10.0,
        cables: "tuple[NoisyLine, NoisyLine] | None" = None,
    ) -> "BoardTrainer":
        """Open a board.

        Parameters
        ----------
        port : str
            A serial port (``/dev/ttyUSB1``, ``COM3``), or ``virtual:`` and a board's or device's
            name: its gateware, in a simulator.
        plan : NetworkPlan, optional
            The fold factors; of a virtual board by default those that the planner chooses for it,
            of a real one whatever it has.
        baud : int
            Bits a second on a real board's line.
        patience : float
            Seconds without an answer, or without a port, after which to give up.
        cables : tuple of NoisyLine, optional
            What a virtual board is connected with: to it, and from it.

        Raises
        ------
        ConfigurationError
            If there is no virtual board of that name.
        LinkError
            If the port cannot be opened.
        """
        return cls(port, plan=plan, baud=baud, patience=patience, cables=cables)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port; a virtual board ends."""
        self._stack.close()
        self._client = self._board = None

    @property
    def is_virtual(self) -> bool:
        """Whether the board is simulated."""
        return self.port.startswith(VIRTUAL)

    @property
    def board(self) -> "VirtualBoard | None":
        """The virtual board, once it runs."""
        return self._board

    @property
    def client(self) -> LinkClient | None:
        """The way to the board, once there is one."""
        return self._client

    def identify(self) -> BoardShape:
        """What the board says it is.

        Raises
        ------
        LinkError
            If it does not answer; or if it is virtual and was not told yet what to be.
        """
        if self._client is None:
            raise LinkError(f"{self.port} has no network before it is given one to train")
        return identify(self._client)

    def attach(self, config: NetworkConfig, *, start: NetworkState | None = None) -> RemoteCore:
        """A network on the board, in its initial state or in that of another.

        Parameters
        ----------
        config : NetworkConfig
            The network; must be the board's, if that is real.
        start : NetworkState, optional
            What to load.

        Raises
        ------
        ConfigurationError
            If a virtual board has no room for it.
        LinkError
            If the board has another network, or fails.
        """
        plan = self._plan
        if self.is_virtual:
            plan = self._start_virtual_board(config)
        assert self._client is not None
        return network_on_board(self._client, config, plan, start=start)

    def _start_virtual_board(self, config: NetworkConfig) -> NetworkPlan:
        """Build and start the virtual board of a network, and open its port."""
        from ...hdl.planning.plan import FoldedNetwork
        from ...sim.virtual_board.virtual_board import VirtualBoard, build_board
        from ..targets.catalogue import fold_for

        self._stack.close()
        if self._plan is None:
            folded = fold_for(self.port.removeprefix(VIRTUAL), config)
        else:
            folded = FoldedNetwork(config, self._plan)
        board = VirtualBoard(build_board(folded), self._cables)
        self._board = self._stack.enter_context(board)
        self._client = self._stack.enter_context(open_client(board.port, patience=self._patience))
        return folded.plan

    # The methods of an estimator

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
            The network; by default what a real board has, or 128 neurons of 8-bit counters.
        bits_per_feature, per_feature
            The thermometer.
        robustness, reinforcement, batch, seed
            As of :class:`.NetworkConfig`.

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
            raise DataError("y holds no labels; training needs samples")
        choice = EncodingChoice(bits_per_feature=bits_per_feature, per_feature=per_feature)
        encoder = fit_encoder(x, choice)
        classes = int(labels.max()) + 1
        if not self.is_virtual:
            shape = self.identify()
            hidden, groups = hidden or shape.hidden, groups or shape.groups
            counter_bits = counter_bits or shape.counter_bits
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
        self._model = None
        self.encoder_ = encoder
        self.network_ = self.attach(config)
        self.trainer_ = Trainer(self.network_)
        self.history_: list[EpochRecord] = []
        for _ in range(epochs):
            self.partial_fit(x, y)
        return self

    def partial_fit(self, x: ArrayLike, y: ArrayLike) -> Self:
        """Train for one more epoch, and read out what was learnt.

        Raises
        ------
        ConfigurationError
            If the board was not fitted yet.
        LinkError
            If the board fails.
        """
        self._check_fitted()
        bits = self.encoder_.encode(np.asarray(x))
        self.history_.append(self.trainer_.train_epoch(bits, y))
        self._model = Model.from_trainer(self.trainer_, self.encoder_, self.history_)
        return self

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """Classes of samples, (n, features) → (n,), as the board says.

        Raises
        ------
        ConfigurationError
            If the board was not fitted yet.
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
        """What was learnt, as it was read out of the board after the last epoch.

        It is there even if the board has gone since. It can be saved, and continued anywhere.

        Raises
        ------
        ConfigurationError
            If no epoch was finished yet.
        """
        if self._model is None:
            raise ConfigurationError(f"{self.port} has learnt nothing yet: call fit first")
        return self._model

    def _check_fitted(self) -> None:
        if not hasattr(self, "network_"):
            raise ConfigurationError(f"{self.port} has learnt nothing yet: call fit first")
