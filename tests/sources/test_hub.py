"""Facts from the Hub, over real HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hub.fixtures import safetensors, tiny_chat, tiny_chat_files
from tests.hub.repository import blob_id
from tests.hub.server import Fault, Hub
from tests.sources.reading import TOKEN, options, read
from validation.facts import Ancestor, Gating, Origin, RepositoryState, SecurityScan, Tensor, TokenRole
from validation.sources.read import SourceOptions, SourceRequest, read_all, resolve_all


def test_a_public_repository_is_read(hub: Hub) -> None:
    """Commit, files, documents, licence, counts and scan are facts."""
    repository = hub.add(tiny_chat(flagged=(("x.bin", "unsafe"),), tags=("custom",)))

    facts = read(hub)

    assert (RepositoryState.READABLE, Origin.HUB, "") == (facts.state, facts.origin, facts.detail)
    assert repository.commit == facts.commit
    assert {path: len(content) for path, content in repository.files.items()} == {
        file.path: file.size for file in facts.files
    }
    assert ("LlamaForCausalLM",) == facts.architectures
    assert ["config.json", "generation_config.json", "tokenizer_config.json"] == sorted(facts.documents)
    assert ("apache-2.0", "text-generation", "transformers") == (facts.licence, facts.pipeline_tag, facts.library)
    assert {"BF16": 8192} == facts.parameters
    assert SecurityScan(finished=True, flagged=(("x.bin", "unsafe"),)) == facts.security
    assert ("license:apache-2.0", "custom") == facts.tags


def test_one_listing_comes_before_the_small_files(hub: Hub) -> None:
    """A public model costs one listing and a request for each small file, and no weight is asked for."""
    hub.add(tiny_chat())

    read(hub)

    assert "/api/models/acme/tiny-chat" == hub.paths()[0]
    assert ["config.json", "generation_config.json", "tokenizer_config.json"] == sorted(
        path.rpartition("/")[2] for path in hub.paths()[1:]
    )


def test_files_are_asked_for_at_the_resolved_commit(hub: Hub) -> None:
    """A branch is resolved once, so that it cannot move between two files."""
    repository = hub.add(tiny_chat(branches=("main", "dev/1")))

    facts = read(hub, revision="dev/1")

    assert (repository.commit, "dev/1") == (facts.commit, facts.revision)
    assert {repository.commit} == {path.split("/")[4] for path in hub.paths() if "/resolve/" in path}


def test_an_array_is_kept_under_a_key(hub: Hub) -> None:
    """modules.json holds an array; a document is an object."""
    files = tiny_chat_files() | {"modules.json": b'[{"type": "x.Pooling"}]', "1_Pooling/config.json": b"{}"}
    hub.add(tiny_chat(files=files))

    facts = read(hub)

    assert {"modules": [{"type": "x.Pooling"}]} == facts.document("modules.json")
    assert "1_Pooling/config.json" in facts.documents


def test_a_template_file_is_a_text(hub: Hub) -> None:
    """chat_template.jinja is read as text, bad bytes are a problem and not an outage."""
    hub.add(tiny_chat(files=tiny_chat_files() | {"chat_template.jinja": b"{{ x }}"}))
    hub.add(tiny_chat("acme/bad", files=tiny_chat_files() | {"chat_template.jinja": b"\xff"}))

    assert "{{ x }}" == read(hub).text("chat_template.jinja")
    assert "is not UTF-8 at byte 0" == read(hub, "acme/bad").texts["chat_template.jinja"].problem


@pytest.mark.fault("bad UTF-8, NaN or HTML in config.json", "a problem of the repository")
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "is not JSON: expecting property name enclosed in double quotes"),
        (b"[]", "holds an array where an object belongs"),
        (b'{"a": 1, "a": 2}', "has the same key twice in one object"),
        (b'{"a": NaN}', "holds NaN, which is not JSON"),
        (b'{"a": 1e999}', "holds a number beyond the range of a double"),
        (b"[" * 100_000, "nests deeper than 64 levels"),
        (b"\xff{}", "is not UTF-8 at byte 0"),
        (b"", "is not JSON: expecting value"),
    ],
)
def test_a_malformed_config_is_a_problem_of_the_repository(hub: Hub, content: bytes, problem: str) -> None:
    """What the repository itself holds is known, not unread."""
    hub.add(tiny_chat(files=tiny_chat_files() | {"config.json": content}))

    document = read(hub).documents["config.json"]

    assert (problem, None, False) == (document.problem, document.value, document.unread)


@pytest.mark.fault("a huge config.json or index", "not asked for")
@pytest.mark.parametrize(("path", "most"), [("config.json", 8), ("model.safetensors.index.json", 16)])
def test_a_file_that_is_too_large_is_not_asked_for(hub: Hub, path: str, most: int) -> None:
    """The listed size decides, before any byte comes."""
    hub.add(tiny_chat(files=tiny_chat_files() | {path: b" " * ((most << 20) + 1)}))

    document = read(hub).documents[path]

    assert (f"is larger than {most} MiB", False) == (document.problem, document.unread)
    assert not [asked for asked in hub.paths() if asked.endswith(f"/{path}")]


@pytest.mark.parametrize(
    ("repository", "token", "state", "detail"),
    [
        (None, "", "not-found", "the Hub has no such repository, or it is private: no token was given"),
        (None, TOKEN, "not-found", "the Hub has no such repository, or it is private and the token may not read it"),
        ({"private": True}, "", "not-found", "the Hub has no such repository, or it is private: no token was given"),
        ({"private": True, "readers": frozenset({TOKEN})}, TOKEN, "readable", ""),
        ({"gated": "manual"}, "", "gated", "the files are gated and no token was given"),
        ({"gated": "auto"}, TOKEN, "gated", "the token has no access to the gated files"),
        ({"gated": "auto", "readers": frozenset({TOKEN})}, TOKEN, "readable", ""),
        ({"disabled": True}, "", "disabled", "the Hub has disabled the repository"),
        ({"listing": {"disabled": True}}, "", "disabled", "the Hub has disabled the repository"),
        ({}, "hf_wrong", "bad-token", "the Hub does not know the token"),
        ({}, "hf_wrong\nX-Evil: 1", "bad-token", "the token holds characters that no token has"),
    ],
)
def test_each_state_is_told(hub: Hub, repository: dict[str, Any] | None, token: str, state: str, detail: str) -> None:
    """Each way in which the Hub refuses has its own state and its own words."""
    hub.tokens[TOKEN] = "read"
    if repository is not None:
        hub.add(tiny_chat(**repository))

    facts = read(hub, token=token)

    assert (state, detail) == (facts.state, facts.detail)


@pytest.mark.parametrize(
    ("identity", "revision", "state"),
    [
        ("acme/tiny-chat", "absent", "revision-not-found"),
        ("acme/tiny-chat", "../../x", "revision-not-found"),
        ("acme/tiny-chat", "-rf", "revision-not-found"),
        ("acme/../x", "", "invalid-id"),
        ("acme/tiny chat", "", "invalid-id"),
        ("acme/tíny", "", "invalid-id"),
        ("-acme/x", "", "invalid-id"),
        ("acme/x/y", "", "invalid-id"),
        ("acme/x@main", "", "invalid-id"),
        ("", "", "invalid-id"),
    ],
)
def test_wrong_names_are_told(hub: Hub, identity: str, revision: str, state: str) -> None:
    """A name that cannot be is refused; only one that could be is asked for."""
    hub.add(tiny_chat())

    assert state == read(hub, identity, revision).state
    assert (["/api/models/acme/tiny-chat/revision/absent"] if revision == "absent" else []) == hub.paths()


def test_a_forbidden_repository_is_private(hub: Hub) -> None:
    """A token without the permission meets 403."""
    hub.tokens[TOKEN] = "fineGrained"
    hub.add(tiny_chat())
    hub.fail("/api/models/acme/tiny-chat", Fault(status=403, body=b'{"error": "Forbidden"}'))

    facts = read(hub, token=TOKEN)

    assert (RepositoryState.PRIVATE, TokenRole.FINE_GRAINED) == (facts.state, facts.token_role)


@pytest.mark.parametrize(
    ("role", "expected"), [("read", "read"), ("write", "write"), ("fineGrained", "fine-grained"), ("odd", "unknown")]
)
def test_the_role_of_the_token_is_known(hub: Hub, role: str, expected: str) -> None:
    """The question is asked once for all repositories of a run."""
    hub.tokens[TOKEN] = role
    hub.add(tiny_chat())
    hub.add(tiny_chat("acme/other"))

    found = read_all(
        [SourceRequest("hf://acme/tiny-chat"), SourceRequest("hf://acme/other")], options(hub, token=TOKEN)
    )

    assert [expected, expected] == [facts.token_role for facts in found]
    assert 1 == hub.paths().count("/api/whoami-v2")


def test_without_a_token_nobody_is_asked_who_it_is(hub: Hub) -> None:
    """No token: no role, no request."""
    hub.add(tiny_chat())

    assert TokenRole.NONE is read(hub).token_role
    assert "/api/whoami-v2" not in hub.paths()


def test_a_role_that_cannot_be_asked_is_unknown(hub: Hub) -> None:
    """An outage of whoami harms nothing else."""
    hub.tokens[TOKEN] = "read"
    hub.add(tiny_chat())
    hub.fail("/whoami", Fault(status=429))

    facts = read(hub, token=TOKEN)

    assert (RepositoryState.READABLE, TokenRole.UNKNOWN) == (facts.state, facts.token_role)


def test_a_gated_repository_keeps_its_listing(hub: Hub) -> None:
    """What the listing says of a gated repository is known, although its files are not."""
    repository = hub.add(tiny_chat(gated="manual"))

    facts = read(hub)

    assert (Gating.MANUAL, repository.commit, {}) == (facts.gating, facts.commit, facts.documents)


def test_base_models_are_ancestors_nearest_first(hub: Hub) -> None:
    """The chain of base models is followed three times, each with its architecture and its tokenizer's identity."""
    for number in range(5):
        card = {"base_model": f"acme/m{number + 1}", "base_model_relation": "quantized"}
        hub.add(tiny_chat(f"acme/m{number}", card=card))

    ancestors = read(hub, "acme/m0").ancestors

    assert ["acme/m1", "acme/m2", "acme/m3"] == [item.repository for item in ancestors]
    assert ("quantized", ("LlamaForCausalLM",)) == (ancestors[0].relation, ancestors[0].architectures)
    assert read(hub, "acme/m1").file("tokenizer.json") is not None
    assert {ancestors[0].tokenizer} == {
        file.identity for file in read(hub, "acme/m1").files if file.path == "tokenizer.json"
    }


