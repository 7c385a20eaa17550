"""Layouts of the streams between layers: samples, metadata, results, ends of batches."""

from amaranth.lib.data import ArrayLayout, ShapeLike, StructLayout

__all__ = [
    "batch_end_layout",
    "metadata_layout",
    "result_layout",
    "sample_layout",
    "sample_word_layout",
]


def _metadata(before: int) -> dict[str, ShapeLike]:
    return {
        "label": 8,
        "last": 1,
        "train": 1,
        "refused": 1,
        "predictions": ArrayLayout(8, before),
        "errors": before,
    }


def metadata_layout(before: int) -> StructLayout:
    """Metadata of a sample for a layer with ``before`` layers before it.

    The label, whether the sample is the last of its batch, whether it is to be trained on,
    whether it was refused, and the predictions and error bits of the layers before.
    """
    return StructLayout(_metadata(before))


def sample_layout(input_width: int, before: int) -> StructLayout:
    """Word of a sample, with metadata, for a layer with ``before`` layers before it.

    ``bits`` changes with every word; the metadata belongs to the whole sample and is taken with
    the last word.
    """
    return StructLayout({"bits": input_width, **_metadata(before)})


def result_layout(layers: int) -> StructLayout:
    """Result of a sample: each layer's prediction and error bit, and whether it was refused."""
    return StructLayout(
        {
            "predictions": ArrayLayout(8, layers),
            "errors": layers,
            "refused": 1,
        }
    )


def batch_end_layout() -> StructLayout:
    """Counts of a layer: errors and updated neurons at the end of a batch.

    ``valid`` is set for one cycle; ``errors`` and ``updates`` then are those of all samples up to
    the batch's last, and of none after it.
    """
    return StructLayout({"valid": 1, "errors": 32, "updates": 32})


def sample_word_layout(input_width: int) -> StructLayout:
    """A word of a sample from outside.

    The label, and whether the sample is the last of its batch, are taken with its last word.
    """
    return StructLayout({"bits": input_width, "label": 8, "last": 1})
