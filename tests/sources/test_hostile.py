"""A repository that lies, over real HTTP: each lie is a known problem of the repository, in bounded time."""

import json
import struct
from typing import Any

import pytest

from tests.hub.fixtures import tiny_chat, tiny_chat_files
from tests.hub.server import Fault, Hub
from tests.sources.reading import read
from validation.facts import RepositoryState
from validation.sources.address import is_repository
from validation.sources.lock import lock_name


def header(length: int, text: bytes = b"", data: bytes = b"") -> bytes:
    """Return a safetensors file that says its header has this length."""
    return struct.pack("<Q", length) + text + data


def entry(shape: list[int], *offsets: int) -> dict[str, Any]:
    """Return a tensor of a header."""
    return {"dtype": "U8", "shape": shape, "data_offsets": list(offsets)}


def stated(tensors: dict[str, Any], data: bytes = b"") -> bytes:
    """Return a safetensors file with this header."""
    text = json.dumps(tensors).encode()
    return header(len(text), text, data)


@pytest.mark.fault("a header of 0, 7 or 2^63 bytes, or longer than its file", "a problem of the repository")
@pytest.mark.fault("overlapping offsets, gaps, shapes that overflow", "a problem of the repository")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 7,
        header(0),
        header(1 << 63),
        header((1 << 64) - 1),
        header(1000, b"{}"),
        header(2, b"[]"),
        header(9, b'{"a":NaN}'),
        header(100_000, b"[" * 100_000),
        stated({"a": entry([1], 0, 1), "b": entry([1], 0, 1)}, b"x"),
        stated({"a": entry([1 << 40, 1 << 40], 0, 1)}, b"x"),
        stated({"a": entry([10**30], 0, 10**30)}, b"x"),
        stated({"a": entry([1], 5, 6)}, b"x"),
        stated({"a": entry([2], 0, 2)}, b"x"),
    ],
)
def test_a_header_that_lies_is_a_problem_of_the_repository(hub: Hub, content: bytes) -> None:
    """Known and wrong, not unread; and nothing that it states is believed."""
    hub.add(tiny_chat(parameters=None, files=tiny_chat_files() | {"model.safetensors": content}))

    facts = read(hub)

    assert ["model.safetensors"] == [problem.path for problem in facts.header_problems if not problem.unread]
    assert ((), {}) == (facts.tensors, dict(facts.parameters))


@pytest.mark.fault("giant integers, 1e999, 10^5 levels or duplicate keys in config.json", "a problem of the repository")
@pytest.mark.parametrize(
    "content",
    [
        b'{"hidden_size": ' + b"9" * 100_000 + b"}",
        b'{"hidden_size": -' + b"9" * 5_000 + b"}",
        b'{"hidden_size": 1e309}',
        b'{"a":' * 100_000,
        b'{"architectures": ["A"], "architectures": ["B"]}',
        b"\xef\xbb\xbf\xff\xfe{}",
        b'{"a": "\\ud800"',
    ],
)
def test_a_config_that_lies_is_a_problem_of_the_repository(hub: Hub, content: bytes) -> None:
    """Giant integers, endless nesting, keys said twice, bad encoding: refused, with a reason."""
    hub.add(tiny_chat(files=tiny_chat_files() | {"config.json": content}))

    document = read(hub).documents["config.json"]

    assert (None, False) == (document.value, document.unread)
    assert document.problem


@pytest.mark.fault("an index that names `../../x`", "only listed files are asked for")
@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "..\\x", "model.safetensors/../../x", "\0", "a" * 5000])
def test_an_index_leads_to_no_file_that_is_not_listed(hub: Hub, name: str) -> None:
    """What it names is looked for in the listing, and nowhere else."""
    index = json.dumps({"metadata": {}, "weight_map": {"a": name, "b": "model.safetensors"}}).encode()
    hub.add(tiny_chat(parameters=None, files=tiny_chat_files() | {"model.safetensors.index.json": index}))

    facts = read(hub)

    assert {"model.safetensors"} == {tensor.file for tensor in facts.tensors}
    assert {path for path in hub.paths() if "/resolve/" in path} <= {
        f"/acme/tiny-chat/resolve/{facts.commit}/{file.path}" for file in facts.files
    }


@pytest.mark.fault("an index that is none", "a problem of the repository")
@pytest.mark.parametrize("content", [b'{"weight_map": 7}', b'{"weight_map": {"a": ["x"]}}', b"[]", b"{"])
def test_an_index_that_is_none_ends_no_reading(hub: Hub, content: bytes) -> None:
    """Its form is not believed either."""
    hub.add(tiny_chat(parameters=None, files=tiny_chat_files() | {"model.safetensors.index.json": content}))

    assert RepositoryState.READABLE is read(hub).state


@pytest.mark.fault("ids with `-` in front, invisible or foreign letters, addresses in them", "refused unasked")
@pytest.mark.parametrize(
    "identity",
    [
        "-acme/x",
        "acme/-x",
        "--help/x",
        "acme/x\u200b",
        "acme/\u202etahc",
        "acme/\uff54iny",
        "\u0430cme/x",
        "acme/x\n",
        "acme/x\0",
        "acme/%2e%2e",
        "acme/x?y",
        "acme/x#y",
        "acme//x",
        "acme/..",
        "acme/x--y",
        "acme/" + "x" * 97,
    ],
)
def test_a_name_that_plays_tricks_is_refused_unasked(hub: Hub, identity: str) -> None:
    """Options, invisible and foreign letters, addresses within the name."""
    assert (RepositoryState.INVALID_ID, []) == (read(hub, identity).state, hub.paths())


@pytest.mark.fault("names that would be the same after slugging", "refused")
def test_no_two_repositories_share_the_name_of_a_lock() -> None:
    """The two characters that join organisation and name are in no name of their own."""
    names = ["a/b", "a-/b", "a/-b", "a--b/c", "a/b--c", "a/b-c", "a-b/c", "A/b", "a_b/c", "a/b_c", "a.b/c"]
    valid = [name for name in names if is_repository(name)]

    assert len(valid) == len({lock_name(name, "1" * 40) for name in valid})
    assert {"a--b/c", "a/b--c", "a/-b"}.isdisjoint(valid)


@pytest.mark.fault("a listing under another name, or in other case", "files are asked for under the wished name")
@pytest.mark.parametrize("identity", ["ACME/Tiny-Chat", "evil/other", "../../x", "", 7])
def test_a_listing_of_another_name_does_not_rename_the_repository(hub: Hub, identity: object) -> None:
    """Files are asked for under the name that was wished, whatever the answer calls itself."""
    hub.add(tiny_chat(listing={"id": identity, "modelId": identity}))

    facts = read(hub)

    assert "acme/tiny-chat" == facts.repository
    assert not [path for path in hub.paths() if "tiny-chat" not in path]


@pytest.mark.fault("a redirect of a file to link-local or unspecified addresses", "that file unread")
@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest", "https://[fe80::1]/", "http://0.0.0.0/", "//[::]/"]
)
@pytest.mark.parametrize("part", ["/config.json", "/model.safetensors"])
def test_a_file_is_not_fetched_from_elsewhere(hub: Hub, part: str, location: str) -> None:
    """A redirect to link-local or unspecified addresses leaves the file unread, and the others readable."""
    hub.add(tiny_chat(parameters=None))
    hub.fail(part, Fault(redirect=location))

    facts = read(hub, deadline=5.0)

    documents = [item.path for item in facts.documents.values() if item.unread]
    headers = [item.path for item in facts.header_problems if item.unread]
    assert (RepositoryState.READABLE, [part.removeprefix("/")]) == (facts.state, documents + headers)
