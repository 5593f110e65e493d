"""Rules on the files of LoRA adapters: of this kind, in safetensors, and nothing that vLLM does not load."""

import posixpath
from collections.abc import Iterator

from validation.adapter import CONFIG_FILE, WEIGHTS_FILE, Adapter, rank_of, strange
from validation.engine.lora import LoraSupport, lora_support
from validation.finding import Severity
from validation.jsontext import JsonObject, JsonValue
from validation.rules.adapter import NONE, listing, read, say
from validation.rules.rule import Answer, Rule, Subject, unknown

PICKLES = ("adapter_model.bin", "adapter_model.pt")
_HARMLESS_INITS = frozenset({"gaussian", "eva", "orthogonal", "mica", "lora_ga"})  # they set the first weights only
_REQUIRED = ("r", "lora_alpha", "target_modules")
# What PEFT can do and no version of vLLM does: refused by newer versions, served wrongly by older ones.
_FEATURES = {
    "use_dora": "DoRA",
    "lora_bias": "biases beside its matrices",
    "alora_invocation_tokens": "activation by tokens (aLoRA)",
    "layer_replication": "replicated layers",
    "use_bdlora": "block-diagonal matrices (BD-LoRA)",
    "use_qalora": "QALoRA",
    "trainable_token_indices": "trained tokens",
}


def configured(subject: Subject) -> Iterator[Answer]:
    """Require an adapter_config.json of a LoRA adapter at the top of the repository.

    Why: vLLM reads rank, scale and modules from this file. It loads LoRA alone: other methods of PEFT change the model
    in ways that it cannot apply to single requests.
    Example: a whole model where an adapter was meant; a repository with `checkpoint-500/adapter_config.json` only; an
    adapter of the type `IA3` or `PROMPT_TUNING`.
    Fix: name a repository with a LoRA adapter at its top; save one with `model.save_pretrained(folder)`.
    Source: vllm/lora/peft_helper.py.
    """
    if not subject.adapters:
        yield NONE
        return
    for adapter in read(subject):
        document = adapter.facts.documents.get(CONFIG_FILE)
        if document is None:
            yield _absent(subject, adapter)
        elif document.unread:
            yield unknown(f"{CONFIG_FILE} of adapter `{adapter.name}` could not be read", help="try again")
        elif document.value is None:
            yield say(subject, adapter, f"{CONFIG_FILE} {document.problem}", "save the adapter again")
        elif problem := _config_problem(document.value):
            yield say(subject, adapter, problem, "save the adapter again with PEFT, as one of the type LORA")


def weighted(subject: Subject) -> Iterator[Answer]:
    """Require the adapter's weights as adapter_model.safetensors at the top of the repository.

    Why: vLLM looks for this name, and would fall back to `adapter_model.bin`, a pickle, which runs what its author put
    into it. A pickle is never fetched, so without safetensors there is nothing to load.
    Example: an adapter saved by an old PEFT, with `adapter_model.bin` alone.
    Fix: load it where it does no harm and save it with `model.save_pretrained(folder, safe_serialization=True)`.
    Source: vllm/lora/lora_model.py; the contract, "Models using formats that allow arbitrary code execution, such as
    Python pickle, are not supported".
    """
    if not subject.adapters:
        yield NONE
        return
    for adapter in read(subject):
        if adapter.facts.has(WEIGHTS_FILE):
            continue
        pickles = [name for name in PICKLES if adapter.facts.has(name)]
        others = [file.path for file in adapter.facts.files if file.path.endswith(".safetensors")]
        if pickles:
            message = f"its only weights are a pickle, which can run code: {pickles[0]}"
        elif others:
            message = f"its weights are not called {WEIGHTS_FILE}: {listing(others)}"
        else:
            message = f"it has no {WEIGHTS_FILE}"
        yield say(
            subject, adapter, message, "save it with `model.save_pretrained(folder, safe_serialization=True)` of PEFT"
        )


def whole(subject: Subject) -> Iterator[Answer]:
    """Require that the header of the adapter's weights is whole, and names only what vLLM loads.

    Why: vLLM refuses an adapter with a tensor that it does not know, when the server starts. The usual ones are
    magnitudes of DoRA, trained tokens, and names with the adapter's own name inside, which not PEFT but a training
    script wrote.
    Example: `base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight`.
    Fix: save the adapter with PEFT's `save_pretrained`; upload a file that was cut off again.
    Source: vLLM's parse_fine_tuned_lora_name; the safetensors format.
    """
    if not subject.adapters:
        yield NONE
        return
    for adapter in read(subject):
        if not adapter.facts.has(WEIGHTS_FILE):
            continue
        problem = next((each for each in adapter.facts.header_problems if each.path == WEIGHTS_FILE), None)
        names = strange(adapter.facts.tensors, _heads(subject, adapter))
        if problem is not None and problem.unread:
            yield unknown(f"the header of {WEIGHTS_FILE} of adapter `{adapter.name}` could not be read", "try again")
        elif problem is not None:
            yield say(subject, adapter, f"{WEIGHTS_FILE} {problem.problem}", "upload the file again")
        elif not adapter.facts.tensors:
            yield unknown(
                f"nothing is known of the tensors of adapter `{adapter.name}`",
                "record its lock again with `python -m validation lock`",
            )
        elif names:
            message = f"it holds tensors that vLLM does not load: {listing(names)}"
            yield say(subject, adapter, message, "save the adapter with PEFT's `save_pretrained`, without such parts")


