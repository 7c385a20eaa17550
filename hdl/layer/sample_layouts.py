"""Layouts of the streams between layers: samples, metadata, results, ends of batches."""

from amaranth.lib import data

__all__ = [
    "batch_end_layout",
    "metadata_layout",
    "result_layout",
    "sample_layout",
    "sample_word_layout",
]


def _metadata(before: int) -> dict[str, data.ShapeLike]:
    return {
        "label": 8,
        "last": 1,
        "train": 1,
        "refused": 1,
        "predictions": data.ArrayLayout(8, before),
        "errors": before,
    }


def metadata_layout(before: int) -> data.StructLayout:
    """Metadata of a sample for a layer with ``before`` layers before it.

    The label, whether the sample is the last of its batch, whether it is to be trained on,
    whether it was refused, and the predictions and error bits of the layers before.
    """
    return data.StructLayout(_metadata(before))


def sample_layout(input_width: int, before: int) -> data.StructLayout:
    """Word of a sample, with metadata, for a layer with ``before`` layers before it.

    ``bits`` changes with every word; the metadata belongs to the whole sample and is taken with
    the last word.
    """
    return data.StructLayout({"bits": input_width, **_metadata(before)})


def result_layout(layers: int) -> data.StructLayout:
    """Result of a sample: each layer's prediction and error bit, and whether it was refused."""
    return data.StructLayout(
        {
            "predictions": data.ArrayLayout(8, layers),
            "errors": layers,
            "refused": 1,
        }
    )


def batch_end_layout() -> data.StructLayout:
    """Counts of a layer: errors and updated neurons at the end of a batch.

    ``valid`` is set for one cycle; ``errors`` and ``updates`` then are those of all samples up to
    the batch's last, and of none after it.
    """
    return data.StructLayout({"valid": 1, "errors": 32, "updates": 32})


def sample_word_layout(input_width: int) -> data.StructLayout:
    """A word of a sample from outside.

    The label, and whether the sample is the last of its batch, are taken with its last word.
    """
    return data.StructLayout({"bits": input_width, "label": 8, "last": 1})
