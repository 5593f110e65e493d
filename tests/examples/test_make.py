"""The script that makes the example repositories."""

import json
import struct
from pathlib import Path

import pytest

from examples import make
from examples.vocabulary import BERT_SPECIALS, CHAT_SPECIALS, byte_level, size, word_piece
from examples.weight import bert, llama, safetensors
from validation.sources.headers import parse_header

ROOT = Path(__file__).parent.parent.parent / "examples"
MAX_BYTES = 400_000
KINDS = ("good", "bad", "adapters")
ALL = sorted(path for kind in KINDS for path in (ROOT / kind).iterdir() if path.is_dir())


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file under good, bad and adapters."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for kind in KINDS
        for path in (folder / kind).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_repositories_are_what_the_script_makes(tmp_path: Path) -> None:
    """The same bytes on every machine: nothing in a model repository was made by hand."""
    make.write(tmp_path)
    made, shipped = contents(tmp_path), contents(ROOT)

    assert sorted(made) == sorted(shipped)
    assert [] == [path for path, data in made.items() if data != shipped[path]]


def test_the_script_replaces_what_is_there(tmp_path: Path) -> None:
    """A repository that was renamed does not stay behind."""
    left = tmp_path / "bad" / "old" / "config.json"
    left.parent.mkdir(parents=True)
    left.write_text("{}")
    make.main([str(tmp_path)])

    assert not left.exists()
    assert set(make.GOOD) == {path.name for path in (tmp_path / "good").iterdir()}


@pytest.mark.parametrize("folder", ALL, ids=lambda path: path.name)
def test_a_repository_is_small(folder: Path) -> None:
    """A clone of the project stays small."""
    assert sum(path.stat().st_size for path in folder.rglob("*")) < MAX_BYTES


@pytest.mark.parametrize("dtype", ["BF16", "F16", "F32"])
def test_weights_are_safetensors(dtype: str) -> None:
    """The header is aligned and states tensors that fill the file."""
    data = safetensors({"b.weight": (2, 3), "a.bias": (3,), "norm.weight": (2,)}, dtype)
    (length,) = struct.unpack("<Q", data[:8])
    tensors = parse_header("x", data[8 : 8 + length], len(data))

    assert {"a.bias": (3,), "b.weight": (2, 3), "norm.weight": (2,)} == {
        tensor.name: tensor.shape for tensor in tensors
    }
    assert 0 == length % 8


def test_norms_are_ones_and_biases_zeros() -> None:
    """A model of random weights still has finite activations."""
    data = safetensors({"a.bias": (1,), "norm.weight": (1,)}, "F32")

    assert (0.0, 1.0) == struct.unpack("<ff", data[-8:])


def test_other_seeds_give_other_weights() -> None:
    """The numbers come from the seed and the tensor's name alone."""
    shapes = {"x.weight": (8,)}

    assert safetensors(shapes) == safetensors(shapes)
    assert safetensors(shapes) != safetensors(shapes, seed="other")


def test_architectures_have_the_tensors_of_their_layers() -> None:
    """Counts as transformers' own classes have them."""
    two_llama = llama(vocabulary=10, hidden=4, intermediate=8, layers=2, kv=2)
    two_bert = bert(vocabulary=10, hidden=4, intermediate=8, layers=2, positions=6)

    assert (2 + 2 * 9, 7 + 2 * 16) == (len(two_llama), len(two_bert))


def test_byte_level_holds_every_byte_and_its_merges() -> None:
    """Any text can be written, and frequent words are one token."""
    none, some = byte_level(0), byte_level(40)

    assert len(CHAT_SPECIALS) + 256 == size(none)
    assert size(none) + 40 == size(some)
    assert {"".join(pair) for pair in some["model"]["merges"]} <= set(some["model"]["vocab"])


def test_merges_end_when_nothing_is_left_to_merge() -> None:
    """A text of a few words has so many merges and no more."""
    assert size(byte_level(10_000)) == size(byte_level(20_000))


def test_special_tokens_come_first() -> None:
    """The ids in config.json are those of the tokenizer."""
    vocabulary = word_piece()["model"]["vocab"]

    assert list(range(len(BERT_SPECIALS))) == [vocabulary[name] for name in BERT_SPECIALS]


def test_every_bad_repository_has_its_expectation() -> None:
    """The file beside them says the same as the script."""
    expected = json.loads((ROOT / "bad" / "expected.json").read_text())

    assert {path.name for path in (ROOT / "bad").iterdir() if path.is_dir()} == set(expected)
    assert len(expected) >= 10
