"""Rules on the model's architecture and the contract's list of them."""

from collections.abc import Iterator

from validation.contracts.contract import Contract
from validation.facts import RepositoryFacts
from validation.finding import Place, Severity
from validation.model import serves
from validation.rules.config import CONFIG, FILE
from validation.rules.rule import Answer, Rule, Subject, skipped, unknown
from validation.wish import ModelType

_WHERE = Place(path=FILE, key="architectures")


def not_listed(subject: Subject) -> Iterator[Answer]:
    """Require an architecture that the contract lists.

    Why: a deployer serves the architectures of its list. Models that it has verified pass too, and so do models made
    from a verified one (`base_model` in the model card) with the same architecture: Qwen/Qwen3-32B is verified and
    its Qwen3ForCausalLM is not on the list.
    Example: `"architectures": ["Qwen3MoeForCausalLM"]`.
    Fix: choose a model of a listed architecture, or set `contract: vllm` where you run the engine yourself.
    Source: the contract, "Supported custom model architectures" and "Known compatible models".
    """
    facts, contract = subject.facts, subject.contract
    if not contract.architectures:
        yield skipped("this contract leaves architectures to the engine")
    elif not listed(facts, contract):
        verified, sure = _verified(facts, contract)
        if verified and not sure:
            yield unknown(f"the architecture of `{verified}`, which this model was made from, could not be read")
        elif not verified:
            yield _unlisted(facts, contract)


def _unlisted(facts: RepositoryFacts, contract: Contract) -> Answer:
    from difflib import get_close_matches  # noqa: PLC0415 - only where something is wrong

    name = facts.architectures[0]
    close = get_close_matches(name, contract.architectures, n=1, cutoff=0.9)
    made = [repository for repository, its in sorted(contract.verified_architectures.items()) if its == name]
    hint = f"listed is `{close[0]}`; " if close else ""
    if made:
        hint = (
            f"made from `{made[0]}`, which is verified? say `base_model: {made[0]}` in the header of README.md; else "
        )
    return Answer(
        message=f"architecture `{name[:80]}` is not on the list of {contract.title}",
        help=f"{hint}choose a model of a listed architecture, or set `contract: vllm` to run the engine yourself",
        where=_WHERE,
    )


def another_type(subject: Subject) -> Iterator[Answer]:
    """Require that the contract lists the architecture for the type of this model.

    Why: the list has sections: a name under text generation is not served as an embedding model, and a name under
    rerankers, reward models, speech or draft models is served as none of the contract's types.
    Example: `BertModel` wished as `chat`; a `MistralForCausalLM` whose modules.json makes it an embedding model.
    Fix: set `type` to one the architecture is listed for, or choose another model.
    Source: the contract, "Supported custom model architectures", read with vLLM's own sections.
    """
    facts, contract, wish = subject.facts, subject.contract, subject.wish
    wanted = wish.model_type or subject.model.model_type
    names = listed(facts, contract)
    allowed = frozenset[str]().union(*(contract.architectures[name] for name in names))
    if not allowed or wanted in {None, ModelType.OTHER}:
        yield skipped("the contract's list says nothing of this model")
    elif wanted and not any(serves(ModelType(name), wanted) for name in allowed):
        types = sorted(allowed - {ModelType.OTHER})
        change = f"set `type` to {_either(types)}, or " if wish.model_type and types else ""
        yield Answer(
            message=f"architecture `{names[0]}` is listed for {_either(types)}, not {wanted}",
            help=f"{change}choose a model whose architecture is listed for {wanted}",
            where=wish.where("type") if wish.model_type else _WHERE,
        )


def _either(types: list[str]) -> str:
    return " or ".join(types) or "no supported type"


def listed(facts: RepositoryFacts, contract: Contract) -> tuple[str, ...]:
    """Return those of the model's architectures that the contract lists."""
    return tuple(name for name in facts.architectures if name in contract.architectures)


def _verified(facts: RepositoryFacts, contract: Contract) -> tuple[str, bool]:
    """Return the verified repository this model is or was made from, and whether its architecture is the same."""
    known = {name.casefold(): name for name in contract.verified}
    names = frozenset(facts.architectures)
    if facts.repository.casefold() in known:
        return facts.repository, True
    for ancestor in facts.ancestors:
        name = known.get(ancestor.repository.casefold())
        if name is None:
            continue
        theirs = frozenset(ancestor.architectures) or frozenset(
            filter(None, [contract.verified_architectures.get(name)])
        )
        if not theirs or not names.isdisjoint(theirs):
            return name, bool(theirs)
    return "", False


RULES = (
    Rule(
        name="architecture-not-listed",
        severity=Severity.ERROR,
        check=not_listed,
        requires=(*CONFIG, "architectures-missing"),
    ),
    Rule(
        name="architecture-listed-for-another-type",
        severity=Severity.ERROR,
        check=another_type,
        requires=(*CONFIG, "architectures-missing", "architecture-not-listed"),
    ),
)
