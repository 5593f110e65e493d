"""Rules on what the engine version of the stack makes of the model."""

from collections.abc import Iterator

from validation.engine.prediction import Support
from validation.finding import Severity
from validation.rules.config import CONFIG
from validation.rules.rule import Answer, Rule, Subject, skipped, unknown

FLOAT16 = frozenset({"float16", "half"})


def version_known(subject: Subject) -> Iterator[Answer]:
    """Say when the engine's version has no table of its own.

    Why: each table is read from one published vLLM version. For another version the nearest older table is used, so
    a model that only the wished version can load looks refused.
    Example: `engine.version: 0.31.0`, where tables stand for 0.30.0 and 0.32.0.
    Fix: set a version that has a table, or make one: `python -m tools.engine_table` reads a wheel or an sdist.
    Source: validation/contracts/engines.
    """
    table = subject.engine
    if table.asked != table.version:
        yield Answer(
            message=f"vLLM {table.asked} has no table of its own, the one of {table.version} was used",
            help=f"set engine.version to {table.version}",
            where=subject.wish.where("engine.version"),
        )


def secure(subject: Subject) -> Iterator[Answer]:
    """Refuse engine versions with a known hole in what guards the endpoint.

    Why: the API key is all that stands between the internet and a public endpoint.
    Example: vLLM below 0.22.0, whose API key can be bypassed (CVE-2026-48746).
    Fix: set a newer engine version.
    Source: validation/contracts/engines/advisories.json, with ids.
    """
    for advisory in subject.engine.advisories:
        yield Answer(
            message=f"vLLM {subject.engine.asked} is open to {advisory.id}: {advisory.text}",
            help=f"set engine.version to {advisory.below} or newer",
            where=subject.wish.where("engine.version"),
        )


def supports(subject: Subject) -> Iterator[Answer]:
    """Require that this version of vLLM loads the model.

    Why: vLLM decides by the names under `architectures`, and each release drops some and adds others. The pod would
    download all weights first and refuse then. Three refusals differ: removed after a version, only by a plugin,
    never heard of. Some classes run on the Transformers backend, which not every class fits.
    Example: `BaichuanForCausalLM`, removed after 0.23.0; `BartForConditionalGeneration`, only by a plugin;
    `LlavaLlamaForCausalLM`, in no version.
    Fix: set the engine version that the message names, or choose a model of another architecture.
    Source: vLLM's model registry, read statically; agreement with vLLM itself is measured by `make accuracy`.
    """
    answer = subject.prediction
    if answer.quantization_problem and answer.reason == answer.quantization_problem:
        yield skipped("the quantization is what the engine refuses")
    elif answer.supported is Support.NO:
        yield Answer(
            message=answer.reason,
            help=answer.help or f"choose a model that vLLM {subject.engine.version} loads",
            where=subject.wish.where("source"),
        )
    elif answer.supported is Support.UNKNOWN:
        yield unknown(answer.reason or "whether the engine loads the model could not be decided from its files")


def quantized(subject: Subject) -> Iterator[Answer]:
    """Require a quantization method that this version of vLLM has.

    Why: methods come and go (bitsandbytes and GGUF have left the tree, `fbgemm_fp8` needs a flag that will vanish),
    and vLLM refuses a checkpoint whose method it does not have.
    Example: GPTQ with `desc_act: true`, which 0.32.0 refuses; `quant_method: bitsandbytes` on 0.33.0.
    Fix: choose a checkpoint in `compressed-tensors`, `fp8`, `awq` or `gptq`.
    Source: vLLM's QUANTIZATION_METHODS and DEPRECATED_QUANTIZATION_METHODS.
    """
    answer = subject.prediction
    wished = subject.wish.serving.quantization
    if answer.quantization_problem:
        yield Answer(message=answer.quantization_problem, help=answer.quantization_help)
    elif wished is not None and wished not in subject.engine.quantization:
        yield Answer(
            message=f"vLLM {subject.engine.version} has no quantization method of the wished name",
            help=f"set quantization to one of {', '.join(sorted(subject.engine.quantization)[:6])}, or leave it out",
            where=subject.wish.where("quantization"),
        )


def context_within_model(subject: Subject) -> Iterator[Answer]:
    """Refuse a context length above what the model's configuration allows.

    Why: vLLM derives a length from the configuration and refuses to start with a longer one: positions beyond it
    give nonsense, or read past the end of a table.
    Example: `maxModelLen: 262144` for a model whose `max_position_embeddings` is 131072.
    Fix: set maxModelLen to the number in the message, or leave it out.
    Source: vLLM's `_get_and_verify_max_len`.
    """
    wished, answer = subject.wish.serving.max_model_len, subject.prediction
    limit = answer.max_model_len_limit or answer.max_model_len
    if wished is not None and limit is not None and wished > limit:
        origin = f" (`{answer.max_model_len_key}`)" if answer.max_model_len_key else ""
        yield Answer(
            message=f"a context of {wished} tokens is wished for, the model's configuration allows {limit}{origin}",
            help=f"set maxModelLen to {limit}",
            where=subject.wish.where("maxModelLen"),
        )


def dtype_taken(subject: Subject) -> Iterator[Answer]:
    """Refuse float16 for models that are unstable in it.

    Why: vLLM refuses float16 for a few model types whose numbers overflow in it.
    Example: `dtype: float16` for a Gemma 2 or Gemma 3 model.
    Fix: set dtype to bfloat16, or leave it out.
    Source: vLLM's `_FLOAT16_NOT_SUPPORTED_MODELS`.
    """
    kind = subject.facts.config.get("model_type")
    if subject.wish.serving.dtype in FLOAT16 and kind in subject.engine.float16_refused:
        yield Answer(
            message=f"vLLM does not serve `{kind}` models in float16",
            help="set dtype to bfloat16, or leave it out",
            where=subject.wish.where("dtype"),
        )


RULES: tuple[Rule, ...] = (
    Rule(name="engine-version-unknown", severity=Severity.WARNING, check=version_known),
    Rule(name="engine-below-security-floor", severity=Severity.ERROR, check=secure),
    Rule(name="engine-supports-model", severity=Severity.ERROR, check=supports, requires=CONFIG),
    Rule(name="quantization-not-in-engine", severity=Severity.ERROR, check=quantized, requires=CONFIG),
    Rule(name="context-above-model", severity=Severity.ERROR, check=context_within_model, requires=CONFIG),
    Rule(name="dtype-not-for-model", severity=Severity.ERROR, check=dtype_taken, requires=CONFIG),
)
