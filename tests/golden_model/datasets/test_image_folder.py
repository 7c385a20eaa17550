"""Image folders: classes, splits, grey levels, and what cannot be converted."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from metaplast.golden_model.datasets import import_images, load, load_labelled
from metaplast.golden_model.errors import DataError


def pixels(seed, height=3, width=5):
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


def save(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    image.save(path)


@pytest.fixture
def folder(tmp_path):
    """Two images of cats and one of a dog."""
    for seed, name in enumerate(("cat/b.png", "cat/a.bmp", "dog/a.PNG")):
        save(tmp_path / "pets" / name, pixels(seed))
    (tmp_path / "pets" / "readme.txt").write_text("pets")
    (tmp_path / "pets" / "cat" / "notes.txt").write_text("cats")
    (tmp_path / "pets" / ".cache").mkdir()
    (tmp_path / "pets" / "dog" / "._a.png").write_text("left by a file manager")
    return tmp_path / "pets"


def test_each_sub_folder_is_a_class(folder, tmp_path):
    path = tmp_path / "pets.npz"
    for data in (import_images(folder, path), load(path)):
        assert data.name == str(path)
        assert data.image_shape == (3, 5)
        assert data.x_train.dtype == np.uint8
        expected = np.stack([pixels(1), pixels(0), pixels(2)]).reshape(3, 15)
        assert np.array_equal(data.x_train, expected)
        assert data.y_train.tolist() == [0, 0, 1]
        assert data.labels == data.class_names == ("cat", "dog")
        assert data.x_test is None
    with np.load(path) as arrays:
        assert arrays["x_train"].shape == (3, 3, 5)
        assert arrays["y_train"].tolist() == ["cat", "cat", "dog"]
    samples = load_labelled(path)
    assert (samples.image_shape, samples.y.tolist()) == ((3, 5), ["cat", "cat", "dog"])


def test_train_and_test_are_splits(tmp_path):
    for seed, name in enumerate(("train/10/a.png", "train/9/a.png", "test/10/b.png")):
        save(tmp_path / "digits" / name, pixels(seed))
    data = import_images(tmp_path / "digits", tmp_path / "digits.npz")
    assert data.labels == (9, 10)
    assert data.y_train.tolist() == [1, 0]
    assert data.y_test.tolist() == [1]
    assert np.array_equal(data.x_test[0], pixels(2).ravel())


def test_train_alone_is_a_split(tmp_path):
    for seed, name in enumerate(("train/a/1.png", "train/b/1.png")):
        save(tmp_path / "data" / name, pixels(seed))
    data = import_images(tmp_path / "data", tmp_path / "data.npz")
    assert (data.labels, data.x_test) == (("a", "b"), None)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK"])
def test_colours_become_grey_levels(folder, tmp_path, mode):
    white = Image.new("L", (5, 3), 255).convert(mode)
    save(folder / "cat" / "a.tif", white)
    (folder / "cat" / "a.bmp").unlink()
    data = import_images(folder, tmp_path / "pets.npz")
    assert (data.x_train[0] == 255).all()


def test_a_photograph_is_turned_as_its_tag_says(folder, tmp_path):
    image = Image.fromarray(pixels(7, height=5, width=3))
    tags = image.getexif()
    tags[0x0112] = 6  # turn by a quarter
    image.save(folder / "cat" / "a.png", exif=tags)
    data = import_images(folder, tmp_path / "pets.npz")
    turned = np.rot90(pixels(7, height=5, width=3), -1)
    assert np.array_equal(data.x_train[1].reshape(3, 5), turned)


def refuse(folder, message, path=None):
    path = path or folder.parent / "out.npz"
    with pytest.raises(DataError, match=re.escape(message)):
        import_images(folder, path)
    assert not path.exists()


def test_names_the_first_image_of_another_size(folder):
    save(folder / "dog" / "b.png", pixels(3, height=4))
    refuse(
        folder,
        f"{folder}/dog/b.png has 5×4 pixels and {folder}/cat/a.bmp 5×3; scale all images to one "
        "size first (Pillow: ImageOps.fit)",
    )


def test_names_an_image_that_cannot_be_read(folder):
    (folder / "dog" / "b.jpg").write_bytes(b"no image")
    refuse(folder, f"{folder}/dog/b.jpg is no image that Pillow can read: cannot identify")


def test_names_a_truncated_image(folder):
    path = folder / "cat" / "b.png"
    path.write_bytes(path.read_bytes()[:60])
    refuse(folder, f"{path} is no image that Pillow can read: ")


def test_names_an_image_of_deep_pixels(folder):
    save(folder / "dog" / "b.png", np.full((3, 5), 40_000, dtype=np.uint16))
    refuse(folder, f"{folder}/dog/b.png has pixels of more than 8 bits (mode I;16); save it with 8")


def test_names_an_image_with_transparent_pixels(folder):
    image = Image.new("RGBA", (5, 3), (0, 0, 0, 255))
    image.putpixel((1, 1), (0, 0, 0, 0))
    save(folder / "dog" / "b.png", image)
    refuse(folder, f"{folder}/dog/b.png has transparent pixels, which have no grey level; save it")


def test_names_what_is_missing(folder, tmp_path):
    refuse(tmp_path / "nothing", f"{tmp_path}/nothing is no folder; name one that has a sub-folder")
    (folder / "eel").mkdir()
    refuse(folder, f"{folder}/eel has no images (.png, .jpg, .jpeg, .bmp, .gif, .tif, .tiff, .webp")
    (tmp_path / "empty").mkdir()
    refuse(tmp_path / "empty", f"{tmp_path}/empty has no sub-folders; put the images of each")
    save(tmp_path / "half" / "test" / "cat" / "a.png", pixels(1))
    refuse(tmp_path / "half", f"{tmp_path}/half/train is no folder; beside a folder test, a folder")
    save(tmp_path / "single" / "cat" / "a.png", pixels(1))
    refuse(tmp_path / "single", "single: y_train holds one class only, cat")
    save(tmp_path / "strange" / "nan" / "a.png", pixels(1))
    refuse(tmp_path / "strange", f"the name of {tmp_path}/strange/nan is 'nan', a missing label")


def test_the_test_split_has_classes_of_the_training_split(tmp_path):
    for name in ("train/a/1.png", "train/b/1.png", "test/c/1.png"):
        save(tmp_path / "data" / name, pixels(1))
    refuse(
        tmp_path / "data", "y_test[0] is 'c', which no training sample has; the classes are a, b"
    )


def test_the_file_is_an_npz_file(folder, tmp_path):
    refuse(folder, f"{tmp_path}/pets.csv must end with .npz", tmp_path / "pets.csv")
    refuse(folder, "cannot write ", tmp_path / "nowhere" / "pets.npz")


def test_names_a_folder_that_may_not_be_read(folder, monkeypatch):
    def refuse_listing(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse_listing)
    refuse(folder, f"cannot read {folder}: Permission denied")


def test_without_pillow_the_extra_is_named(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    refuse(folder, "images need Pillow; install it with `pip install 'metaplast[images]'`")