def test_a_base_model_of_many_is_asked_for_once(hub: Hub) -> None:
    """Ten fine-tunes of one model cost one listing of it."""
    hub.add(tiny_chat("acme/base"))
    for number in range(10):
        hub.add(tiny_chat(f"acme/m{number}", card={"base_model": "acme/base"}))

    found = read_all([SourceRequest(f"hf://acme/m{number}") for number in range(10)], options(hub))

    assert {"acme/base"} == {facts.ancestors[0].repository for facts in found}
    assert 1 == hub.paths().count("/api/models/acme/base")


def test_a_chain_of_base_models_that_goes_round_ends(hub: Hub) -> None:
    """Two models may name each other."""
    hub.add(tiny_chat("acme/a", card={"base_model": "acme/b"}))
    hub.add(tiny_chat("acme/b", card={"base_model": ["acme/a", "acme/b"]}))

    assert ["acme/b"] == [item.repository for item in read(hub, "acme/a").ancestors]


def test_a_base_model_that_cannot_be_read_is_only_a_name(hub: Hub) -> None:
    """A missing base model, or one whose name is no name, spoils nothing."""
    hub.add(tiny_chat(card={"base_model": ["acme/absent", "../x"]}))

    assert (Ancestor(repository="acme/absent", relation="finetune"),) == read(hub).ancestors


