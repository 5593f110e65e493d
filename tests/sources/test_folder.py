"""Facts from a local folder."""

import hashlib
import os
from pathlib import Path

import pytest

from tests.hub.fixtures import tiny_chat_files
from tests.hub.server import Hub
from tests.sources.reading import read, write_files
from validation.facts import Ancestor, Origin, RepositoryState
from validation.sources.read import SourceOptions, SourceRequest, read_all

CARD = b"""---
license: MIT
license_name: our-own
license_link: https://example.com/licence
pipeline_tag: text-generation
library_name: transformers
base_model: acme/base
base_model_relation: quantized
tags: [custom, base_model:adapter:acme/other]
---
# A model
"""


def test_a_folder_gives_the_facts_that_the_hub_gives(hub: Hub, tmp_path: Path) -> None:
    """Documents, sizes and counts are the same as those of the published repository."""
    from tests.hub.fixtures import tiny_chat  # noqa: PLC0415 - used here only

    published = read(hub, hub.add(tiny_chat()).id)
    (facts,) = read_all(
        [SourceRequest("model")], SourceOptions(base=write_files(tmp_path / "model", tiny_chat_files()).parent)
    )

    assert (RepositoryState.READABLE, Origin.FOLDER, "model") == (facts.state, facts.origin, facts.source)
    assert published.documents == facts.documents
    assert published.parameters == facts.parameters
    assert [(file.path, file.size) for file in published.files] == [(file.path, file.size) for file in facts.files]
    assert 1 == len(facts.tensors)


def test_the_tokenizer_is_hashed_and_the_weights_are_not(tmp_path: Path) -> None:
    """A tokenizer can be compared with its base model's; weights are too large to be read."""
    (facts,) = read_all([SourceRequest(str(write_files(tmp_path, tiny_chat_files())))], SourceOptions())

    expected = hashlib.sha256(tiny_chat_files()["tokenizer.json"]).hexdigest()
    assert {"tokenizer.json": expected, "model.safetensors": None} == {
        file.path: file.sha256 for file in facts.files if file.path in {"tokenizer.json", "model.safetensors"}
    }


def test_the_card_is_read(tmp_path: Path) -> None:
    """Licence, tags and base models are in the front matter of README.md."""
    (facts,) = read_all([SourceRequest(str(write_files(tmp_path, {"README.md": CARD})))], SourceOptions())

    assert ("mit", "our-own", "https://example.com/licence") == (facts.licence, facts.licence_name, facts.licence_link)
    assert ("text-generation", "transformers") == (facts.pipeline_tag, facts.library)
    assert (
        Ancestor(repository="acme/base", relation="quantized"),
        Ancestor(repository="acme/other", relation="adapter"),
    ) == facts.ancestors


@pytest.mark.fault("YAML bombs and tags in a model card", "the card is not believed")
@pytest.mark.parametrize(
    ("card", "notes"),
    [
        (b"# no front matter\n", ()),
        (b"---\n[1, 2]\n---\n", ()),
        (b"---\nlicense: !!python/object:os.system x\n---\n", ("the front matter of README.md could not be read",)),
        (b"---\na: &a [*a]\n---\n", ("the front matter of README.md could not be read",)),
        (b"---\n\xff\n---\n", ("the front matter of README.md could not be read",)),
        (b"---\nlicense: {a: 1}\ntags: 7\nbase_model: [1, {}]\n---\n", ()),
        (b"", ()),
    ],
)
def test_a_card_from_strangers_harms_nothing(tmp_path: Path, card: bytes, notes: tuple[str, ...]) -> None:
    """A malformed or hostile front matter is a note at most."""
    (facts,) = read_all([SourceRequest(str(write_files(tmp_path, {"README.md": card})))], SourceOptions())

    assert ("", notes, ()) == (facts.licence, facts.notes, facts.ancestors)


def test_links_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    """A link may point inside of the repository only; folders behind links are not entered."""
    model = write_files(tmp_path / "model", tiny_chat_files())
    (tmp_path / "secret.json").write_bytes(b"{}")
    (model / "processor_config.json").symlink_to("../secret.json")
    (model / "params.json").symlink_to("config.json")
    (model / "up").symlink_to("..")
    (model / "loop").symlink_to("loop")
    os.mkfifo(model / "pipe")

    (facts,) = read_all([SourceRequest(str(model))], SourceOptions())

    assert (True, False) == (facts.has("params.json"), facts.has("processor_config.json"))
    assert not [file.path for file in facts.files if file.path.startswith(("up", "pipe", "loop"))]
    assert ("files left out for unsafe names, or links that lead out of the folder: 4",) == facts.notes


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"\n\n", b"\r\n"])
def test_the_header_of_the_card_may_come_after_a_mark_or_empty_lines(start: bytes, tmp_path: Path) -> None:
    """An editor's byte order mark and blank lines above the fence are what the Hub reads over too."""
    (facts,) = read_all([SourceRequest(str(write_files(tmp_path, {"README.md": start + CARD})))], SourceOptions())

    assert "mit" == facts.licence


def test_a_snapshot_in_a_hub_cache_may_link_to_its_blobs(tmp_path: Path) -> None:
    """The Hub's own cache keeps files beside the snapshot."""
    cache = write_files(tmp_path / "models--acme--x", {"blobs/abc": b'{"a": 1}'})
    snapshot = cache / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").symlink_to("../../blobs/abc")

    (facts,) = read_all([SourceRequest(str(snapshot))], SourceOptions())

    assert {"a": 1} == facts.config


def test_a_broken_header_is_told(tmp_path: Path) -> None:
    """Every safetensors file at the root is looked at."""
    files = tiny_chat_files() | {"extra.safetensors": b"\0" * 8}
    (facts,) = read_all([SourceRequest(str(write_files(tmp_path, files)))], SourceOptions())

    assert [("extra.safetensors", "says that its header is empty")] == [
        (item.path, item.problem) for item in facts.header_problems
    ]


def test_a_header_above_the_file_is_not_allocated(tmp_path: Path) -> None:
    """The length is believed only as far as the file reaches."""
    files = {"model.safetensors": (90_000_000).to_bytes(8, "little") + b"{}"}
    (facts,) = read_all([SourceRequest(str(write_files(tmp_path, files)))], SourceOptions())

    assert "says that its header is larger than the file" == facts.header_problems[0].problem


def test_folders_of_tools_are_no_part_of_the_repository(tmp_path: Path) -> None:
    """What git and the Hub's client leave behind is not listed."""
    files = {".git/config": b"", ".cache/huggingface/x": b"", "config.json": b"{}", "sub/x.txt": b""}
    (facts,) = read_all([SourceRequest(str(write_files(tmp_path, files)))], SourceOptions())

    assert ["config.json", "sub/x.txt"] == [file.path for file in facts.files]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The help names how a model on the Hub is written."""
    (facts,) = read_all([SourceRequest("examples/absent")], SourceOptions(base=tmp_path))

    assert RepositoryState.INVALID_ID is facts.state
    assert "there is no such folder or lock file; a model on the Hub is `hf://org/name`" == facts.detail
