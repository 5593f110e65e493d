"""The way of one model from facts to a report."""

from datetime import date
from pathlib import Path

import pytest

from validation.check import ModelRequest, Policy, check_facts, check_models
from validation.contracts.load import ContractError, load_contract
from validation.engine.tables import EngineError, load_engine
from validation.facts import RepositoryFacts
from validation.finding import Outcome
from validation.report import Report, Verdict
from validation.sources.read import SourceOptions, SourceRequest, read_all
from validation.wish import Hardware, Suppression, Wish

EXAMPLES = Path(__file__).parent.parent / "examples"
TODAY = date(2026, 11, 23)
GOOD, BAD = str(EXAMPLES / "good/tiny-chat"), str(EXAMPLES / "bad/chat-template-missing")


def facts(folder: str = GOOD) -> RepositoryFacts:
    """Return the facts of a folder."""
    return read_all([SourceRequest(folder)], SourceOptions())[0]


def check(found: RepositoryFacts, wish: Wish | None = None) -> Report:
    """Return the report on facts, under the usual contract and engine."""
    return check_facts(found, wish or Wish(), load_contract("managed-inference"), load_engine("0.33.0"), TODAY)


def test_reports_come_in_the_order_of_the_requests() -> None:
    """Each model has its own report, under the name that the stack gave it."""
    requests = [ModelRequest(source=source, wish=Wish(name=name)) for name, source in (("b", BAD), ("g", GOOD))]
    reports = check_models(requests, Policy(today=TODAY))

    assert [("b", Verdict.INCOMPATIBLE), ("g", Verdict.COMPATIBLE)] == [(item.name, item.verdict) for item in reports]


def test_checking_the_same_facts_twice_says_the_same() -> None:
    """Nothing but the arguments decides."""
    found = facts(BAD)

    assert check(found).findings == check(found).findings


def test_memory_is_planned_only_where_gpus_are_named() -> None:
    """Without hardware there is no plan, and no finding that wants one."""
    found = facts()
    plan = check(found, Wish(hardware=Hardware(gpu="L4"))).memory

    assert check(found).memory is None
    assert plan is not None
    assert "L4" == plan.gpu.name


def test_a_suppressed_failure_is_kept_with_its_reason() -> None:
    """The stack takes the responsibility, and the report says so."""
    ignored = Suppression(rule="chat-template-missing", reason="served by another template")
    report = check(facts(BAD), Wish(ignore=(ignored,)))

    assert Verdict.COMPATIBLE == report.verdict
    assert [("chat-template-missing", "served by another template")] == [
        (finding.rule, reason) for finding, reason in report.suppressed
    ]


def test_a_model_without_a_name_is_called_by_its_repository() -> None:
    """A folder is called by its path."""
    assert GOOD == check(facts()).name


@pytest.mark.parametrize("part", ["validation.engine.predict.predict", "validation.model.summarize"])
def test_a_prediction_that_fails_itself_is_unknown(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """What a hostile file does to the prediction never reads as compatible, and is no traceback."""

    def broken(*_: object) -> None:
        raise KeyError("from a file")

    monkeypatch.setattr(part, broken)
    report = check(facts())

    assert Verdict.UNKNOWN == report.verdict
    assert {Outcome.UNKNOWN} == {finding.outcome for finding in report.findings}
    assert "from a file" not in str(report.findings)


def test_a_plan_that_fails_itself_is_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules on memory then say that they could not look."""

    def broken(*_: object) -> None:
        raise KeyError("from a file")

    monkeypatch.setattr("validation.fit.memory.plan_memory", broken)

    assert check(facts(), Wish(hardware=Hardware(gpu="L4"))).memory is None


@pytest.mark.parametrize(
    ("expected", "policy"),
    [(ContractError, Policy(contract="none-such")), (EngineError, Policy(engine="latest"))],
)
def test_a_policy_that_names_nothing_is_refused(expected: type[Exception], policy: Policy) -> None:
    """That is the stack's mistake, not a model's."""
    with pytest.raises(expected):
        check_models([ModelRequest(source=GOOD)], policy)
