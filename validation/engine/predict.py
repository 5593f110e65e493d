"""Predict what a vLLM version would answer for a repository, from its files alone."""

from dataclasses import replace

from validation.engine.config import Config, ResolvedConfig, text_sections
from validation.engine.dtype import derive_dtype
from validation.engine.length import derive_length
from validation.engine.prediction import Prediction, Support
from validation.engine.quantization import derive_quantization
from validation.engine.reading import read_config
from validation.engine.refusal import Refusal, refusal, unknown_type
from validation.engine.remote_code import Access
from validation.engine.resolve import Choice, Resolution, obstacle, resolve
from validation.engine.table import EngineTable
from validation.engine.weights import weight_set
from validation.facts import RepositoryFacts
from validation.wish import Wish

POOLING_TYPES = frozenset(
    {
        "sentence_transformers.models.Pooling",
        "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
    }
)


def predict(facts: RepositoryFacts, table: EngineTable, wish: Wish | None = None) -> Prediction:
    """Return the engine's predicted answer for a repository, served as wished; never raises for what a file holds."""
    weights = weight_set(facts)
    read = read_config(facts, table)
    start = Prediction(
        supported=Support.UNKNOWN,
        config_format=read.format if read is not None else "hf",
        weight_files=weights.files,
        weights_bytes=weights.size,
        missing_weights=weights.missing,
    )
    if read is None:
        return _unstated(start, facts)
    config, access = read.config, read.access
    names = _names(config, table)
    found = resolve(names, config, table, pooling=pools(facts)) if names else Resolution()
    answer = _derived(start, facts, config, found, table)
    if wish is not None and wish.serving.kv_cache_dtype != "auto":
        answer = replace(answer, kv_cache_dtype=wish.serving.kv_cache_dtype)
    answer = replace(answer, remote_code=access.remote_code, architecture=answer.architecture or next(iter(names), ""))
    if config.whole.section("speculators_config"):
        reason = "it is a speculator: vLLM would serve the model that it was trained for, and draft with this one"
        return replace(answer, reason=reason, help="name the model it drafts for as the source")
    why = _objection(answer, names, config, found, access, table)
    if why is not None:
        return _refused(answer, why)
    if found.choice is not None and "transformers-backend" in found.choice.entry.categories:
        return _built(answer, names, config, table)
    return replace(answer, supported=Support.YES)


def _derived(
    start: Prediction, facts: RepositoryFacts, config: ResolvedConfig, found: Resolution, table: EngineTable
) -> Prediction:
    """Return all that follows from the configuration alone, whether or not the engine takes the model."""
    runner = found.runner or "generate"
    length = derive_length(config, facts, table, runner)
    quantization = derive_quantization(config, facts, table)
    return replace(
        start,
        architecture=found.choice.name if found.choice else "",
        implementation=found.choice.entry.implementation if found.choice else "",
        runner=found.runner,
        convert=found.convert,
        multimodal=bool(found.choice and "multimodal" in found.choice.entry.flags),
        transformers_backend=bool(found.choice and found.choice.backend),
        max_model_len=length.default,
        max_model_len_limit=length.limit,
        max_model_len_key=length.key,
        dtype=derive_dtype(config, facts, table, runner),
        quantization=quantization.method,
        quantization_problem=quantization.problem,
        quantization_help=quantization.help,
        kv_cache_dtype=quantization.kv_cache_dtype,
    )


def _objection(  # noqa: PLR0917 - what was derived, in the order it was derived
    answer: Prediction,
    names: tuple[str, ...],
    config: ResolvedConfig,
    found: Resolution,
    access: Access,
    table: EngineTable,
) -> Refusal | None:
    """Return why vLLM refuses the configuration, in its order of checks; None when it does not."""
    if access.problem:
        return unknown_type(access.model_type, access.problem, table)
    if found.choice is None:
        return refusal(names, table)
    if answer.quantization_problem:
        return Refusal(reason=answer.quantization_problem, help=answer.quantization_help)
    return _of_text(config) or _of_class(found.choice, found.problem)


def _of_text(config: ResolvedConfig) -> Refusal | None:
    if not config.whole.text_key and len(text_sections(config.whole)) > 1:
        return Refusal(reason="its configuration describes more than one language model")
    if config.text is not config.whole and not config.text.has("num_attention_heads"):
        return Refusal(reason="its language model's configuration has no `num_attention_heads`")
    return None


def _of_class(choice: Choice, problem: str) -> Refusal | None:
    if "draft" in choice.entry.flags:
        reason = f"`{choice.name}` is a draft model, which vLLM loads only beside the model it drafts for"
        return Refusal(reason=reason, help="name the model it drafts for as the source")
    return Refusal(reason=problem) if problem else None


def _built(answer: Prediction, names: tuple[str, ...], config: ResolvedConfig, table: EngineTable) -> Prediction:
    """Return the answer for a model of the Transformers backend, which is built from transformers' own classes."""
    reason = obstacle(config, table)
    if not reason and answer.multimodal:
        unsure = "whether the Transformers backend can prepare its images or sounds is not told by its files"
        return replace(answer, reason=unsure)
    if not reason:
        return replace(answer, supported=Support.YES)
    text = f"the Transformers backend cannot build it: {reason}"
    own = refusal(names, table)
    if own.status != "unknown":  # the name was dropped, or is a plugin's: that is what helps
        text = f"{own.reason}, and {text}"
        answer = replace(answer, help=own.help, status=own.status, versions=own.versions)
    known = "forward" in table.backend.checks
    return replace(answer, supported=Support.NO if known else Support.UNKNOWN, reason=text)


def _refused(answer: Prediction, why: Refusal) -> Prediction:
    return replace(
        answer, supported=Support.NO, reason=why.reason, help=why.help, status=why.status, versions=why.versions
    )


def _unstated(start: Prediction, facts: RepositoryFacts) -> Prediction:
    document = facts.documents.get("config.json")
    if not facts.readable or (document is not None and document.unread):
        return replace(start, remote_code=Support.UNKNOWN, reason="its configuration could not be read")
    return replace(start, supported=Support.NO, reason="it has no `config.json` that vLLM could read")


def _names(config: ResolvedConfig, table: EngineTable) -> tuple[str, ...]:
    """Return the architectures: as stated, else the base class of the model type; a draft model's own naming."""
    stated = config.whole.names("architectures")
    if config.whole.model_type == "eagle":
        inner = config.whole.section("model").names("architectures")
        method = {"eagle3": "Eagle3", "dflash": "DFlash"}.get(config.whole.text("method"), "Eagle")
        return tuple(name if method in name else f"{method}{name}" for name in inner) or stated
    if config.whole.model_type == "medusa":
        return stated or ("MedusaModel",)
    base = table.base_classes.get(config.whole.model_type)
    return stated or ((base,) if base else ())


def pools(facts: RepositoryFacts) -> bool:
    """Return whether modules.json says that this is a sentence-transformers model with a pooling layer."""
    modules = Config(value=facts.document("modules.json"))
    listed = modules.items("modules") or tuple(modules.value.values())
    kinds = [item.get("type") for item in listed if isinstance(item, dict)]
    return any(kind in POOLING_TYPES for kind in kinds) or (not listed and facts.has("1_Pooling/config.json"))
