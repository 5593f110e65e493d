"""``python -m validation fit SOURCE``: which GPUs hold a model, at which context, and at what price."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from validation.commands import Exit, UsageError
from validation.commands.argument import count, plain, seconds
from validation.commands.hardware import add_options, hardware
from validation.commands.source import checked_source
from validation.commands.stream import write
from validation.engine.prediction import Prediction, Support
from validation.facts import RepositoryFacts
from validation.fit.catalogue import GIB, find_gpu, gpus_per_node
from validation.fit.choice import Choice, choices
from validation.fit.memory import ModelMemory, layout_of, model_memory, plan_on
from validation.fit.plan import MemoryPlan
from validation.fit.weights import shape_bytes, whole_model
from validation.jsontext import JsonObject
from validation.output.bar import picture, table, verdict
from validation.output.quantity import gib
from validation.output.safe import safe
from validation.sources.cache_folder import cache_folder
from validation.sources.read import SourceOptions, SourceRequest, read_all
from validation.wish import Hardware, Serving, Wish

FORMATS = ("text", "json")
VERSION = 1  # of the JSON format
ENGINE = "0.33.0"
DEADLINE = 30.0
MAX_WEIGHTS = 1 << 20  # GiB: a petabyte
_KV_DTYPES = ("auto", "bfloat16", "fp8", "fp8_e4m3", "fp8_e5m2")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the arguments of this command."""
    parser = subparsers.add_parser(
        "fit",
        help="say on how many of which GPUs a model fits",
        description="Predict the memory that a version of vLLM needs for a model, from its files alone.",
        epilog="exit codes: 0 it fits, 1 it does not, 2 usage, 3 the files do not say",
    )
    add = parser.add_argument
    add("source", metavar="SOURCE", help="hf://org/name, a folder, or a lock file; a config.json alone will do")
    add("--revision", type=plain, default="", help="branch, tag or commit (the default branch)")
    add_options(add, gpu_help="such as L4, H100-SXM or H100-SXM/1g.10gb; left out: all of them")
    add("--max-model-len", type=count, metavar="TOKENS", help="context length (the longest that fits)")
    add("--engine", type=plain, default=ENGINE, metavar="VERSION", help="version of vLLM (%(default)s)")
    add("--weights-gib", type=_gibibytes, metavar="GIB", help="weights of the whole model, where the source has none")
    add("--gpu-memory-utilization", type=_share, metavar="SHARE", help="(vLLM's own default of that version)")
    add("--max-num-batched-tokens", type=count, metavar="TOKENS", help="(vLLM's own default for the GPU)")
    add("--max-num-seqs", type=count, metavar="COUNT", help="(vLLM's own default for the GPU)")
    add("--kv-cache-dtype", choices=_KV_DTYPES, default="auto", help="(%(default)s: what the model asks for)")
    add("--enforce-eager", action="store_true", help="without CUDA graphs")
    add("--timeout", type=seconds, default=DEADLINE, metavar="SECONDS", help="for reading the source (%(default)g)")
    add("--offline", action="store_true", help="ask nobody: folders, lock files and the cache only")
    add("--no-cache", action="store_true", help="keep and use no facts of earlier runs")
    add("--format", choices=FORMATS, default="text", help="(%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Plan the memory of one model, print it, and return 0 when it fits, 1 when not, 3 when that is unknown."""
    model = _model(args)
    plan, found = _plan(model), _choices(model)
    if args.format == "json":
        write(json.dumps(answer(model, plan, found), indent=2) + "\n")
    else:
        write("\n".join(safe(line) if line else line for line in text(model, plan, found)) + "\n")
    if plan is None and (args.gpu is not None or not _is_known(model)):
        return Exit.UNCHECKED
    return Exit.CLEAN if (plan.fits if plan is not None else found) else Exit.FINDINGS


def answer(model: ModelMemory, plan: MemoryPlan | None, found: Sequence[Choice]) -> JsonObject:
    """Return the JSON of this command, version 1; null for what the files do not say."""
    return {
        "version": VERSION,
        "engine": _engine(model),
        "fit": {**_without_gpu(model), **(_with_gpu(plan) if plan else {})},
        "alternatives": [_alternative(choice) for choice in found],
    }


def text(model: ModelMemory, plan: MemoryPlan | None, found: Sequence[Choice]) -> Iterator[str]:
    """Yield the lines of the text format: a bar for each GPU, a verdict, and the table of what fits."""
    prediction = model.prediction
    name = model.facts.repository or model.facts.source
    architecture = prediction.architecture or "unknown architecture"
    yield f"{name}: {architecture}, vLLM {model.table.asked or model.table.version}"
    if prediction.supported is not Support.YES and prediction.reason:
        yield f"{prediction.supported.value}: {prediction.reason}"
    yield from _sizes(model)
    yield ""
    if plan is not None:
        yield from picture(plan)
        yield verdict(plan)
        yield ""
    elif model.weights() is None or model.cache() is None:
        yield "unknown: the files do not say how large the model is; type `--weights-gib GIB`"
        return
    yield from table(found)


def _sizes(model: ModelMemory) -> Iterator[str]:
    weights, cache = model.weights(), model.cache()
    if weights is not None:
        yield f"weights {gib(weights.total)}, by {weights.source.value}"
    if cache is not None and model.max_model_len:
        length = model.max_model_len
        request = gib(cache.request_bytes(length))
        yield f"KV cache {cache.bytes_per_token:,} bytes a token, {request} for a request of {length:,} tokens"


def _engine(model: ModelMemory) -> JsonObject:
    prediction = model.prediction
    return {
        "version": model.table.asked or model.table.version,
        "supported": prediction.supported.value,
        "reason": prediction.reason,
        "architecture": prediction.architecture or None,
        "runner": prediction.runner or None,
        "max_model_len": prediction.max_model_len,
    }


def _without_gpu(model: ModelMemory) -> JsonObject:
    weights, cache, length = model.weights(), model.cache(), model.max_model_len
    empty: JsonObject = dict.fromkeys(
        (
            "gpu", "tensor_parallel", "weights_bytes", "kv_cache_bytes_per_token", "kv_cache_bytes_per_request",
            "kv_cache_bytes", "kv_cache_tokens", "overhead_bytes", "max_concurrency", "fits", "low", "high",
        )
    )  # fmt: skip
    return {
        **empty,
        "weights_bytes": weights.total if weights else None,
        "kv_cache_bytes_per_token": cache.bytes_per_token if cache else None,
        "kv_cache_bytes_per_request": cache.request_bytes(length) if cache and length else None,
    }


def _with_gpu(plan: MemoryPlan) -> JsonObject:
    return {
        "gpu": plan.gpu.name,
        "mig_profile": plan.gpu.mig_profile or None,
        "tensor_parallel": plan.tensor_parallel,
        "pipeline_parallel": plan.pipeline_parallel,
        "max_model_len": plan.max_model_len,
        "longest_that_fits": plan.longest_that_fits,
        "weights_bytes": plan.weights_bytes,
        "kv_cache_bytes": plan.kv_cache_bytes,
        "kv_cache_tokens": plan.kv_cache_tokens,
        "overhead_bytes": plan.overhead_bytes,
        "max_concurrency": plan.max_concurrency,
        "fits": plan.fits,
        "reason": plan.reason,
        "low": plan.low,
        "high": plan.high,
    }


def _alternative(choice: Choice) -> JsonObject:
    instance, plan = choice.instance, choice.plan
    price = instance.price if instance else None
    return {
        "gpu": choice.gpu.name,
        "gpus": choice.gpus,
        "tensor_parallel": plan.tensor_parallel,
        "pipeline_parallel": plan.pipeline_parallel,
        "max_model_len": plan.max_model_len,
        "max_concurrency": plan.max_concurrency,
        "provider": instance.provider if instance else None,
        "instance": instance.type if instance else None,
        "price_per_hour": choice.price_per_hour,
        "currency": price.currency if price else None,
        "price_date": price.date if price else None,
        "price_source": price.source if price else None,
    }


def _model(args: argparse.Namespace) -> ModelMemory:
    from validation.engine.predict import predict  # noqa: PLC0415 - reads tables
    from validation.engine.tables import EngineError, load_engine  # noqa: PLC0415 - the same

    try:
        engine = load_engine(args.engine)
    except EngineError as error:
        raise UsageError(f"--engine {error}") from None
    wish = _wish(args)
    facts = _facts(args)
    prediction = predict(facts, engine, wish) if facts.readable else _unread(facts)
    return _whole(model_memory(facts, prediction, engine, wish))


def _whole(model: ModelMemory) -> ModelMemory:
    """Take stated weights for the whole model's, also where they are what one GPU of the wished ones holds."""
    serving, hardware = model.wish.serving, model.wish.hardware
    if serving.weights_bytes is None or hardware is None:
        return model
    shaped = shape_bytes(model.facts, model.config, model.prediction)
    whole = whole_model(serving.weights_bytes, shaped, layout_of(hardware).tensor)
    return replace(model, wish=replace(model.wish, serving=replace(serving, weights_bytes=whole)))


def _unread(facts: RepositoryFacts) -> Prediction:
    reason = facts.detail or f"the source could not be read: {facts.state.value}"
    return Prediction(supported=Support.UNKNOWN, reason=reason)


def _facts(args: argparse.Namespace) -> RepositoryFacts:
    cache = None if args.no_cache else cache_folder()
    options = SourceOptions(deadline=args.timeout, offline=args.offline, cache=cache)
    request = SourceRequest(source=checked_source(args.source), revision=args.revision)
    (facts,) = read_all([request], options)
    return facts


def _wish(args: argparse.Namespace) -> Wish:
    return Wish(
        hardware=_hardware(args),
        serving=Serving(
            max_model_len=args.max_model_len,
            kv_cache_dtype=args.kv_cache_dtype,
            gpu_memory_utilization=args.gpu_memory_utilization,
            max_num_batched_tokens=args.max_num_batched_tokens,
            max_num_seqs=args.max_num_seqs,
            enforce_eager=args.enforce_eager,
            weights_bytes=args.weights_gib,
        ),
    )


def _hardware(args: argparse.Namespace) -> Hardware | None:
    """Return the wished GPUs; raise UsageError for more than a node has, which no stack can ask for either."""
    wished = hardware(args)
    node = gpus_per_node(wished.gpu) if wished else 0
    if wished and wished.gpus_per_replica > node:
        asked = wished.gpus_per_replica
        several = "" if asked % node else f" --nodes {asked // node * wished.nodes_per_replica}"
        raise UsageError(f"--gpus: a node has {node} {wished.gpu} at most; type `--gpus {node}{several}`")
    return wished


def _plan(model: ModelMemory) -> MemoryPlan | None:
    wished = model.wish.hardware
    return plan_on(model, find_gpu(wished.gpu, wished.mig_profile), layout_of(wished)) if wished else None


def _choices(model: ModelMemory) -> tuple[Choice, ...]:
    return choices(model) if _is_known(model) else ()


def _is_known(model: ModelMemory) -> bool:
    return model.weights() is not None and model.cache() is not None and bool(model.max_model_len)


def _gibibytes(typed: str) -> int:
    return round(_positive(typed, MAX_WEIGHTS) * GIB)


def _share(typed: str) -> float:
    return _positive(typed, 1.0)


def _positive(typed: str, most: float) -> float:
    try:
        value = float(typed)
    except ValueError:
        value = 0.0
    if not 0 < value <= most:
        raise argparse.ArgumentTypeError(f"takes a number above 0 and at most {most:g}")
    return value
