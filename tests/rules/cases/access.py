"""Cases of the rules on access, revisions and suppressions."""

from dataclasses import replace

from tests.rules.build import CHAT, subject
from tests.rules.cases.case import Case
from validation.facts import Gating, RepositoryState, TokenRole
from validation.finding import Outcome, Place, Severity
from validation.rules.rule import Subject
from validation.wish import Suppression, Wish

_STACK = Place(path="stacks/Pulumi.test.yaml", line=9, column=7, key="slipway:models[0]")


def _in_state(state: RepositoryState, detail: str = "") -> Subject:
    return subject(replace(CHAT, state=state, detail=detail), wish=Wish(place=_STACK))


CASES = (
    Case(
        rule="repository-id-invalid",
        failing=_in_state(RepositoryState.INVALID_ID, "a revision is not part of the source"),
        message="a revision is not part of the source",
        where=str(_STACK),
    ),
    Case(
        rule="repository-unreachable",
        failing=_in_state(RepositoryState.UNREACHABLE, "the Hub answered 503"),
        message="`acme/tiny-chat` could not be read: the Hub answered 503",
        outcome=Outcome.UNKNOWN,
    ),
    Case(
        rule="token-rejected",
        failing=_in_state(RepositoryState.BAD_TOKEN),
        message="the Hub refuses the token in use",
        where=str(_STACK),
    ),
    Case(
        rule="repository-not-found",
        failing=_in_state(RepositoryState.NOT_FOUND),
        message="no repository `acme/tiny-chat` for this token",
        where=str(_STACK),
    ),
    Case(
        rule="repository-private",
        failing=_in_state(RepositoryState.PRIVATE),
        message="`acme/tiny-chat` is private, and the token in use may not read it",
        where=str(_STACK),
    ),
    Case(
        rule="repository-gated",
        failing=_in_state(RepositoryState.GATED),
        message="`acme/tiny-chat` is gated, and access was not granted",
        where=str(_STACK),
    ),
    Case(
        rule="repository-disabled",
        failing=_in_state(RepositoryState.DISABLED),
        message="the Hub has disabled `acme/tiny-chat`",
        where=str(_STACK),
    ),
    Case(
        rule="revision-not-found",
        failing=subject(replace(CHAT, state=RepositoryState.REVISION_NOT_FOUND, revision="v1.0")),
        message="`acme/tiny-chat` has no revision `v1.0`",
    ),
    Case(
        rule="repository-needs-token",
        failing=subject(replace(CHAT, gating=Gating.MANUAL)),
        message="`acme/tiny-chat` is gated: its download needs a token with access too",
        severity=Severity.NOTE,
    ),
    Case(
        rule="token-may-write",
        failing=subject(replace(CHAT, token_role=TokenRole.WRITE)),
        message="the Hub token in use may write",
        severity=Severity.WARNING,
    ),
    Case(
        rule="revision-unpinned",
        failing=subject(replace(CHAT, revision="main")),
        message="revision `main` can move: what was checked may not be what is served",
        severity=Severity.WARNING,
    ),
    Case(
        rule="suppression-unused",
        failing=replace(
            subject(wish=Wish(ignore=(Suppression(rule="licence-missing", reason="bought"),))),
            known=frozenset({"licence-missing"}),
            silent=frozenset({"licence-missing"}),
        ),
        message="rule `licence-missing` is ignored, and found nothing",
        severity=Severity.WARNING,
    ),
    Case(
        rule="suppression-unknown",
        failing=replace(
            subject(wish=Wish(ignore=(Suppression(rule="license-missing", reason="bought"),))),
            known=frozenset({"licence-missing"}),
        ),
        message="there is no rule `license-missing` that could be ignored",
        severity=Severity.WARNING,
    ),
)
