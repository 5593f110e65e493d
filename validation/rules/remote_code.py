"""Rules on code that a repository brings along or makes the server fetch."""

from collections.abc import Iterator, Mapping

from validation.engine.prediction import Support
from validation.finding import Place, Severity
from validation.jsontext import JsonValue
from validation.rules.config import CONFIG, FILE
from validation.rules.rule import Answer, Rule, Subject, unknown

_FILES = (FILE, "tokenizer_config.json", "processor_config.json", "preprocessor_config.json")
_PREFIX = "_attn_implementation"
_KERNELS = frozenset({"attn_implementation", "experts_implementation", "_experts_implementation"}) | frozenset(
    {"_experts_implementation_internal"}
)


def unneeded(subject: Subject) -> Iterator[Answer]:
    """Note custom code that the engine does not need.

    Why: `auto_map` names Python files of the repository. The engine knows this model's type without them, so they are
    never loaded, and `trust_remote_code` stays off.
    Example: Phi-3, DeepSeek-V3, Kimi-K2 and Nemotron-H all carry `auto_map`, and vLLM loads them without.
    Fix: nothing.
    Source: vLLM's config registry and the pinned transformers; of 48 real configs with `auto_map` 37 load without it.
    """
    places = _auto_maps(subject)
    if places and subject.prediction.remote_code is Support.NO:
        yield Answer(
            message=f"`auto_map` in {', '.join(places)} names custom code, which is not needed and not loaded",
            help="nothing has to be done; keep trust_remote_code off",
            where=Place(path=places[0], key="auto_map"),
        )


def needed(subject: Subject) -> Iterator[Answer]:
    """Refuse a model that only its own code can load, and a wish to run such code where the contract runs none.

    Why: the code runs with the rights of the server, and can change with every commit. Managed Inference runs none.
    Example: EXAONE 3, InternLM2 or phi4mm configs, whose type neither vLLM nor transformers knows.
    Fix: choose a release of the model whose type the engine knows (often a newer one, or a conversion to Llama). Under
    `contract: vllm` a wish to trust the code, after reading it at a pinned commit, makes this a warning.
    Source: the contract's security notice; vLLM's trust_remote_code.
    """
    allowed, wished = subject.contract.remote_code, subject.wish.serving.trust_remote_code
    if wished and not allowed:
        yield Answer(
            message=f"`trustRemoteCode` is set, and {subject.contract.title} runs no code of a repository",
            help="remove it, or read the code at a pinned commit and set `contract: vllm`",
            where=subject.wish.where("trustRemoteCode"),
        )
        return
    if subject.prediction.remote_code is Support.NO:
        return
    where = Place(path=FILE, key="auto_map")
    if subject.prediction.remote_code is Support.UNKNOWN:
        yield unknown("whether the model needs its own code could not be decided from its files")
    elif wished:
        yield Answer(
            message="the model runs its own code in the server, as the stack allows",
            help="keep `revision` pinned to the commit whose code was read",
            severity=Severity.WARNING,
            where=where,
        )
    else:
        yield Answer(
            message="the model can only be loaded with its own code (`auto_map`)",
            help=f"choose a release whose model type vLLM {subject.engine.version} knows",
            where=where,
        )


def attention(subject: Subject) -> Iterator[Answer]:
    """Refuse a config.json that chooses the attention implementation.

    Why: transformers takes `_attn_implementation` from config.json as if the operator had set it. A value such as
    `someone/kernel` names a repository on the Hub whose compiled code is then fetched and run, without
    `trust_remote_code` (CVE-2026-4372). The public spelling `attn_implementation` and the one for experts are refused
    when their value names a repository. A flag (`_attn_implementation_autoset`) names nothing and passes.
    Example: `"text_config": {"_attn_implementation_internal": "someone/kernel"}`.
    Fix: delete the key; the engine chooses its own attention.
    Source: CVE-2026-4372; transformers' PreTrainedConfig.
    """
    for key, value in _walk(subject.facts.config):
        name = key.rpartition(".")[2]
        private = name.startswith(_PREFIX) and value is not None and not isinstance(value, bool)
        if private or (name in _KERNELS and _names_repository(value)):
            kernel = _names_repository(value)
            yield Answer(
                message=f"`{key[:120]}` in config.json "
                + ("makes the server run code from the Hub" if kernel else "overrides the operator's choice"),
                help=f"delete `{name[:60]}` from config.json",
                where=Place(path=FILE, key=key[:120]),
            )


def _walk(config: Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    waiting: list[tuple[str, JsonValue]] = [("", dict(config))]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            inner = [(f"{path}.{key}" if path else key, item) for key, item in value.items()]
            yield from inner
            waiting.extend(inner)
        elif isinstance(value, list):
            waiting.extend((path, item) for item in value if isinstance(item, dict | list))


def _names_repository(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return any(_names_repository(item) for item in value.values())
    return isinstance(value, str) and "/" in value


def _auto_maps(subject: Subject) -> tuple[str, ...]:
    return tuple(path for path in _FILES if subject.facts.document(path).get("auto_map"))


RULES = (
    Rule(name="custom-code-unneeded", severity=Severity.NOTE, check=unneeded, requires=CONFIG),
    Rule(name="custom-code-needed", severity=Severity.ERROR, check=needed, requires=CONFIG),
    Rule(name="attention-implementation-set", severity=Severity.ERROR, check=attention, requires=CONFIG),
)
