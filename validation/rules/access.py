"""Rules on whether the repository can be read at all, and on the token that reads it."""

from collections.abc import Iterator

from validation.facts import Gating, Origin, RepositoryFacts, RepositoryState, TokenRole
from validation.finding import Severity
from validation.rules.rule import Answer, Rule, Subject, unknown

_TOKEN = "set `slipway:huggingFaceToken`, or HF_TOKEN, to a read or fine-grained token that may read it"  # noqa: S105 - a help text


def not_found(subject: Subject) -> Iterator[Answer]:
    """Require that the repository exists.

    Why: nothing can be deployed from a repository that is not there. The Hub gives the same answer for a private
    repository to everyone without a token that may read it, so a missing token looks like a missing repository.
    Example: `hf://Qwen/Qwen3-32b-Instruct`, a name that was never published; or `hf://our-org/private-model` without
    a token.
    Fix: correct the name; for a private repository set the token.
    Source: the contract, "You must have access to the model using your Hugging Face credentials".
    """
    facts = subject.facts
    if facts.state is not RepositoryState.NOT_FOUND:
        return
    if facts.origin is Origin.FOLDER:
        yield Answer(
            message="the folder does not exist, or is none",
            help="give the path of a folder that holds config.json",
            where=subject.wish.where("source"),
        )
        return
    yield Answer(
        message=f"no repository `{_name(facts)}` for this token"
        if _has_token(facts)
        else f"no repository `{_name(facts)}`",
        help=f"correct the name; if the repository is private, {_TOKEN}",
        where=subject.wish.where("source"),
    )


def private(subject: Subject) -> Iterator[Answer]:
    """Require that the token in use may read a private repository.

    Why: the token is valid, and its owner may not read this repository: the download would fail in the cluster.
    Example: a token of a person who left the organisation, or a fine-grained one without this repository.
    Fix: use a token of a member, or add the repository to the fine-grained token's scope.
    Source: the contract, "You must have access to the model using your Hugging Face credentials".
    """
    if subject.facts.state is RepositoryState.PRIVATE:
        yield Answer(
            message=f"`{_name(subject.facts)}` is private, and the token in use may not read it",
            help=_TOKEN,
            where=subject.wish.where("source"),
        )


def gated(subject: Subject) -> Iterator[Answer]:
    """Require that access to a gated repository was granted.

    Why: the Hub lists a gated repository to everyone and refuses its files to all who were not granted access. The
    listing alone looks fine; the download in the cluster ends with 403.
    Example: `hf://meta-llama/Llama-3.1-8B-Instruct` with a token whose owner did not accept the licence.
    Fix: open the repository's page, accept its terms, wait for the grant, and set a token of the same account.
    Source: the contract, "For gated models, request access through your Hugging Face account".
    """
    if subject.facts.state is RepositoryState.GATED:
        name = _name(subject.facts)
        yield Answer(
            message=f"`{name}` is gated, and access was not granted"
            + ("" if _has_token(subject.facts) else " to anyone: no token is set"),
            help=f"request access at https://huggingface.co/{name}, then {_TOKEN}",
            where=subject.wish.where("source"),
        )


def bad_token(subject: Subject) -> Iterator[Answer]:
    """Require a token that the Hub accepts, or none.

    Why: an expired or mistyped token is refused for every repository, public ones too.
    Example: a token that was revoked, or one pasted with a line break.
    Fix: make a new read or fine-grained token and set it, or remove it when all models are public.
    Source: the contract, "You must have access to the model using your Hugging Face credentials".
    """
    if subject.facts.state is RepositoryState.BAD_TOKEN:
        yield Answer(
            message="the Hub refuses the token in use",
            help="make a read token at https://huggingface.co/settings/tokens and set `slipway:huggingFaceToken` to it",
            where=subject.wish.where("source"),
        )


def revision_not_found(subject: Subject) -> Iterator[Answer]:
    """Require that the wished revision exists.

    Why: a branch, tag or commit that is not there cannot be downloaded; after a force push a commit can vanish.
    Example: `revision: v1.0` in a repository that has only `main`.
    Fix: name a branch, tag or commit of the repository, or leave `revision` out and pin it.
    Source: the Hub's answer (RevisionNotFound).
    """
    if subject.facts.state is RepositoryState.REVISION_NOT_FOUND:
        yield Answer(
            message=f"`{_name(subject.facts)}` has no revision `{subject.facts.revision[:80]}`",
            help="set `revision` to a branch, tag or commit of the repository",
            where=subject.wish.where("revision"),
        )


