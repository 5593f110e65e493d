"""Rules on whether a LoRA adapter fits the model that it is served with."""

from collections.abc import Iterator
from dataclasses import replace

from validation import fit
from validation.adapter import Adapter
from validation.chat_template import templates
from validation.engine.config import resolved_config
from validation.engine.lora import lora_support, smallest_rank
from validation.engine.prediction import Support
from validation.engine.tables import versions_taking_adapters
from validation.facts import RepositoryFacts
from validation.finding import Severity
from validation.lineage import Kinship, kinship
from validation.rules.adapter import NONE, read, say
from validation.rules.config import CONFIG
from validation.rules.rule import Answer, Rule, Subject, skipped, unknown

TOKENIZER = "tokenizer.json"


def architecture_takes(subject: Subject) -> Iterator[Answer]:
    """Require an architecture that this version of vLLM serves with adapters.

    Why: a class of vLLM has to support LoRA. Without that the server stops when it starts, after it has loaded the
    weights.
    Example: an adapter of `GPT2LMHeadModel`, `FalconForCausalLM` or `StableLmForCausalLM`.
    Fix: merge the adapter into its base model and serve the result.
    Source: vLLM's SupportsLoRA, read from the classes of its model registry; LoRAConfig.verify_with_model_config.
    """
    if not subject.adapters:
        yield NONE
        return
    answer = subject.prediction
    known = subject.engine.architectures.get(answer.architecture)
    if answer.supported is not Support.YES or known is None:
        yield skipped("the engine does not load the model, or by no class of its registry")
    elif "lora" not in known.flags:
        versions = versions_taking_adapters(answer.architecture)
        others = f"set engine.version to {versions[-1]}, or " if versions else ""
        yield Answer(
            message=f"vLLM {subject.engine.asked} serves `{answer.architecture}` without adapters",
            help=f"{others}merge the adapter into its base model (`merge_and_unload`) and serve the result",
            where=subject.wish.where("adapters"),
        )


def vocabulary_allowed(subject: Subject) -> Iterator[Answer]:
    """Refuse adapters where the model's vocabulary is larger than what vLLM's output head with adapters takes.

    Why: for architectures whose output head may be adapted, vLLM makes buffers for it and refuses to start above its
    limit, whether an adapter is on the head or not.
    Example: a Llama with a vocabulary of 262144.
    Fix: merge the adapter into its base model and serve the result.
    Source: vllm/lora/layers/logits_processor.py.
    """
    if not subject.adapters:
        yield NONE
        return
    support = lora_support(subject.engine.version)
    size = fit.shape.language(resolved_config(subject.facts, subject.engine)).integer("vocab_size") or 0
    heads = support.embeddings.get(subject.prediction.architecture, frozenset())
    if "lm_head" in heads and size > support.vocabulary:
        yield Answer(
            message=f"a vocabulary of {size} is above the {support.vocabulary} that vLLM takes with adapters",
            help="merge the adapter into its base model (`merge_and_unload`) and serve the result",
            where=subject.wish.where("adapters"),
        )


def rank_allowed(subject: Subject) -> Iterator[Answer]:
    """Require ranks that this version of vLLM takes, and a maxLoraRank that holds every adapter.

    Why: vLLM makes buffers of `max-lora-rank`, which is one of a few numbers, and refuses a higher adapter when the
    server starts. Left out, Slipway takes the smallest of these numbers that holds all adapters.
    Example: an adapter with `r: 64` under `maxLoraRank: 16`, or one with `r: 1024`.
    Fix: leave maxLoraRank out, or set it to the number in the help; above the largest, train with a smaller rank.
    Source: vLLM's LoRAConfig; vllm-project/vllm issue 2847.
    """
    if not subject.adapters:
        yield NONE
        return
    ranks, wished = subject.engine.lora_ranks, subject.wish.serving.max_lora_rank
    if ranks and wished is not None and wished not in ranks:
        value = smallest_rank(ranks, wished) or max(ranks)
        yield Answer(
            message=f"maxLoraRank {wished} is none that vLLM {subject.engine.asked} takes",
            help=f"set maxLoraRank to {value}, or leave it out",
            where=subject.wish.where("maxLoraRank"),
        )
    for adapter in read(subject):
        rank = adapter.highest_rank
        fitting = smallest_rank(ranks, rank or 0)
        if rank is None or not ranks:
            continue
        if fitting is None:
            message = f"its rank is {rank}, and vLLM {subject.engine.asked} takes {max(ranks)} at most"
            yield say(subject, adapter, message, f"train it with a rank of {max(ranks)} or less, or merge it")
        elif wished is not None and wished in ranks and rank > wished:
            message = f"its rank is {rank}, and maxLoraRank is {wished}"
            yield say(subject, adapter, message, f"set maxLoraRank to {fitting}, or leave it out")