def featured(subject: Subject) -> Iterator[Answer]:
    """Refuse adapters that use what this version of vLLM does not do.

    Why: vLLM reads a few keys of adapter_config.json. Of the others, newer versions refuse some when the server starts;
    older ones load the adapter and answer wrongly. Both are found here. rsLoRA is read by every version.
    Example: `use_dora: true`; `modules_to_save: ["lm_head"]`; `init_lora_weights: "pissa"`, which has changed the base
    model's weights; `rank_pattern` below 0.32, which takes one rank for all modules.
    Fix: train without the feature, or merge the adapter into its base model and serve the result.
    Source: vllm/lora/peft_helper.py of each version.
    """
    if not subject.adapters:
        yield NONE
        return
    support = lora_support(subject.engine.version)
    for adapter in read(subject):
        used = list(_used(adapter.config, support))
        if used:
            yield say(
                subject,
                adapter,
                f"vLLM {subject.engine.asked} does not support {', '.join(used)}",
                "train it without, or merge it into its base model with `merge_and_unload` and serve the result",
            )


def _absent(subject: Subject, adapter: Adapter) -> Answer:
    nested = next((file.path for file in adapter.facts.files if file.path.endswith(f"/{CONFIG_FILE}")), "")
    if nested:
        folder = posixpath.dirname(nested)
        return say(
            subject,
            adapter,
            f"its {CONFIG_FILE} stands in `{folder}`, not at the top of the repository",
            f"publish the content of `{folder}` as a repository of its own",
        )
    help_ = "name the repository of a LoRA adapter"
    if adapter.facts.has("config.json"):
        help_ += "; a whole model is a model of the stack, not an adapter"
    return say(subject, adapter, f"it holds no {CONFIG_FILE}, so it is no adapter", help_)


def _config_problem(config: JsonObject) -> str:
    kind = config.get("peft_type", "LORA")
    missing = [key for key in _REQUIRED if key not in config]
    alpha = config.get("lora_alpha")
    if not isinstance(kind, str) or kind.upper() != "LORA":
        shown = f"of the type `{kind[:40]}`" if isinstance(kind, str) else "of no known type"
        return f"it is {shown}, and vLLM loads LoRA alone"
    if missing:
        return f"its {CONFIG_FILE} lacks `{'`, `'.join(missing)}`"
    if rank_of(config["r"]) is None:
        return "its rank `r` is no positive whole number"
    if isinstance(alpha, bool) or not isinstance(alpha, int | float):
        return "its `lora_alpha` is no number"
    ranks = config.get("rank_pattern") or {}
    if not isinstance(ranks, dict) or any(rank_of(rank) is None for rank in ranks.values()):
        return "its `rank_pattern` holds what is no rank"
    return ""


def _used(config: JsonObject, support: LoraSupport) -> Iterator[str]:
    """Yield the features of an adapter that a version does not support, in words."""
    yield from (f"{words} (`{key}`)" for key, words in _FEATURES.items() if config.get(key))
    refused = [name for name in _names(config.get("modules_to_save")) if name not in support.heads]
    if refused:
        yield f"whole modules beside the matrices (`modules_to_save`: {listing(refused)})"
    if config.get("bias", "none") not in ("none", None):
        yield "trained biases (`bias`)"
    init = config.get("init_lora_weights")
    if isinstance(init, str) and init.lower() not in _HARMLESS_INITS:
        yield f"an initialisation that changed the base model (`init_lora_weights`: {init[:40]})"
    if not support.patterns:
        yield from (
            f"ranks or scales of single modules (`{key}`)"
            for key in ("rank_pattern", "alpha_pattern")
            if config.get(key)
        )


def _heads(subject: Subject, adapter: Adapter) -> frozenset[str]:
    return lora_support(subject.engine.version).heads.intersection(_names(adapter.config.get("modules_to_save")))


def _names(value: JsonValue) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


RULES = (
    Rule(name="adapter-config-invalid", severity=Severity.ERROR, check=configured, suppressible=False),
    Rule(name="adapter-weights-not-safetensors", severity=Severity.ERROR, check=weighted, suppressible=False),
    Rule(name="adapter-weights-malformed", severity=Severity.ERROR, check=whole),
    Rule(name="adapter-feature-unsupported", severity=Severity.ERROR, check=featured),
)
