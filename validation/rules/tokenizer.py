"""Rules on the tokenizer: there, and the base model's."""

from collections.abc import Iterator

from validation.facts import Ancestor, RepositoryFacts
from validation.finding import Place, Severity
from validation.rules.access import ACCESS
from validation.rules.rule import Answer, Rule, Subject, skipped

FILE = "tokenizer.json"
# What vLLM can build a tokenizer from when there is no tokenizer.json: slow ones, SentencePiece, tiktoken, Mistral's.
OTHERS = ("tokenizer.model", "tekken.json", "vocab.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model")
_SAVE = "run `AutoTokenizer.from_pretrained(folder).save_pretrained(folder)`, and upload tokenizer.json"
_MISTRAL = ("tokenizer.model.v", "tokenizer.mm.model.v")


def missing(subject: Subject) -> Iterator[Answer]:
    """Require tokenizer.json at the top of the repository.

    Why: the contract loads the fast tokenizer only. Under `contract: vllm` another tokenizer that vLLM can build
    (tokenizer.model, tekken.json, vocab.json ...) is enough.
    Example: a repository with tokenizer.model alone, as Llama 2 was published.
    Fix: `AutoTokenizer.from_pretrained(folder, use_fast=True).save_pretrained(folder)` writes tokenizer.json.
    Source: the contract, "A tokenizer.json file".
    """
    facts = subject.facts
    if found := facts.file(FILE):
        if found.size == 0:
            yield Answer(message=f"{FILE} is empty", help=_SAVE, where=Place(path=FILE))
        return
    other = next((file.path for file in facts.files if _is_tokenizer(file.path)), "")
    if other and not subject.contract.tokenizer_json:
        return
    beside = f", there is {other} only" if other else ""
    yield Answer(
        message=f"{FILE} is missing{beside}",
        help=_SAVE,
        where=Place(path=FILE),
    )


def differs(subject: Subject) -> Iterator[Answer]:
    """Warn when a fine-tune has another tokenizer.json than its base model.

    Why: a tokenizer that was changed by accident (another library version, a lost special token) makes a model answer
    badly without any error.
    Example: a fine-tune of granite-3.3-2b-instruct saved with an older transformers, whose tokenizer.json differs.
    Fix: copy tokenizer.json from the base model; if tokens were added on purpose, ignore this rule with that reason.
    Source: the contract, "we recommend you use the same tokenizer.json file from the base model".
    """
    ancestor = _base(subject.facts)
    ours = subject.facts.file(FILE)
    if ancestor is None or ours is None or ancestor.tokenizer is None:
        yield skipped("no base model with a known tokenizer.json")
        return
    alike = [
        identity for identity in (ours.sha256, ours.blob_id) if identity and len(identity) == len(ancestor.tokenizer)
    ]
    if not alike:
        yield skipped("the two files are stored in ways that cannot be compared")
    elif ancestor.tokenizer not in alike:
        yield Answer(
            message=f"tokenizer.json differs from that of the base model `{ancestor.repository}`",
            help=f"copy tokenizer.json from `{ancestor.repository}`, or ignore this rule with the reason",
            where=Place(path=FILE),
        )


def _is_tokenizer(path: str) -> bool:
    return path in OTHERS or path.startswith(_MISTRAL) or (path.endswith(".tiktoken") and "/" not in path)


def _base(facts: RepositoryFacts) -> Ancestor | None:
    return next((ancestor for ancestor in facts.ancestors if ancestor.relation != "merge"), None)


RULES = (
    Rule(name="tokenizer-missing", severity=Severity.ERROR, check=missing, requires=ACCESS),
    Rule(
        name="tokenizer-differs-from-base",
        severity=Severity.WARNING,
        check=differs,
        requires=(*ACCESS, "tokenizer-missing"),
    ),
)