def base_matches(subject: Subject) -> Iterator[Answer]:
    """Require that the adapter was trained on the model that it is served with.

    Why: an adapter is a difference to the weights it was trained on. On others of the same shape it loads without an
    error and answers nonsense. A quantization of its base is fine, with a small loss (a note); a fine-tune of it, or a
    model of the same name elsewhere, may be (a warning).
    Example: an adapter of `meta-llama/Llama-3.1-8B` beside `meta-llama/Llama-3.1-8B-Instruct` (a warning), or beside
    `mistralai/Mistral-7B-v0.3` (an error).
    Fix: serve the model that the message names; where both are the same, ignore this rule with that reason.
    Source: PEFT's `base_model_name_or_path`; the `base_model` chain of the repositories' cards.
    """
    if not subject.adapters:
        yield NONE
        return
    for adapter in read(subject):
        found = kinship(subject.facts, adapter)
        served = subject.facts.repository or subject.facts.source
        if found in {Kinship.SAME, Kinship.UNKNOWN}:
            if found is Kinship.UNKNOWN:
                yield replace(_unrelated(adapter, served), where=subject.wish.where(f"adapters[{adapter.number}]"))
            continue
        words, help_, severity = _KINSHIPS[found]
        message = f"it was trained on `{_shown(adapter)}`, {words.format(served=served)}"
        yield say(subject, adapter, message, help_.format(base=_shown(adapter)), severity)


def tokenizer_shared(subject: Subject) -> Iterator[Answer]:
    """Warn about an adapter that was trained with another chat template or tokenizer than the server uses.

    Why: vLLM has one tokenizer and one chat template a server: the model's. An adapter that learned another layout of
    a chat answers worse through `/v1/chat/completions`, and tokens that it added do not exist.
    Example: an adapter on a base model (`Qwen/Qwen3-8B-Base`) trained with a ChatML template of its own.
    Fix: serve the model whose template it was trained with; or send prompts through `/v1/completions`.
    Source: vllm/lora, which reads no tokenizer of an adapter.
    """
    if not subject.adapters:
        yield NONE
        return
    for adapter in read(subject):
        own, served = _template(adapter.facts), _template(subject.facts)
        if own is not None and own != served:
            yield say(
                subject,
                adapter,
                "it brings another chat template than the model's, which is the one that the server uses",
                "serve the model with the template that the adapter was trained with",
            )
        elif _differs(adapter.facts, subject.facts):
            yield say(
                subject,
                adapter,
                f"it brings another {TOKENIZER} than the model's, which is the one that the server uses",
                "nothing has to be done, unless the adapter added tokens",
                Severity.NOTE,
            )


def _unrelated(adapter: Adapter, served: str) -> Answer:
    if adapter.base:
        message = f"nothing says that `{served}` is `{_shown(adapter)}`, which adapter `{adapter.name}` was trained on"
    else:
        message = f"adapter `{adapter.name}` does not say which model it was trained on (`base_model_name_or_path`)"
    return replace(unknown(message, f"make sure that it was `{served}`"), severity=Severity.WARNING)


def _shown(adapter: Adapter) -> str:
    parents = [item.repository for item in adapter.facts.ancestors if item.relation == "adapter"]
    return (adapter.base or next(iter(parents), ""))[:120]


def _template(facts: RepositoryFacts) -> str | None:
    return next((template.text for template in templates(facts) if template.name == "default"), None)


def _differs(adapter: RepositoryFacts, model: RepositoryFacts) -> bool:
    own, served = adapter.file(TOKENIZER), model.file(TOKENIZER)
    if own is None or served is None or own.size is None or served.size is None:
        return False
    both = (own.identity, served.identity)
    return own.size != served.size or (None not in both and both[0] != both[1])


_KINSHIPS = {
    Kinship.QUANTIZED: (
        "which has the same weights as `{served}` in another number format",
        "nothing has to be done; compare a few answers with those on `{base}`",
        Severity.NOTE,
    ),
    Kinship.ALIKE: (
        "and nothing but the name says that `{served}` is the same",
        "serve `{base}`, or make sure that both are the same and ignore this rule with that reason",
        Severity.WARNING,
    ),
    Kinship.DERIVED: (
        "and `{served}` has been trained on since, or is what that was trained from",
        "serve `{base}`, or compare answers and ignore this rule with the reason",
        Severity.WARNING,
    ),
    Kinship.OTHER: (
        "and served with `{served}`",
        "serve `{base}`, or an adapter of the model; ignore this rule with a reason where both are the same",
        None,
    ),
}
RULES = (
    Rule(name="adapter-architecture-unsupported", severity=Severity.ERROR, check=architecture_takes, requires=CONFIG),
    Rule(name="adapter-vocabulary-too-large", severity=Severity.ERROR, check=vocabulary_allowed, requires=CONFIG),
    Rule(name="adapter-rank-too-high", severity=Severity.ERROR, check=rank_allowed),
    Rule(name="adapter-base-mismatch", severity=Severity.ERROR, check=base_matches),
    Rule(name="adapter-tokenizer-differs", severity=Severity.WARNING, check=tokenizer_shared),
)
