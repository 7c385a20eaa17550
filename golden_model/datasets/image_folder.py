"""Image folders, one sub-folder a class, converted to an .npz data set (needs Pillow)."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..files.atomic import write_atomically
from ..files.npz import packed_arrays
from .data_set import DataSet
from .labels import parse_labels

__all__ = ["import_images"]

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
SPLITS = ("train", "test")


def import_images(folder: str | os.PathLike[str], path: str | os.PathLike[str]) -> DataSet:
    """Convert a folder of images to an ``.npz`` data set, and return the data set.

    Each sub-folder is a class, and its name is the label. If the sub-folders are ``train`` and
    ``test``, each of them holds the sub-folders of the classes. Images become grey levels from 0
    to 255. The file holds ``x_train`` of shape ``(n, height, width)`` uint8 and ``y_train``, and
    ``x_test`` and ``y_test`` if there is a test split. Labels are integers if all names are whole
    numbers, otherwise text. Classes and files are in the order of their names.

    Parameters
    ----------
    folder : path
        The folder.
    path : path
        The file to write; an existing file is replaced.

    Raises
    ------
    DataError
        If Pillow is missing, the folder has no images, an image is damaged or has another size
        than the first, the labels break a rule of :meth:`.DataSet.from_arrays`, or the file cannot
        be written.
    """
    folder, path = Path(folder), Path(path)
    if path.suffix.lower() != ".npz":
        raise DataError(f"{path} must end with .npz, as the file of a data set does")
    pillow = _pillow()
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; name one that has a sub-folder for each class")
    names = {entry.name for entry in _sub_folders(folder)}
    parts = {"train": folder}
    if names and names <= set(SPLITS):
        parts = {split: folder / split for split in SPLITS}
    arrays: dict[str, NDArray[Any]] = {}
    size: tuple[Path, tuple[int, int]] | None = None
    for split, part in parts.items():
        if split == "test" and not part.is_dir():
            continue
        files = _image_files(part)
        images = []
        for file in files:
            image = _grey_levels(file, pillow)
            size = size or (file, image.shape)
            if image.shape != size[1]:
                raise DataError(
                    f"{file} has {_size(image.shape)} pixels and {size[0]} {_size(size[1])}; "
                    "scale all images to one size first (Pillow: ImageOps.fit)"
                )
            images.append(image)
        arrays[f"x_{split}"] = np.stack(images)
        folders = [file.parent for file in files]
        arrays[f"y_{split}"] = parse_labels(
            [parent.name for parent in folders], where=_name_of(folders)
        )
    data = DataSet.from_arrays(
        str(folder),
        arrays["x_train"],
        arrays["y_train"],
        arrays.get("x_test"),
        arrays.get("y_test"),
    )
    try:
        write_atomically(path, packed_arrays(arrays))
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}") from None
    return replace(data, name=str(path))


def _name_of(folders: list[Path]) -> Callable[[int], str]:
    return lambda index: f"the name of {folders[index]}"


def _sub_folders(folder: Path) -> list[Path]:
    """The sub-folders of a folder, in order; hidden ones are left out."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"cannot read {folder}: {error.strerror or error}") from None
    return [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]


def _image_files(folder: Path) -> list[Path]:
    """The images in the sub-folders of a folder."""
    if not folder.is_dir():
        raise DataError(
            f"{folder} is no folder; beside a folder test, a folder train holds the classes"
        )
    classes = _sub_folders(folder)
    files = []
    for sub_folder in classes:
        there = [
            file
            for file in sorted(sub_folder.iterdir())
            if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
        ]
        if not there:
            raise DataError(
                f"{sub_folder} has no images ({', '.join(SUFFIXES)}); add some, or remove the "
                "folder"
            )
        files += there
    if not files:
        raise DataError(f"{folder} has no sub-folders; put the images of each class into one")
    return files


def _grey_levels(file: Path, pillow: ModuleType) -> NDArray[np.uint8]:
    """The grey levels of an image, (height, width); white is 255."""
    try:
        with pillow.Image.open(file) as opened:
            image = pillow.ImageOps.exif_transpose(opened)
            deep = image.mode.startswith(("I", "F"))
            opaque = image.convert("RGBA").getchannel("A").getextrema()[0] == 255
            grey = np.asarray(image.convert("L"), dtype=np.uint8)
    except Exception as error:  # Pillow raises many types for damaged files
        raise DataError(f"{file} is no image that Pillow can read: {error}") from None
    if deep:
        raise DataError(
            f"{file} has pixels of more than 8 bits (mode {image.mode}); save it with 8 bits"
        )
    if not opaque:
        raise DataError(
            f"{file} has transparent pixels, which have no grey level; save it with a background "
            "(Pillow: Image.alpha_composite)"
        )
    return grey


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}×{shape[0]}"


def _pillow() -> ModuleType:
    try:
        import PIL.Image
        import PIL.ImageOps
    except ImportError:
        raise DataError(
            "images need Pillow; install it with `pip install 'metaplast[images]'`"
        ) from None
    return PIL