def test_headers_are_read_when_the_hub_has_no_counts(hub: Hub) -> None:
    """Without parameter counts the safetensors header says what the file holds, by range."""
    repository = hub.add(tiny_chat(parameters=None))

    facts = read(hub)

    expected = Tensor(
        name="model.embed_tokens.weight", dtype="BF16", shape=(128, 64), size=16384, file="model.safetensors"
    )
    assert (expected,) == facts.tensors
    assert {"BF16": 8192} == facts.parameters
    assert ["bytes=0-99999"] == [
        request.headers["range"] for request in hub.requests if request.port == int(hub.store_url.rpartition(":")[2])
    ]
    assert repository.commit == facts.commit


def test_a_long_header_takes_a_second_range(hub: Hub) -> None:
    """The rest of a header above 100 kB is asked for, the data never."""
    tensors = {f"layer.{number:05}": ("F32", (4,), 16) for number in range(4000)}
    hub.add(tiny_chat(parameters=None, files={"model.safetensors": safetensors(tensors)}))

    assert 4000 == len(read(hub).tensors)


@pytest.mark.fault("a server that ignores Range", "read, and no more than the header is taken")
def test_a_server_that_ignores_ranges_sends_no_more_than_a_header(hub: Hub) -> None:
    """The connection is closed after the bytes that were asked for."""
    big = safetensors({"a": ("U8", (20 << 20,), 20 << 20)})
    hub.add(tiny_chat(parameters=None, files={"model.safetensors": big}))
    hub.fail("/xet/", Fault(ignore_range=True))

    facts = read(hub)

    assert {"U8": 20 << 20} == facts.parameters
    assert () == facts.header_problems


