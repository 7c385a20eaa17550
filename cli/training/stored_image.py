"""Write a data set as an image, and the image to the flash of a board (`metaplast store`)."""

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ...golden_model.config import NetworkConfig
from ...golden_model.datasets import DataSet
from ...golden_model.errors import ConfigurationError, DataError, MetaplastError
from ...golden_model.files.data_image import DataImage
from ...golden_model.files.image_header import HEADER_BYTES, image_bytes, image_name, stride_of
from ..options.options import require_word
from ..options.training_options import TrainingOptions
from ..terminal.output import Reporter, check_file, print_json, read_from
from .session import recorded_choices
from .splits import Splits, new_splits
from .training_data import load_training_data

if TYPE_CHECKING:
    from ...boards.targets.board_target import BoardTarget

__all__ = ["Target", "chosen_flash", "run_store"]

STORED = ("train", "all")


@dataclass(frozen=True, kw_only=True)
class Target:
    """The board whose flash takes an image, and the cable that reaches it.

    Attributes
    ----------
    board : BoardTarget
        The board, with the size of its flash.
    cable : str or None
        openFPGALoader's name of the JTAG cable.
    """

    board: "BoardTarget"
    cable: str | None = None

    def command(self, image: Path) -> list[str]:
        """The command that writes an image to the flash."""
        from ...boards.bitstream.loader import data_command

        return data_command(self.board, image, cable=self.cable)

    def check_room(self, *, bits: int, train: int, others: int) -> None:
        """Check that an image fits.

        Parameters
        ----------
        bits : int
            Bits of a sample.
        train, others : int
            Training samples; held-out and test samples in the image.

        Raises
        ------
        DataError
            If it does not; the message names options with which it does.
        """
        flash = self.board.data_flash
        size = image_bytes(bits, train + others)
        if size <= flash.room:
            return
        fits = (flash.room - HEADER_BYTES) // stride_of(bits)
        ways = []
        if others and train <= fits:
            ways.append("store training samples only (--split train)")
        if fits > others:
            ways.append(f"use fewer samples (--samples {fits - others})")
        elif 0 < fits < train:
            ways.append(f"use fewer samples (--split train --samples {fits})")
        fewer_bits = 8 * ((flash.room - HEADER_BYTES) // (train + others) - 1)
        if fewer_bits > 0:
            ways.append(f"choose an encoding of at most {fewer_bits:,} bits")
        raise DataError(
            f"the image takes {size:,} bytes, and the flash of {self.board.name} has "
            f"{flash.room:,} from {flash.offset:#x}: {', or '.join(ways)}"
        )


def chosen_flash(
    board: str | None, *, flash_size: int | None, cable: str | None, write: bool
) -> Target | None:
    """The board of the options; None without ``--board``.

    Raises
    ------
    typer.BadParameter
        If an option needs another one, or does not suit the board.
    ConfigurationError
        If there is no such board.
    """
    if board is None:
        for option, given in (
            ("--flash-size", flash_size is not None),
            ("--cable", cable is not None),
            ("--write", write),
        ):
            if given:
                raise typer.BadParameter("needs --board NAME", param_hint=option)
        return None
    from ...boards.targets.catalogue import find_board

    found = find_board(board)
    if flash_size is not None:
        try:
            found = replace(found, data_flash=found.data_flash.with_size(flash_size))
        except ConfigurationError as error:
            raise typer.BadParameter(
                str(error).removeprefix("size "), param_hint="--flash-size"
            ) from None
    if cable is not None and not found.data_flash.needs_cable:
        raise typer.BadParameter(
            f"is not needed: {found.name} is programmed over its USB port; leave it out",
            param_hint="--cable",
        )
    if write and cable is None and found.data_flash.needs_cable:
        raise typer.BadParameter(f"needs --cable NAME: {_why_cable(found)}", param_hint="--write")
    return Target(board=found, cable=cable)


def _why_cable(board: "BoardTarget") -> str:
    return (
        f"over USB (DFU) {board.name} takes only a bitstream, so the data need a JTAG cable on its "
        "JTAG pins (`openFPGALoader --list-cables` has the names)"
    )


def run_store(
    options: TrainingOptions, *, out: Path, split: str, target: Target | None, write: bool
) -> None:
    """Write the image of a data set, print its contents, and write it to the board's flash.

    Parameters
    ----------
    options : TrainingOptions
        The options of data, encoding and splits.
    out : Path
        The file.
    split : str
        ``"train"``, or ``"all"`` for held-out and test samples, too.
    target : Target or None
        The board, if one is given.
    write : bool
        Whether openFPGALoader writes the image to the board's flash.

    Raises
    ------
    typer.BadParameter
        If an option has a bad value.
    MetaplastError
        If the data cannot be used, the image does not fit, or cannot be written.
    """
    choices = options.choices()
    require_word("--split", split, STORED)
    read = read_from(options.data, options.data_dir)
    read += [] if options.test is None else read_from(options.test, None)
    check_file(out, "--out", unlike=read)

    reporter = Reporter(json=options.json)
    data = load_training_data(options, note=reporter.note)
    if data.run is not None:
        choices = replace(recorded_choices(data.run), **dict(choices.given()))
    data, splits = new_splits(
        data,
        choices,
        validation=options.validation,
        samples=options.samples,
        random=options.validation_split == "random",
    )
    block = NetworkConfig.shuffle_block if choices.shuffle_block is None else choices.shuffle_block
    image = _image(data, splits, block, split, target)
    image.write(out)
    if target is not None:
        _note_limits(image, target.board, reporter)
        if target.cable is None and target.board.data_flash.needs_cable:
            reporter.note(_why_cable(target.board))
    _print_contents(image, data, splits, out, target, reporter)
    if write and target is not None:
        _write_to_flash(target, out, json=options.json)
        reporter.result(
            f"openFPGALoader wrote {out} to the flash of {target.board.name}; its messages above "
            "show the verification"
        )
    elif target is not None:
        reporter.result(shlex.join(target.command(out)))
    if options.json:
        print_json(_document(image, data, splits, out, target, written=write))


def _image(
    data: DataSet, splits: Splits, block: int, split: str, target: Target | None
) -> DataImage:
    """Encode the samples, if they fit the board."""
    held_out = test = None
    if split == "all":
        if splits.x_held_out is not None and splits.y_held_out is not None:
            held_out = splits.x_held_out, splits.y_held_out
        if splits.x_test is not None and splits.y_test is not None:
            test = splits.x_test, splits.y_test
    if target is not None:
        others = sum(len(samples[0]) for samples in (held_out, test) if samples is not None)
        target.check_room(bits=splits.encoder.outputs, train=len(splits.x), others=others)
    return DataImage.build(
        splits.encoder,
        train=(splits.x, splits.y),
        held_out=held_out,
        test=test,
        classes=data.classes,
        shuffle_block=block,
        name=image_name(data.name),
    )


def _note_limits(image: DataImage, board: "BoardTarget", reporter: Reporter) -> None:
    """Note if the universal trainer of a board cannot train on the samples."""
    capacity = board.trainer.capacity
    header = image.header
    for have, limit, noun in (
        (header.bits, capacity.inputs, "inputs"),
        (header.classes, capacity.classes, "classes"),
    ):
        if have > limit:
            reporter.note(
                f"the universal trainer of {board.name} takes at most {limit:,} {noun}, and the "
                f"image has {have:,}: only a bitstream for one network (`metaplast build --fixed`) "
                "may train on it"
            )


def _print_contents(
    image: DataImage,
    data: DataSet,
    splits: Splits,
    out: Path,
    target: Target | None,
    reporter: Reporter,
) -> None:
    header = image.header
    reporter.result(
        f"{data.name}: {header.train:,} training, {header.held_out:,} held-out and "
        f"{header.test:,} test samples of {header.bits:,} bits, {header.classes} classes, "
        f"shuffle block {header.shuffle_block}"
    )
    reporter.result(f"encoding: {splits.encoder.summary}")
    reporter.result(f"digest: {header.digest.hex()}")
    reporter.result(f"wrote {out}: {header.size:,} bytes, {header.stride:,} per sample")
    if target is not None:
        flash = target.board.data_flash
        reporter.result(
            f"{target.board.name}: {flash.offset:#x} to {flash.offset + header.size - 1:#x} of a "
            f"{flash.chip} with {flash.size >> 20} MiB, {flash.room - header.size:,} bytes left"
        )


def _write_to_flash(target: Target, out: Path, *, json: bool) -> None:
    """Write an image to the flash with openFPGALoader.

    Raises
    ------
    MetaplastError
        If openFPGALoader is not installed, or fails.
    """
    from ...boards.bitstream.loader import LOADER, run_loader

    command = target.command(out)
    try:
        if run_loader(command, capture=json):
            return
    except MetaplastError as error:
        raise MetaplastError(f"{out} was written, but not to the flash: {error}") from None
    raise MetaplastError(
        f"{out} was written, but not to the flash: {LOADER} is not installed; install it and run: "
        f"{shlex.join(command)}"
    )


def _document(
    image: DataImage,
    data: DataSet,
    splits: Splits,
    out: Path,
    target: Target | None,
    *,
    written: bool,
) -> dict[str, Any]:
    header = image.header
    flash = None if target is None else target.board.data_flash
    return {
        "data": data.name,
        "file": str(out),
        "name": header.name,
        "train": header.train,
        "held_out": header.held_out,
        "test": header.test,
        "bits": header.bits,
        "classes": header.classes,
        "labels": data.labels,
        "shuffle_block": header.shuffle_block,
        "stride": header.stride,
        "size": header.size,
        "data_crc": header.data_crc,
        "encoder_digest": header.encoder_digest.hex(),
        "digest": header.digest.hex(),
        "encoding": splits.encoder.to_dict(),
        "board": None
        if target is None or flash is None
        else {
            "name": target.board.name,
            "chip": flash.chip,
            "flash_bytes": flash.size,
            "offset": flash.offset,
            "left": flash.room - header.size,
            "command": target.command(out),
            "written": written,
        },
    }