def disabled(subject: Subject) -> Iterator[Answer]:
    """Refuse a repository that the Hub has disabled.

    Why: the Hub disables repositories after complaints or abuse; their files cannot be read any more.
    Example: a repository taken down for a licence violation.
    Fix: choose another source of the model.
    Source: the Hub's answer (DisabledRepo).
    """
    if subject.facts.state is RepositoryState.DISABLED:
        yield Answer(
            message=f"the Hub has disabled `{_name(subject.facts)}`",
            help="choose another repository for this model",
            where=subject.wish.where("source"),
        )


def invalid_id(subject: Subject) -> Iterator[Answer]:
    """Require a source that can be the name of a repository.

    Why: a name that the Hub cannot have needs no request.
    Example: `hf://Qwen3-32B`, which lacks the organisation, or a name with a space.
    Fix: write `hf://organisation/name`, or the path of a folder.
    Source: huggingface_hub's validate_repo_id.
    """
    if subject.facts.state is RepositoryState.INVALID_ID:
        yield Answer(
            message=subject.facts.detail or "the source is no repository name",
            help="write `hf://organisation/name`, or the path of a folder",
            where=subject.wish.where("source"),
        )


def unreachable(subject: Subject) -> Iterator[Answer]:
    """Say so when the Hub could not be asked.

    Why: an outage says nothing about the model. It is reported as unknown and never as incompatible.
    Example: no network in the build, the Hub answering 503, or a rate limit.
    Fix: try again later, or record a lock while the Hub answers: with a lock no network is needed.
    Source: the client's own error, shortened.
    """
    facts = subject.facts
    if facts.state is RepositoryState.UNREACHABLE:
        detail = f": {facts.detail}" if facts.detail else ""
        name = facts.repository or facts.source
        yield unknown(
            f"`{name}` could not be read{detail}",
            help=f"try again, or run `python -m validation lock {facts.source}` where the Hub can be reached",
        )


def granted(subject: Subject) -> Iterator[Answer]:
    """Note that the download of a gated or private repository needs a token too.

    Why: a gated or private repository needs a token with access wherever its files are downloaded, in the cluster too.
    Example: `hf://meta-llama/Llama-3.1-8B-Instruct`, which your token may read.
    Fix: nothing, if the stack has `slipway:huggingFaceToken`; a lock replaces the token only for the check.
    Source: the contract, "For gated models, request access through your Hugging Face account".
    """
    facts = subject.facts
    if facts.gating is not Gating.NONE or facts.private:
        kind = "private" if facts.private else "gated"
        yield Answer(
            message=f"`{_name(facts)}` is {kind}: its download needs a token with access too",
            help="keep `slipway:huggingFaceToken` set in the stack",
            where=subject.wish.where("source"),
        )


def token_writes(subject: Subject) -> Iterator[Answer]:
    """Warn about a token that may write.

    Why: a token that may write lets whoever finds it change your repositories. Reading needs less.
    Example: a token of the role `write`.
    Fix: make a read token, or a fine-grained one for the models of this stack.
    Source: the contract, "we recommend using read or fine-grained access tokens".
    """
    if subject.facts.token_role is TokenRole.WRITE:
        yield Answer(
            message="the Hub token in use may write",
            help="make a read or fine-grained token at https://huggingface.co/settings/tokens and use it instead",
        )


def _name(facts: RepositoryFacts) -> str:
    return facts.repository or facts.source


def _has_token(facts: RepositoryFacts) -> bool:
    return facts.token_role is not TokenRole.NONE


STATES = (
    Rule(name="repository-id-invalid", severity=Severity.ERROR, check=invalid_id, suppressible=False),
    Rule(name="repository-unreachable", severity=Severity.ERROR, check=unreachable, suppressible=False),
    Rule(name="token-rejected", severity=Severity.ERROR, check=bad_token, suppressible=False),
    Rule(name="repository-not-found", severity=Severity.ERROR, check=not_found, suppressible=False),
    Rule(name="repository-private", severity=Severity.ERROR, check=private, suppressible=False),
    Rule(name="repository-gated", severity=Severity.ERROR, check=gated, suppressible=False),
    Rule(name="repository-disabled", severity=Severity.ERROR, check=disabled, suppressible=False),
    Rule(name="revision-not-found", severity=Severity.ERROR, check=revision_not_found, suppressible=False),
)
ACCESS = tuple(rule.name for rule in STATES)
RULES = (
    *STATES,
    Rule(name="repository-needs-token", severity=Severity.NOTE, check=granted, requires=ACCESS),
    Rule(name="token-may-write", severity=Severity.WARNING, check=token_writes),
)
