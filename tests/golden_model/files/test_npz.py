"""Archives: round trips, and what damage looks like."""

import io
import zipfile

import numpy as np
import pytest

from metaplast.golden_model.errors import DataError, MetaplastError, ModelFileError
from metaplast.golden_model.files.npz import packed_arrays, read_arrays

ARRAYS = {
    "numbers": np.arange(12, dtype=np.int16).reshape(3, 4),
    "text": np.array("µ and α"),
    "none": np.empty((0, 3)),
}


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name].dtype == values.dtype
        assert np.array_equal(found[name], values)


def test_what_is_packed_is_read_and_numpy_reads_it_too(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(packed_arrays(ARRAYS))
    assert_same(read_arrays(path, DataError), ARRAYS)
    with np.load(path, allow_pickle=False) as archive:
        assert_same(dict(archive), ARRAYS)


def test_what_numpy_packs_is_read(tmp_path):
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **ARRAYS)
        assert_same(read_arrays(tmp_path / "a.npz", DataError), ARRAYS)


def test_equal_arrays_make_equal_files():
    assert packed_arrays(ARRAYS) == packed_arrays(dict(ARRAYS))


def test_only_what_is_wanted_is_read(tmp_path):
    np.savez(tmp_path / "a.npz", good=np.arange(3), bad=np.array([None]))
    found = read_arrays(tmp_path / "a.npz", DataError, lambda name: name == "good")
    assert found.keys() == {"good"}


def test_pickles_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{"not": "numbers"}]))
    with pytest.raises(DataError, match=r"a\.npz holds x as Python objects, which are not read"):
        read_arrays(tmp_path / "a.npz", DataError)


def test_truncation_anywhere_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    content = packed_arrays(ARRAYS)
    for length in range(0, len(content), 3):
        path.write_bytes(content[:length])
        with pytest.raises(ModelFileError, match=r"a\.npz is (not an \.npz|truncated|damaged)"):
            read_arrays(path, ModelFileError)


def test_no_flipped_bit_gives_other_arrays_or_another_error(tmp_path):
    path = tmp_path / "a.npz"
    content = packed_arrays(ARRAYS)
    refused = 0
    for position in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        try:
            found = read_arrays(path, DataError)
        except MetaplastError:
            refused += 1
            continue
        # Names and dates are not under a checksum; values are.
        for name in found.keys() & ARRAYS.keys():
            assert np.array_equal(found[name], ARRAYS[name])
    assert refused > len(content) // 6


def member(content):
    file = io.BytesIO()
    np.lib.format.write_array(file, content)
    return file.getvalue()


def test_refuses_bytes_behind_the_values(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", member(np.arange(3)) + b"more")
    with pytest.raises(DataError, match="damaged: x has bytes behind its values"):
        read_arrays(tmp_path / "a.npz", DataError)


def test_refuses_an_array_that_is_there_twice(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", member(np.arange(3)))
        archive.writestr("x", member(np.arange(3)))
    with pytest.raises(DataError, match="holds x twice"):
        read_arrays(tmp_path / "a.npz", DataError)


def test_refuses_a_header_that_promises_more_than_memory_holds(tmp_path):
    count = b"10000000000000"
    there = b"(3,), }" + b" " * (len(count) - 1)
    huge = member(np.arange(3)).replace(there, b"(" + count + b",), }")
    assert count in huge
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", huge)
    with pytest.raises(DataError, match="damaged: x cannot be read"):
        read_arrays(tmp_path / "a.npz", DataError)


def test_refuses_what_is_no_archive(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(member(np.arange(3)))
    with pytest.raises(DataError, match=r"is not an \.npz file, or is damaged at its beginning"):
        read_arrays(path, DataError)
    with pytest.raises(DataError, match=r"cannot read .*gone\.npz: No such file"):
        read_arrays(tmp_path / "gone.npz", DataError)
    with pytest.raises(DataError, match=r"cannot read .*: Is a directory"):
        read_arrays(tmp_path, DataError)
