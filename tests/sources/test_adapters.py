"""LoRA adapters are read as models are: at once, from the Hub, locks and the cache."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.hub.adapters import adapter
from tests.hub.fixtures import tiny_chat
from tests.hub.server import Fault, Hub
from tests.sources.reading import TOKEN, options, read
from validation.adapter import layers
from validation.check import ModelRequest, Policy, check_models
from validation.facts import Ancestor, RepositoryState
from validation.finding import Outcome
from validation.report import Report, Verdict
from validation.sources.lock import read_lock, write_lock
from validation.wish import AdapterWish, Wish


def check(hub: Hub, *adapters: str, **changes: Any) -> Report:
    """Return the report on the small chat model with adapters, by their names under `acme`."""
    wished = tuple(AdapterWish(name=name, source=f"hf://acme/{name}") for name in adapters)
    request = ModelRequest(source="hf://acme/tiny-chat", wish=Wish(name="tiny", adapters=wished))
    (report,) = check_models([request], Policy(contract="vllm", sources=options(hub, **changes)))
    return report


def errors(report: Report) -> list[str]:
    """Return the rules that refuse the model."""
    return [finding.rule for finding in report.findings if finding.severity.value == "error"]


def test_the_shapes_of_an_adapter_are_read_although_the_hub_counts_its_parameters(hub: Hub) -> None:
    """By one request for the beginning of the file; of a model the counts are enough."""
    hub.add(adapter(parameters={"F32": 4608}))

    facts = read(hub, "acme/sql")

    assert {"self_attn.q_proj", "self_attn.v_proj"} == {
        layer.module.partition(".0.")[2] or layer.module.partition(".1.")[2] for layer in layers(facts.tensors)
    }
    assert [Ancestor(repository="acme/tiny-chat", relation="adapter")] == [
        replace(item, architectures=(), tokenizer=None) for item in facts.ancestors
    ]


def test_a_base_model_that_has_moved_is_known_by_its_new_name(hub: Hub) -> None:
    """The Hub answers for the old name with the repository of the new one."""
    moved = hub.add(tiny_chat("acme/tiny-chat"))
    hub.repositories["acme/old-name"] = moved
    hub.add(adapter(card={"license": "mit", "base_model": "acme/old-name", "base_model_relation": "adapter"}))

    assert ["acme/tiny-chat"] == [item.repository for item in read(hub, "acme/sql").ancestors]


def test_a_model_and_its_adapters_are_read_at_the_same_time(hub: Hub) -> None:
    """Each slow answer is waited for once, not one after the other."""
    for repository in (tiny_chat(), adapter("acme/a"), adapter("acme/b")):
        hub.add(repository)
    for name in ("a", "b"):
        hub.fail(f"/api/models/acme/{name}", Fault(delay=2))

    report = check(hub, "a", "b", deadline=3.8)

    assert ([], ["a", "b"]) == (errors(report), [each.name for each in report.adapters])


def test_an_adapter_that_is_read_twice_is_asked_for_once(hub: Hub) -> None:
    """Two models may have the same one."""
    hub.add(tiny_chat())
    hub.add(adapter())
    wished = (AdapterWish(name="sql", source="hf://acme/sql"),)
    requests = [ModelRequest(source="hf://acme/tiny-chat", wish=Wish(name=name, adapters=wished)) for name in "ab"]

    check_models(requests, Policy(contract="vllm", sources=options(hub)))

    assert 1 == hub.paths().count("/api/models/acme/sql")


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"private": True}, RepositoryState.NOT_FOUND),
        ({"gated": "manual"}, RepositoryState.GATED),
        ({"disabled": True}, RepositoryState.DISABLED),
    ],
)
def test_an_adapter_that_may_not_be_read_fails_its_model_alone(
    hub: Hub, changes: dict[str, Any], state: RepositoryState
) -> None:
    """The model's own findings stay, and the reason is told."""
    hub.add(tiny_chat())
    hub.add(adapter(**changes))

    report = check(hub, "sql")

    assert ["adapter-unreadable"] == errors(report)
    assert state is report.adapters[0].facts.state
    assert report.commit


def test_a_token_that_may_read_opens_a_gated_adapter(hub: Hub) -> None:
    """A note says that the download needs it too."""
    hub.tokens[TOKEN] = "read"
    hub.add(tiny_chat())
    hub.add(adapter(gated="manual", readers=frozenset({TOKEN})))

    report = check(hub, "sql", token=TOKEN)

    assert "adapter-needs-token" in [finding.rule for finding in report.findings]
    assert "adapter-unreadable" in report.passed


def test_an_outage_is_unknown_and_no_failure(hub: Hub) -> None:
    """Nothing is said of an adapter that could not be asked for."""
    hub.add(tiny_chat())
    hub.fail("/api/models/acme/sql", Fault(status=503))

    report = check(hub, "sql")

    assert Verdict.UNKNOWN is report.verdict
    assert [Outcome.UNKNOWN] == [item.outcome for item in report.findings if item.rule == "adapter-unreadable"]


def test_a_lock_holds_all_that_is_known_of_an_adapter(hub: Hub, tmp_path: Path) -> None:
    """Configuration, shapes and hashes: the check from it is the same."""
    hub.add(tiny_chat())
    repository = hub.add(adapter())
    facts = read(hub, "acme/sql", repository.commit)

    locked = read_lock(write_lock(facts, tmp_path))

    assert (facts.tensors, facts.documents, facts.files) == (locked.tensors, locked.documents, locked.files)
