"""The running of rules: order, requirements, suppressions, and rules that fail themselves."""

from collections.abc import Iterator
from dataclasses import replace

from tests.rules.build import CHAT, broken, config, subject, tokenizer_config, with_files
from validation.facts import HeaderProblem, RepositoryState
from validation.finding import Outcome, Severity
from validation.rules.registry import RULES
from validation.rules.rule import Answer, Rule, Subject, skipped, unknown
from validation.rules.run import MAX_SHOWN, run_rules
from validation.wish import Suppression, Wish


def _rule(name: str, *answers: Answer, severity: Severity = Severity.ERROR, requires: tuple[str, ...] = ()) -> Rule:
    def check(_: Subject) -> Iterator[Answer]:
        yield from answers

    return Rule(name=name, severity=severity, check=check, requires=requires)


def _ignoring(*names: str) -> Wish:
    return Wish(ignore=tuple(Suppression(rule=name, reason="agreed") for name in names))


def test_a_clean_chat_model_has_no_finding() -> None:
    """The repository that all cases start from passes the whole contract."""
    results = run_rules(subject())
    assert ((), ()) == (results.findings, results.suppressed)


def test_every_rule_ends_in_exactly_one_place() -> None:
    """Passed, skipped and found rules are together all rules."""
    results = run_rules(subject(with_files(tokenizer_config(None), "pytorch_model.bin")))
    found = {finding.rule for finding in results.findings}
    assert sorted(rule.name for rule in RULES) == sorted([*results.passed, *results.skipped, *found])


def test_the_worst_finding_stands_first() -> None:
    """Errors stand before warnings, and failures before what could not be checked."""
    rules = (
        _rule("a-note", Answer(message="n"), severity=Severity.NOTE),
        _rule("an-unknown", unknown("u")),
        _rule("a-warning", Answer(message="w"), severity=Severity.WARNING),
        _rule("an-error", Answer(message="e")),
    )
    names = [finding.rule for finding in run_rules(subject(), rules).findings]
    assert ["an-error", "an-unknown", "a-warning", "a-note"] == names


def test_a_rule_is_skipped_when_one_it_requires_failed() -> None:
    """A malformed config.json is said once, not once for each key that cannot be read."""
    results = run_rules(subject(broken("config.json")))
    assert ["config-malformed"] == [finding.rule for finding in results.findings]
    assert {"architectures-missing", "max-position-embeddings-missing"} <= set(results.skipped)


def test_a_rule_is_skipped_when_one_it_requires_could_not_be_checked() -> None:
    """During an outage the only finding is the outage."""
    results = run_rules(subject(replace(CHAT, state=RepositoryState.UNREACHABLE)))
    assert [("repository-unreachable", Outcome.UNKNOWN)] == [(item.rule, item.outcome) for item in results.findings]


def test_a_skip_does_not_skip_what_requires_it() -> None:
    """A rule that does not apply says nothing about those that build on it."""
    rules = (_rule("an-inner-rule", skipped("not applicable")), _rule("an-outer-rule", requires=("an-inner-rule",)))
    assert ("an-outer-rule",) == run_rules(subject(), rules).passed


def test_a_rule_that_fails_itself_is_an_unknown() -> None:
    """A fault of this project is named as such, without a traceback, and the other rules go on."""

    def check(_: Subject) -> Iterator[Answer]:
        raise ZeroDivisionError("secret of the repository")

    faulty = Rule(name="a-faulty-rule", severity=Severity.ERROR, check=check)
    results = run_rules(subject(), (faulty, _rule("a-good-rule")))
    assert "the rule itself failed (ZeroDivisionError), so this was not checked" == results.findings[0].message
    assert Outcome.UNKNOWN is results.findings[0].outcome
    assert ("a-good-rule",) == results.passed


def test_an_ignored_finding_is_kept_with_its_reason() -> None:
    """A suppression moves the finding out of the way and counts it."""
    results = run_rules(subject(tokenizer_config(None), wish=_ignoring("chat-template-missing")))
    assert () == results.findings
    assert [("chat-template-missing", "agreed")] == [(item.rule, reason) for item, reason in results.suppressed]


def test_an_ignored_rule_that_found_nothing_is_reported() -> None:
    """A stale suppression is a warning of its own."""
    results = run_rules(subject(wish=_ignoring("licence-missing")))
    assert ["suppression-unused"] == [finding.rule for finding in results.findings]


def test_an_ignored_rule_that_was_not_reached_is_no_stale_one() -> None:
    """While the repository cannot be read, nothing is said about suppressions."""
    facts = replace(CHAT, state=RepositoryState.UNREACHABLE)
    results = run_rules(subject(facts, wish=_ignoring("licence-missing")))
    assert ["repository-unreachable"] == [finding.rule for finding in results.findings]


def test_an_unknown_name_is_answered_with_the_likely_one() -> None:
    """A mistyped suppression gets the name that was probably meant."""
    results = run_rules(subject(wish=_ignoring("license-missing")))
    assert "write `licence-missing`" == results.findings[0].help


def test_rules_on_access_cannot_be_ignored() -> None:
    """Ignoring that the repository is missing would make everything look fine."""
    facts = replace(CHAT, state=RepositoryState.NOT_FOUND)
    results = run_rules(subject(facts, wish=_ignoring("repository-not-found")))
    assert ["repository-not-found", "suppression-unknown"] == [finding.rule for finding in results.findings]


def test_findings_of_one_rule_are_counted_beyond_a_limit() -> None:
    """A repository with thousands of faults gets a report that can be read."""
    problems = tuple(HeaderProblem(path=f"{number}.safetensors", problem="is cut off") for number in range(1000))
    results = run_rules(subject(replace(CHAT, header_problems=problems)))
    assert MAX_SHOWN + 1 == len(results.findings)
    assert "980 more of this kind" == results.findings[-1].message


def test_a_failure_behind_many_unknowns_is_not_lost() -> None:
    """The limit is kept for each outcome, so that the verdict stays right."""
    unread = tuple(HeaderProblem(path=f"{number}.safetensors", problem="", unread=True) for number in range(1000))
    cut = HeaderProblem(path="last.safetensors", problem="is cut off")
    results = run_rules(subject(replace(CHAT, header_problems=(*unread, cut))))
    assert "last.safetensors: is cut off" == results.findings[0].message


def test_a_fault_of_the_config_is_said_by_one_rule_only() -> None:
    """A length that is no number is not also called missing."""
    results = run_rules(subject(config(max_position_embeddings="4096")))
    assert ["max-position-embeddings-invalid"] == [finding.rule for finding in results.findings]


def test_exactly_as_many_findings_as_the_limit_are_all_shown() -> None:
    """No line counts further findings where there are none."""
    problems = tuple(HeaderProblem(path=f"{number}.safetensors", problem="is cut off") for number in range(MAX_SHOWN))
    results = run_rules(subject(replace(CHAT, header_problems=problems)))
    assert MAX_SHOWN == len(results.findings)
