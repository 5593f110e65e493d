"""Rules on the model's licence and the stack's policy for it."""

from collections.abc import Iterator

from validation.facts import Gating, Origin, RepositoryFacts, TokenRole
from validation.finding import Place, Severity
from validation.rules.access import ACCESS
from validation.rules.rule import Answer, Rule, Subject, skipped

_CARD = Place(path="README.md", key="license")


def missing(subject: Subject) -> Iterator[Answer]:
    """Warn about a model that states no licence.

    Why: without a licence nobody but its author may use the model. The deployer leaves this to you.
    Example: a fine-tune whose README.md has no `license` in its header, or `license: unknown`.
    Fix: ask the author; in your own repository add `license: apache-2.0` (or what applies) to README.md.
    Source: the contract, "you remain responsible for complying with any License requirements".
    """
    if subject.facts.licence in {"", "unknown"}:
        yield Answer(
            message="the model states no licence",
            help="add `license:` with its identifier to the header of README.md, or ask the author to",
            where=_CARD,
        )


def not_accepted(subject: Subject) -> Iterator[Answer]:
    """Require that the licence of a gated model was accepted.

    Why: a gated model's licence binds whoever accepted it at the Hub. When the stack lists what the organisation has
    accepted (`licences.accepted`), that list decides. Without a list, access by the token in use counts as
    acceptance; facts from a lock show no access, so they get a warning.
    Example: `hf://meta-llama/Llama-3.1-8B-Instruct`, which is not in `licences.accepted`.
    Fix: accept the licence on the model's page, and add the repository to `licences.accepted`.
    Source: the contract, "For gated models, request access"; "you remain responsible for complying with any License".
    """
    facts, accepted = subject.facts, subject.wish.licences.accepted
    if facts.gating is Gating.NONE:
        yield skipped("the model is not gated")
        return
    if facts.repository.casefold() in {name.casefold() for name in accepted}:
        return
    granted = facts.origin is Origin.HUB and facts.token_role is not TokenRole.NONE
    if accepted or not granted:
        yield Answer(
            message=f"the licence of `{facts.repository}` is gated, and nothing says that it was accepted",
            help=f"accept it at https://huggingface.co/{facts.repository}, then add it to `licences.accepted`",
            severity=None if accepted else Severity.WARNING,
            where=subject.wish.where("licences"),
        )


def denied(subject: Subject) -> Iterator[Answer]:
    """Refuse a licence that the stack denies.

    Why: the organisation has decided that models under this licence are not deployed.
    Example: `licences: {deny: [other]}` and a model under a licence of its own.
    Fix: choose a model under another licence, or ignore this rule for one model with the reason.
    Source: the stack's `validation.licences.deny`.
    """
    found = _names(subject.facts) & {name.casefold() for name in subject.wish.licences.deny}
    if found:
        yield Answer(
            message=f"licence `{min(found)}` is on the stack's deny list",
            help="choose a model under another licence, or ignore this rule for this model with the reason",
            where=subject.wish.where("licences"),
        )


def not_allowed(subject: Subject) -> Iterator[Answer]:
    """Refuse a licence that is not on the stack's allow list, when there is one.

    Why: with an allow list, only the licences on it were examined.
    Example: `licences: {allow: [apache-2.0, mit]}` and a model under `gemma`, or under no stated licence.
    Fix: choose another model, add the licence to the list, or ignore this rule for one model with the reason.
    Source: the stack's `validation.licences.allow`.
    """
    allow = {name.casefold() for name in subject.wish.licences.allow}
    names = _names(subject.facts)
    if allow and not names & allow:
        stated = f"licence `{min(names)}`" if names else "a model without a stated licence"
        yield Answer(
            message=f"{stated} is not on the stack's allow list",
            help=f"choose a model under {' or '.join(sorted(allow)[:5])}, or add the licence to `licences.allow`",
            where=subject.wish.where("licences"),
        )


def _names(facts: RepositoryFacts) -> set[str]:
    return {name.casefold()[:80] for name in (facts.licence, facts.licence_name) if name}


RULES = (
    Rule(name="licence-missing", severity=Severity.WARNING, check=missing, requires=ACCESS),
    Rule(name="licence-not-accepted", severity=Severity.ERROR, check=not_accepted, requires=ACCESS),
    Rule(name="licence-denied", severity=Severity.ERROR, check=denied, requires=ACCESS),
    Rule(name="licence-not-allowed", severity=Severity.ERROR, check=not_allowed, requires=ACCESS),
)
