"""Rules on the repositories of LoRA adapters: allowed at all, readable, pinned, licensed, clean."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from validation.adapter import WEIGHTS_FILE, Adapter
from validation.finding import Outcome, Severity
from validation.rules import access, licence, revision, security
from validation.rules.rule import Answer, Rule, Subject, skipped

NONE = skipped("no adapter is wished for")
SHOWN = 3  # names in one message


def in_contract(subject: Subject) -> Iterator[Answer]:
    """Refuse adapters where the contract does not name them.

    Why: the contract serves one repository, with its required files, as a custom model. It says nothing of adapters, so
    nobody has promised that they work; this is an inference from its silence, not a sentence of it.
    Example: `adapters:` under a model of a stack with `contract: managed-inference`.
    Fix: merge the adapter into its base model and publish the result, or set `contract: vllm`.
    Source: the contract's list of required files, which is that of a whole model.
    """
    if not subject.adapters:
        yield NONE
        return
    if not subject.contract.adapters:
        yield Answer(
            message=f"{subject.contract.title} takes one repository a model, and says nothing of adapters",
            help="merge the adapter into its base model (`merge_and_unload`), or set `contract: vllm`",
            where=subject.wish.where("adapters"),
        )


def readable(subject: Subject) -> Iterator[Answer]:
    """Require that every adapter's repository can be read.

    Why: an adapter is a repository of its own, with its own access: it can be private, gated, moved or deleted while
    its base model is not. The same questions are asked as of a model.
    Example: an adapter in a private repository, and a token that may read the base model only.
    Fix: correct the name, or set a token that may read both.
    Source: the rules on access.
    """
    if not subject.adapters:
        yield NONE
        return
    yield from _asked(subject, access.STATES, subject.adapters)


def needs_token(subject: Subject) -> Iterator[Answer]:
    """Note that the download of a gated or private adapter needs a token too.

    Why: the prefetch brings the adapters with the model's files, and asks for each repository by itself.
    Example: an adapter of your own in a private repository.
    Fix: nothing, if the stack has `slipway:huggingFaceToken` and it may read the adapter.
    Source: the contract, "For gated models, request access through your Hugging Face account".
    """
    if not subject.adapters:
        yield NONE
        return
    rules = [rule for rule in access.RULES if rule.name == "repository-needs-token"]
    yield from _asked(subject, rules, read(subject))


def pinned(subject: Subject) -> Iterator[Answer]:
    """Warn about an adapter whose revision is not pinned to a commit, or refuse it where the stack says so.

    Why: adapters are trained anew more often than models are, on the same branch.
    Example: `adapters: [{name: sql, source: "hf://acme/sql-lora"}]`.
    Fix: set `revision` to the commit in the help; `python -m validation pin` writes it into the stack file.
    Source: the rule `revision-unpinned`.
    """
    if not subject.adapters:
        yield NONE
        return
    yield from _asked(subject, revision.RULES, read(subject))


def licensed(subject: Subject) -> Iterator[Answer]:
    """Ask of every adapter what the stack asks of a model's licence.

    Why: an adapter has an author and a licence of its own, beside those of its base model.
    Example: an adapter without a stated licence, under `licences: {allow: [apache-2.0]}`.
    Fix: ask the author for a licence, allow it, or ignore this rule for this model with the reason.
    Source: the rules on licences; the contract, "you remain responsible for complying with any License requirements".
    """
    if not subject.adapters:
        yield NONE
        return
    yield from _asked(subject, licence.RULES, read(subject))


def scanned(subject: Subject) -> Iterator[Answer]:
    """Refuse adapters with files that the Hub's scan reports, when the server would load them; warn about the others.

    Why: an adapter's files are read by the same server, with the same rights, as the model's.
    Example: `adapter_model.bin` reported as unsafe beside a clean `adapter_model.safetensors` (a warning).
    Fix: choose another repository, or report the finding to its author.
    Source: the Hub's security scan (`securityStatus`).
    """
    if not subject.adapters:
        yield NONE
        return
    yield from _asked(subject, security.RULES, read(subject))


def say(
    subject: Subject,
    adapter: Adapter,
    message: str,
    help: str,  # noqa: A002 - the word that is printed
    severity: Severity | None = None,
) -> Answer:
    """Return an answer about one adapter, at its place in the stack."""
    where = subject.wish.where(f"adapters[{adapter.number}]")
    return Answer(message=f"adapter `{adapter.name}`: {message}", help=help, severity=severity, where=where)


def listing(names: Sequence[str]) -> str:
    """Return the first names, shortened, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(name[-120:] for name in names[:SHOWN]) + more


def read(subject: Subject) -> Iterator[Adapter]:
    """Return the adapters whose repositories could be read."""
    return (adapter for adapter in subject.adapters if adapter.facts.readable)


def _asked(
    subject: Subject, rules: Sequence[Rule], adapters: "Iterator[Adapter] | Sequence[Adapter]"
) -> Iterator[Answer]:
    """Ask rules on models of the adapters' repositories, and say of which adapter each answer is."""
    for adapter in adapters:
        wish = subject.wish.of_adapter(adapter.number)
        prediction = replace(subject.prediction, weight_files=(WEIGHTS_FILE,))
        own = replace(subject, facts=adapter.facts, wish=wish, prediction=prediction, adapters=())
        for rule in rules:
            for answer in rule.check(own):
                if answer.outcome is not Outcome.SKIPPED:
                    yield replace(
                        answer,
                        message=f"adapter `{adapter.name}`: {answer.message}",
                        severity=answer.severity or rule.severity,
                        where=answer.where if answer.where in wish.places.values() else wish.place,
                    )


RULES = (
    Rule(name="adapter-not-in-contract", severity=Severity.ERROR, check=in_contract),
    Rule(name="adapter-unreadable", severity=Severity.ERROR, check=readable, suppressible=False),
    Rule(name="adapter-needs-token", severity=Severity.NOTE, check=needs_token),
    Rule(name="adapter-unpinned", severity=Severity.WARNING, check=pinned),
    Rule(name="adapter-licence", severity=Severity.ERROR, check=licensed),
    Rule(name="adapter-scan-flagged", severity=Severity.ERROR, check=scanned),
)
