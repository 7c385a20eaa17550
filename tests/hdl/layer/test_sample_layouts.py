"""Layouts of the streams between layers."""

from amaranth.lib import data

from metaplast.hdl.layer.sample_layouts import (
    batch_end_layout,
    metadata_layout,
    result_layout,
    sample_layout,
)


def places(layout: data.StructLayout) -> dict[str, tuple[int, int]]:
    """Offset and width of each field."""
    return {str(name): (field.offset, field.width) for name, field in layout}


def test_a_word_has_its_bits_and_then_the_metadata() -> None:
    metadata = places(metadata_layout(3))
    assert metadata == {
        "label": (0, 8),
        "last": (8, 1),
        "train": (9, 1),
        "refused": (10, 1),
        "predictions": (11, 24),
        "errors": (35, 3),
    }
    moved = {name: (offset + 16, width) for name, (offset, width) in metadata.items()}
    assert places(sample_layout(16, 3)) == {"bits": (0, 16), **moved}


def test_the_first_layer_has_no_results_before_it() -> None:
    layout = places(metadata_layout(0))
    assert layout["predictions"] == layout["errors"] == (11, 0)


def test_a_result_has_all_predictions_then_all_error_bits() -> None:
    assert places(result_layout(2)) == {
        "predictions": (0, 16),
        "errors": (16, 2),
        "refused": (18, 1),
    }


def test_the_end_of_a_batch_has_counts_of_a_register() -> None:
    assert places(batch_end_layout()) == {"valid": (0, 1), "errors": (1, 32), "updates": (33, 32)}
