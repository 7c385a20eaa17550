"""The plan of lowest cost, compared with all combinations of foldings."""

from itertools import product

import numpy as np
from hypothesis import given, strategies as st

from metaplast.golden_model.config import NetworkConfig
from metaplast.hdl.planning.cycles import Workload
from metaplast.hdl.planning.fpgas import find_fpga
from metaplast.hdl.planning.layer_search import AMOUNTS, LayerFront
from metaplast.hdl.planning.network_search import NetworkSearch
from metaplast.hdl.planning.plan import LayerPlan
from metaplast.hdl.planning.resources import Resources

CONFIG = NetworkConfig(inputs=16, hidden=(8, 8), groups=(2, 2), classes=2)
SEARCH = NetworkSearch(CONFIG, find_fpga("iCE40UP5K"), Workload())

# Cost, block RAMs, SPRAMs and logic cells of some foldings of a layer.
OPTIONS = st.lists(st.tuples(*[st.integers(0, 9)] * 4), min_size=1, max_size=8)


def front(options: list[tuple[int, ...]], layer: int) -> LayerFront:
    table = np.array(sorted(options), dtype=np.int64)
    amounts = np.zeros((len(table), len(AMOUNTS)), dtype=np.int64)
    amounts[:, [0, 1, 4]] = table[:, 1:]
    plans = [LayerPlan(banks=layer + 1, sample_buffers=2 + index) for index in range(len(table))]
    return LayerFront(plans, table[:, 0].astype(float), amounts)


@given(st.lists(OPTIONS, min_size=1, max_size=3), st.tuples(*[st.integers(0, 20)] * 3))
def test_the_cheapest_plan_is_the_cheapest_of_all_combinations(
    layers: list[list[tuple[int, ...]]], there: tuple[int, ...]
) -> None:
    block_rams, sprams, cells = there
    core = SEARCH.core
    room = core + Resources(block_rams=block_rams, sprams=sprams, cells=cells)
    fronts = [front(options, layer) for layer, options in enumerate(layers)]
    plan = SEARCH.cheapest(fronts, room)
    costs = [
        max(option[0] for option in options)
        for options in product(*layers)
        if (np.sum(options, axis=0)[1:] <= there).all()
    ]
    if plan is None:
        assert not costs
        return
    picked = [
        sorted(options)[layer.sample_buffers - 2]
        for layer, options in zip(plan.layers, layers, strict=True)
    ]
    assert max(option[0] for option in picked) == min(costs)
    assert (np.sum(picked, axis=0)[1:] <= there).all()
    assert [layer.banks for layer in plan.layers] == list(range(1, len(layers) + 1))
