"""Arrays of plans give the same numbers as single plans."""

from dataclasses import fields

from hypothesis import given, strategies as st

from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.errors import ConfigurationError
from metaplast.hdl.planning.foldings import Foldings
from metaplast.hdl.planning.plan import FoldedLayer, LayerPlan, MemoryKind

from ...strategies import network_configs
from .test_plan import folded_layers

FACTORS = [field.name for field in fields(LayerPlan) if field.name != "memory"]
NUMBERS = [
    *("bank_neurons", "bank_groups", "sets", "select", "steps", "pass_steps", "group_steps"),
    *("words", "padded_inputs", "sample_words", "word_transfers"),
    *("word_cycles", "last_word_cycles"),
    *("array_cycles", "rows", "transfer_rows", "bank_rows", "row_bits", "row_cycles"),
]


def row(plan: LayerPlan) -> list[int]:
    return [getattr(plan, name) for name in FACTORS]


@given(folded_layers())
def test_the_numbers_are_those_of_a_folded_layer(folded: FoldedLayer) -> None:
    many = Foldings(folded.config, folded.plan.memory, [row(folded.plan)] * 2)
    assert len(many) == 2
    assert many[1] == folded.plan
    assert Foldings.of(folded.config, [folded.plan])[0] == folded.plan
    assert many.legal.all()
    for name in NUMBERS:
        assert getattr(many, name).tolist() == [getattr(folded, name)] * 2, name
        assert type(getattr(folded, name)) is int, name


@given(
    network_configs(max_layers=1),
    st.sampled_from(MemoryKind),
    st.lists(st.tuples(*[st.integers(0, 24)] * 5, *[st.integers(0, 3)] * 2), max_size=40),
)
def test_foldings_are_legal_if_a_folded_layer_accepts_them(
    config: NetworkConfig, memory: MemoryKind, table: list[tuple[int, ...]]
) -> None:
    (layer,) = config.layers
    expected = []
    for factors in table:
        plan = LayerPlan(**dict(zip(FACTORS, factors, strict=True)), memory=memory)
        try:
            FoldedLayer(layer, plan)
        except ConfigurationError:
            continue
        expected.append(plan)
    many = Foldings(layer, memory, table)
    legal = many.only(many.legal)
    assert [legal[index] for index in range(len(legal))] == expected