def test_a_broken_header_is_a_problem_of_the_repository(hub: Hub) -> None:
    """A header that lies is told, and no counts are made up."""
    hub.add(tiny_chat(parameters=None, files=tiny_chat_files() | {"model.safetensors": b"\xff" * 64}))

    facts = read(hub)

    assert [("model.safetensors", False)] == [(item.path, item.unread) for item in facts.header_problems]
    assert {} == facts.parameters


def test_headers_follow_the_index(hub: Hub) -> None:
    """Only shards that the index names are read; one that is absent is no request."""
    shard = safetensors({"a": ("F16", (8,), 16)})
    index = {"metadata": {}, "weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "../../x"}}
    files = {
        "config.json": b"{}",
        "model.safetensors.index.json": json.dumps(index).encode(),
        "model-1.safetensors": shard,
        "other.safetensors": shard,
    }
    hub.add(tiny_chat(parameters=None, files=files))

    facts = read(hub)

    assert ["model-1.safetensors"] == [tensor.file for tensor in facts.tensors]
    assert not [path for path in hub.paths() if "other" in path or ".." in path]


@pytest.mark.fault("a file that is listed and gone", "unread")
def test_a_file_that_is_listed_and_gone_is_unread(hub: Hub) -> None:
    """The listing said that it is there: so nothing is known of it."""
    hub.add(tiny_chat(gone=frozenset({"config.json"})))

    document = read(hub).documents["config.json"]

    assert (True, None) == (document.unread, document.value)


@pytest.mark.fault("a commit that changes between two requests", "unread")
def test_a_commit_that_changes_between_requests_is_noticed(hub: Hub) -> None:
    """A file from another commit is not believed."""
    hub.add(tiny_chat())
    hub.fail("/resolve/", Fault(headers={"X-Repo-Commit": "0" * 40}))

    document = read(hub).documents["config.json"]

    assert ("it came from another commit than its listing", True) == (document.problem, document.unread)


@pytest.mark.fault("another commit than the pinned one", "unread")
def test_another_commit_than_the_pinned_one_is_refused(hub: Hub) -> None:
    """A Hub that answers for another commit is not believed."""
    repository = tiny_chat()
    hub.add(tiny_chat(branches=("main", repository.commit), listing={"sha": "0" * 40}))

    facts = read(hub, revision=repository.commit)

    assert RepositoryState.UNREACHABLE is facts.state
    assert "the Hub answered with another commit than the wished one" == facts.detail


@pytest.mark.fault("content that differs from its listing", "unread")
def test_content_that_differs_from_the_listing_is_not_believed(hub: Hub) -> None:
    """Size and hash of every small file are compared."""
    content = tiny_chat_files()["config.json"]
    sibling = {"rfilename": "config.json", "size": len(content), "blobId": blob_id(b"other")}
    hub.add(tiny_chat(listing={"siblings": [sibling]}))

    assert "it differs from what the listing says of it" == read(hub).documents["config.json"].problem


def test_hostile_names_and_numbers_are_left_out(hub: Hub) -> None:
    """Unsafe paths, negative sizes and odd types never become facts."""
    names = ["../x", "/etc/passwd", "a\\b", "a\x1b[31m", "a\u202eb", "a//b", "", "./a", "ok.txt"]
    siblings: list[dict[str, object]] = [{"rfilename": name, "size": -5, "blobId": "zz"} for name in names]
    siblings.append({"rfilename": "lfs.bin", "size": "x", "lfs": {"size": 1, "sha256": "q", "pointerSize": 1}})
    hub.add(
        tiny_chat(
            listing={
                "siblings": siblings,
                "tags": ["a", 7, None],
                "safetensors": {"parameters": {"BF16": -1, "F16": True, "<b>": 3, "F32": 2}, "total": 1},
                "securityRepoStatus": {"scansDone": "yes", "filesWithIssues": [7, {"path": "x", "level": "unsafe"}]},
                "gated": ["odd"],
                "pipeline_tag": {"a": 1},
                "cardData": {"license": ["MIT", 1], "license_name": 7},
                "config": [],
            }
        )
    )
    hub.tokens[TOKEN] = "read"
    hub.repositories["acme/tiny-chat"].readers = frozenset({TOKEN})

    facts = read(hub, token=TOKEN)

    assert [("lfs.bin", None, None), ("ok.txt", None, None)] == [(f.path, f.size, f.identity) for f in facts.files]
    assert {"F32": 2} == facts.parameters
    assert SecurityScan(finished=False, flagged=(("x", "unsafe"),)) == facts.security
    assert (("a",), "mit", "", "") == (facts.tags, facts.licence, facts.licence_name, facts.pipeline_tag)
    assert ("files left out for unsafe names, or beyond 100000: 8",) == facts.notes


@pytest.mark.parametrize(
    "listing",
    [
        {"sha": None},
        {"sha": "main"},
        {"sha": 7},
        {"siblings": None},
        {"siblings": [{}]},
        {"siblings": 7},
        {"siblings": [{"rfilename": "a", "lfs": {}, "size": 1}, 3]},
        {"siblings": [{"rfilename": 7}]},
    ],
)
def test_a_listing_that_is_none_is_an_outage(hub: Hub, listing: dict[str, object]) -> None:
    """Whatever is wrong with the answer, the repository is not blamed for it."""
    hub.add(tiny_chat(listing=listing))

    facts = read(hub)

    assert (RepositoryState.UNREACHABLE, "the Hub's answer could not be understood") == (facts.state, facts.detail)


@pytest.mark.parametrize(
    "listing",
    [
        {"cardData": {"self": 1}},
        {"createdAt": "never"},
        {"safetensors": [1]},
        {"inferenceProviderMapping": 7},
        {"siblings": [{"rfilename": "config.json", "lfs": [], "size": -1, "blobId": {}}]},
    ],
)
def test_what_nobody_needs_of_a_listing_may_be_anything(hub: Hub, listing: dict[str, object]) -> None:
    """An odd date, card or count keeps nobody from being checked."""
    hub.add(tiny_chat(listing=listing))

    facts = read(hub)

    assert RepositoryState.READABLE is facts.state
    assert "config.json" in facts.documents


def test_headers_are_asked_for_together_with_their_index(hub: Hub) -> None:
    """The names of the shards say enough: no answer is waited for that is not needed."""
    names = [f"model-{number:05}-of-00002.safetensors" for number in (1, 2)]
    index = {"weight_map": {"a": names[0], "b": names[1]}}
    files = dict.fromkeys(names, safetensors({"a": ("F16", (8,), 16)})) | {
        "config.json": b"{}",
        "model.safetensors.index.json": json.dumps(index).encode(),
    }
    hub.add(tiny_chat(parameters=None, files=files))
    hub.redirect_large = False
    hub.fail("/resolve/", Fault(together=len(files)))

    facts = read(hub)

    assert (2, names) == (hub.depth, [tensor.file for tensor in facts.tensors])


def test_all_that_a_listing_allows_is_asked_for_at_once(hub: Hub) -> None:
    """Small files, headers, access and base models: the listing and one round trip."""
    files = tiny_chat_files() | {"chat_template.jinja": b"x"}
    hub.add(tiny_chat("acme/base"))
    hub.add(
        tiny_chat(
            files=files, parameters=None, gated="auto", readers=frozenset({TOKEN}), card={"base_model": "acme/base"}
        )
    )
    hub.tokens[TOKEN] = "read"
    hub.redirect_large = False
    hub.fail("/api/models/acme/tiny-chat/auth-check", together := Fault(together=7))
    hub.fail("/api/models/acme/base", together)
    hub.fail("/resolve/", together)
    hub.fail("/api/", Fault(together=2))  # the listing, and whose token it is

    facts = read(hub, token=TOKEN)

    assert (RepositoryState.READABLE, 2) == (facts.state, hub.depth)
    assert (["acme/base"], 1) == ([base.repository for base in facts.ancestors], len(facts.tensors))


def test_the_order_of_the_requests_is_kept(hub: Hub) -> None:
    """Answers come in the order of the questions, twice for what is asked twice."""
    names = [f"acme/m{number}" for number in range(12)]
    for name in names:
        hub.add(tiny_chat(name))
    wanted = [SourceRequest(f"hf://{name}") for name in [*reversed(names), names[0]]]

    found = read_all(wanted, options(hub))

    assert [*reversed(names), names[0]] == [facts.repository for facts in found]
    assert 12 == len([path for path in hub.paths() if path.startswith("/api/")])


def test_resolving_reads_no_file(hub: Hub) -> None:
    """For a commit the listing is enough."""
    repository = hub.add(tiny_chat(gated="manual"))

    (facts,) = resolve_all([SourceRequest("hf://acme/tiny-chat", "main")], options(hub))

    assert (repository.commit, ["/api/models/acme/tiny-chat/revision/main"]) == (facts.commit, hub.paths())


def test_progress_is_told(hub: Hub) -> None:
    """Each repository is mentioned once it is read."""
    hub.add(tiny_chat())
    lines: list[str] = []

    read(hub, progress=lines.append)

    assert ["hf://acme/tiny-chat: readable from hub"] == lines


def test_time_that_the_hub_takes_can_be_used(hub: Hub) -> None:
    """What is to be done meanwhile is done once, after the Hub was asked and before its answers are needed."""
    hub.add(tiny_chat())
    hub.add(tiny_chat("acme/other"))
    hub.fail("/api/models/", Fault(together=3))
    done: list[str] = []

    def release() -> None:
        done.append("once")
        read(hub, "acme/third")  # the other two are answered when this one has asked as well

    wanted = [SourceRequest("hf://acme/tiny-chat"), SourceRequest("hf://acme/other")]
    found = read_all(wanted, options(hub), meanwhile=release)

    assert ["once"] == done
    assert {RepositoryState.READABLE} == {facts.state for facts in found}


def test_nothing_is_done_meanwhile_where_nobody_is_asked(tmp_path: Path) -> None:
    """A folder takes no time that could be used."""
    done: list[str] = []
    (tmp_path / "config.json").write_text("{}")

    read_all([SourceRequest(str(tmp_path))], SourceOptions(base=tmp_path), meanwhile=lambda: done.append("once"))

    assert [] == done
