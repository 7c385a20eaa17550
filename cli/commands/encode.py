"""`metaplast encode`: write the encoded samples of a data set for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from ..options.encoding import (
    BitsPerFeatureOption,
    DifferenceOption,
    EncodingOption,
    EncodingOptions,
    ImageOption,
    PerFeatureOption,
    PlanesOption,
    PoolOption,
)
from ..options.options import (
    DataArgument,
    DataDirOption,
    JsonOption,
    LabelOption,
    SeedOption,
    TestOption,
    TestShareOption,
)
from ..options.training_options import TrainingOptions
from ..terminal.output import Reporter, check_file, print_json, read_from

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(encode)


def encode(
    data: DataArgument,
    out: Annotated[
        Path, typer.Option(metavar="FILE.npz", help="Where to save it.", show_default=False)
    ],
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL", help="Use the encoder of this model file.", show_default=False
        ),
    ] = None,
    encoding: EncodingOption = None,
    bits_per_feature: BitsPerFeatureOption = None,
    per_feature: PerFeatureOption = False,
    planes: PlanesOption = None,
    pool: PoolOption = False,
    difference: DifferenceOption = None,
    image: ImageOption = None,
    label: LabelOption = None,
    test: TestOption = None,
    test_share: TestShareOption = None,
    seed: SeedOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Encode a data set as bits, and save it for other programs.

    The encoder is fitted to the training samples, or comes from a model. The file
    holds x_train, y_train, x_test, y_test, the labels and the encoder.
    """
    from ...golden_model.encoding import fit_encoder
    from ...golden_model.files.encoded_data import save_encoded
    from ...golden_model.files.model_file import Model
    from ..training.training_data import load_training_data

    options = EncodingOptions(
        encoding=encoding,
        bits_per_feature=bits_per_feature,
        per_feature=per_feature,
        planes=planes,
        pool=pool,
        difference=difference,
    )
    if model is not None and options.given:
        raise typer.BadParameter(
            "already has an encoder; leave out --model, or the options of the encoding",
            param_hint="--model",
        )
    choice = options.choice()
    source = TrainingOptions(
        data=data,
        data_dir=data_dir,
        image=image,
        label=label,
        test=test,
        test_share=test_share,
        seed=seed,
    )
    source.choices()  # checks them
    read = read_from(data, data_dir)
    read += [] if test is None else read_from(test, None)
    check_file(out, "--out", unlike=[*read, *([] if model is None else [model])])

    trained = None if model is None else Model.load(model)
    reporter = Reporter(json=json)
    loaded = load_training_data(source, note=reporter.note, model=trained)
    if trained is None:
        encoder = fit_encoder(loaded.x_train, choice, image_shape=loaded.image_shape)
    else:
        encoder = trained.encoder
    arrays = save_encoded(out, loaded, encoder)
    held = len(arrays["x_test"]) if "x_test" in arrays else 0
    if json:
        print_json(
            {
                "data": loaded.name,
                "file": str(out),
                "arrays": {
                    name: {
                        "type": "text" if values.dtype.kind == "U" else values.dtype.name,
                        "shape": values.shape,
                    }
                    for name, values in arrays.items()
                },
                "train": len(arrays["x_train"]),
                "test": held,
                "bits": encoder.outputs,
                "labels": loaded.labels,
                "class_names": loaded.class_names,
                "encoding": encoder.to_dict(),
            }
        )
        return
    reporter.result(f"encoding: {encoder.summary}")
    reporter.result(
        f"wrote {out}: {len(arrays['x_train']):,} training and {held:,} test samples of "
        f"{encoder.outputs:,} bits, {loaded.classes} classes"
    )
