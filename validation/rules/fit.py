"""What the GPUs of the stack say of the model: whether they can compute it, share it and hold it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from validation import fit
from validation.engine.config import resolved_config
from validation.finding import Place, Severity
from validation.rules.config import CONFIG
from validation.rules.rule import Answer, Rule, Subject, skipped, unknown
from validation.wish import Hardware

if TYPE_CHECKING:
    from validation.fit.choice import Choice
    from validation.fit.parallel import Obstacle
    from validation.fit.plan import Gpu

NO_HARDWARE = "no GPUs are wished"
CPUS_BESIDE_GPUS = 2  # the API server and the engine core
THREADS_A_CORE = 2


def gpu_known(subject: Subject) -> Iterator[Answer]:
    """Require a GPU that the catalogue knows.

    Why: memory and compute capability come from the catalogue; without them nothing can be said of the deployment.
    Example: `gpu: H1000`, or a MIG profile that the GPU does not have.
    Fix: type a name of the catalogue, such as L4, L40S, A100-80 or H100-SXM; a product label is understood too.
    Source: validation/fit/catalogue/gpus.csv and mig.csv, whose sources are in SOURCES.csv.
    """
    hardware = subject.wish.hardware
    if hardware is None:
        yield skipped(NO_HARDWARE)
        return
    try:
        fit.catalogue.find_gpu(hardware.gpu, hardware.mig_profile)
    except fit.catalogue.UnknownMigProfile as error:
        there = f"set migProfile to {fit.offer.one_of(error.profiles)}" if error.profiles else ""
        help_text = there or "remove migProfile, or choose a GPU that has it"
        yield Answer(message=str(error), help=help_text, where=_pool(subject, "migProfile"))
    except fit.catalogue.UnknownGpu as error:
        help_text = f"set gpu to {error.suggestion}" if error.suggestion else "choose a GPU of the catalogue"
        yield Answer(message=str(error), help=help_text, where=_pool(subject, "gpu"))


def within_node(subject: Subject) -> Iterator[Answer]:
    """Require that tensor parallelism stays inside one node.

    Why: tensor parallelism needs the fast links inside a node, and a Pod cannot span two; a Pod that asks for more GPUs
    than its node has is never scheduled.
    Example: `gpusPerReplica: 4` on a pool of nodes with two GPUs.
    Fix: lower gpusPerReplica, choose a pool whose nodes have as many GPUs, or take several nodes a replica:
    `nodesPerReplica` multiplies gpusPerReplica.
    Source: Kubernetes' scheduler; vLLM's guide to parallelism.
    """
    hardware = subject.wish.hardware
    if hardware is None:
        yield skipped(NO_HARDWARE)
        return
    node = hardware.gpus_per_node or fit.catalogue.gpus_per_node(fit.catalogue.find_gpu(hardware.gpu).name)
    if hardware.gpus_per_replica > node:
        wished = hardware.gpus_per_replica
        nodes = "" if wished % node else f", add nodesPerReplica {wished // node * hardware.nodes_per_replica} to that"
        yield Answer(
            message=f"a replica of {wished} GPUs does not fit on a node of {node}",
            help=f"set gpusPerReplica to {node} or less{nodes}, or choose a pool with more GPUs per node",
            where=subject.wish.where("gpusPerReplica"),
        )


def divides(subject: Subject) -> Iterator[Answer]:
    """Require that the GPUs of a replica can share the model.

    Why: tensor parallelism gives each GPU whole attention heads, whole key-value heads or a copy of one, and whole
    blocks of block-quantized FP8 weights. vLLM stops at the start where that does not come out even.
    Example: 28 attention heads over 8 GPUs; a width of 17408 in FP8 blocks of 128 over 16 GPUs.
    Fix: set gpusPerReplica to a number that divides them; the help names those that do.
    Source: vLLM issues 414 and 54178, gpustack issue 2259; `verify_with_parallel_config` in vllm/config/model.py.
    """
    hardware = subject.wish.hardware
    if hardware is None:
        yield skipped(NO_HARDWARE)
        return
    config = resolved_config(subject.facts, subject.engine)
    problem = fit.parallel.division_problem(config, hardware.gpus_per_replica, fit.choice.quantization_section(config))
    yield from _answers(subject, problem, "gpusPerReplica")


def dtype_runs(subject: Subject) -> Iterator[Answer]:
    """Require a GPU that computes in the model's dtype.

    Why: bfloat16 needs compute capability 8.0. Below it vLLM falls back to float16 when dtype is `auto`, refuses an
    explicit bfloat16, and refuses float16 for the families whose activations overflow in it.
    Example: `dtype: bfloat16` on a T4, or Gemma 3 there.
    Fix: set dtype to float16, or choose an L4 or newer.
    Source: vLLM issue 1157; `_resolve_auto_dtype` in vllm/config/model.py.
    """
    gpu = _gpu(subject)
    if gpu is None:
        yield skipped(NO_HARDWARE)
        return
    config = resolved_config(subject.facts, subject.engine)
    problem = fit.parallel.dtype_problem(config, subject.prediction, gpu, subject.wish.serving.dtype)
    yield from _answers(subject, problem, "dtype")


def quantization_runs(subject: Subject) -> Iterator[Answer]:
    """Require a GPU that runs the model's quantization method.

    Why: each method has a lowest compute capability, and vLLM stops at the start below it.
    Example: an AWQ model on a V100, or an FP8 model on a GPU older than 7.5.
    Fix: choose a newer GPU, or another quantization of the model.
    Source: vLLM issue 4327; `get_min_capability` of each method, read into validation/contracts/engines.
    """
    gpu, method = _gpu(subject), subject.wish.serving.quantization or subject.prediction.quantization
    if gpu is None or not method:
        yield skipped(NO_HARDWARE if gpu is None else "the model is not quantized")
        return
    yield from _answers(subject, fit.parallel.quantization_problem(subject.engine, method, gpu), "quantization")


def weights_fit(subject: Subject) -> Iterator[Answer]:
    """Require GPUs that hold the weights and what running them takes.

    Why: vLLM loads all weights before it serves anything; without room it ends in an out-of-memory error, minutes after
    the GPU was rented.
    Example: 65.5 billion bytes of Qwen3-32B on an L40S of 44.7 GiB.
    Fix: raise gpusPerReplica, or choose a GPU with more memory; the help names what holds the model.
    Source: `determine_available_memory` in vllm/v1/worker/gpu_worker.py; validation/fit explains the numbers.
    """
    plan = subject.memory
    if subject.wish.hardware is None:
        yield skipped(NO_HARDWARE)
    elif plan is None:
        yield unknown("the files do not say how large the model is", "add the weight files, or state their size")
    elif plan.kv_cache_bytes <= 0 and not plan.fits:
        sure = plan.high <= 0
        yield Answer(
            message=plan.reason,
            help=_larger(subject),
            where=subject.wish.where("gpusPerReplica"),
            severity=None if sure else Severity.WARNING,
        )


def context_fits(subject: Subject) -> Iterator[Answer]:
    """Require a KV cache that holds one request of the wished context length.

    Why: vLLM refuses to start when not even one request of `max-model-len` fits into what the weights leave; people
    then search for the length that does by halving it.
    Example: a context of 131072 tokens of Llama 3.1 8B on an L4.
    Fix: set maxModelLen to the length that is named, or leave it out: then the longest that fits is used.
    Source: vLLM issues 2418 and 10517; vllm/v1/core/kv_cache_utils.py.
    """
    plan = subject.memory
    if plan is None or plan.kv_cache_bytes <= 0:
        yield skipped(NO_HARDWARE if subject.wish.hardware is None else "the weights do not fit")
    elif not plan.fits and plan.most_sequences is not None and plan.most_sequences < plan.max_num_seqs:
        yield Answer(
            message=plan.reason,
            help=f"set maxNumSeqs to {max(1, plan.most_sequences)}",
            where=subject.wish.where("maxNumSeqs"),
        )
    elif not plan.fits:
        needed = plan.kv_cache_bytes_per_request / fit.catalogue.GIB / plan.tensor_parallel
        holds = plan.longest_that_fits
        yield Answer(
            message=f"{plan.reason}; the longest that fits is {holds} tokens",
            help=f"set maxModelLen to {holds}" if holds else _larger(subject),
            where=subject.wish.where("maxModelLen"),
            severity=Severity.WARNING if needed * fit.catalogue.GIB <= plan.high else None,
        )


def multimodal_limited(subject: Subject) -> Iterator[Answer]:
    """Ask for limits on the images, videos and audio clips of one prompt.

    Why: vLLM reserves memory for the largest prompt that is allowed. One model went from 6.43 to 0.20 GiB of KV cache
    because video was left on.
    Example: a Qwen2.5-VL without `limitMmPerPrompt` on a GPU of 24 GB.
    Fix: set limitMmPerPrompt to what the clients send, such as {image: 1, video: 0}.
    Source: two start-up logs of Qwen2.5-VL-7B (tests/fixtures/measured.csv); vLLM's guide to conserving memory.
    """
    if subject.wish.hardware is None:
        yield skipped(NO_HARDWARE)
    elif not subject.prediction.multimodal:
        yield skipped("the model takes text only")
    elif subject.wish.serving.limit_mm_per_prompt is None:
        yield Answer(
            message="the model takes images, audio or video without a limit per prompt",
            help="set limitMmPerPrompt to {image: 1, video: 0}, or to what the clients send",
            where=subject.wish.where("limitMmPerPrompt"),
        )


def cpu_suffices(subject: Subject) -> Iterator[Answer]:
    """Ask for as many vCPUs as vLLM's processes need.

    Why: the API server, the engine and one worker for each GPU are processes that spin; with fewer cores than that the
    GPUs wait for them.
    Example: 4 vCPUs for one GPU.
    Fix: choose a node type with more vCPUs, 2 x (2 + GPUs) at least.
    Source: vLLM's guide to optimization and tuning, section CPU resources.
    """
    hardware = subject.wish.hardware
    offered = _cpus(subject, hardware)
    if hardware is None or offered is None:
        yield skipped(NO_HARDWARE if hardware is None else "the vCPUs of a node are not known")
        return
    floor = THREADS_A_CORE * (CPUS_BESIDE_GPUS + hardware.gpus_per_replica)
    if offered < floor:
        yield Answer(
            message=f"{offered:g} vCPUs are fewer than the {floor} that {hardware.gpus_per_replica} GPUs keep busy",
            help=f"choose a node type with at least {floor} vCPUs per replica",
            where=subject.wish.where("pool"),
        )


def _pool(subject: Subject, key: str) -> Place | None:
    """Return where the pool states the key, else where the model names the pool."""
    return subject.wish.places.get(f"pool.{key}") or subject.wish.where("pool")


def _answers(subject: Subject, problem: "Obstacle | None", key: str) -> Iterator[Answer]:
    if problem is not None:
        yield Answer(message=problem.message, help=problem.help, where=subject.wish.where(key))


def _gpu(subject: Subject) -> "Gpu | None":
    hardware = subject.wish.hardware
    return None if hardware is None else fit.catalogue.find_gpu(hardware.gpu, hardware.mig_profile)


def _cpus(subject: Subject, hardware: Hardware | None) -> float | None:
    if hardware is None:
        return None
    stated = subject.wish.serving.vcpus or hardware.vcpus_per_node
    instance = fit.offer.known_type(hardware.instance_type) if stated is None else None
    return stated if instance is None else instance.vcpus


def _larger(subject: Subject) -> str:
    """Return what to type: more of the same GPU, or the cheapest other choice."""
    hardware = subject.wish.hardware
    found = fit.choice.choices(
        fit.memory.model_memory(subject.facts, subject.prediction, subject.engine, subject.wish, subject.lora)
    )
    same = [choice for choice in found if hardware and choice.gpu.name == fit.catalogue.find_gpu(hardware.gpu).name]
    hints = [_more(same), fit.choice.suggestion(_other(found, same))]
    return ", or ".join(hint for hint in hints if hint) or "choose a smaller or a quantized model"


def _more(same: "list[Choice]") -> str:
    """Return how many of the wished GPUs would do: on one node, else on several."""
    if one := min((choice.gpus for choice in same if choice.nodes == 1), default=None):
        return f"set gpusPerReplica to {one}"
    several = next(iter(same), None)
    if several is None:
        return ""
    return f"set gpusPerReplica to {several.plan.tensor_parallel} and nodesPerReplica to {several.nodes}"


def _other(found: "tuple[Choice, ...]", same: "list[Choice]") -> "Choice | None":
    others = [choice for choice in found if choice not in same]
    one_node = [choice for choice in others if choice.nodes == 1]
    return next(iter(one_node or (others if not same else ())), None)


_GPU = (*CONFIG, "unknown-gpu")
RULES: tuple[Rule, ...] = (
    Rule(name="unknown-gpu", severity=Severity.ERROR, check=gpu_known),
    Rule(name="gpu-count-above-node", severity=Severity.ERROR, check=within_node, requires=("unknown-gpu",)),
    Rule(name="tensor-parallel-does-not-divide", severity=Severity.ERROR, check=divides, requires=_GPU),
    Rule(name="dtype-needs-newer-gpu", severity=Severity.ERROR, check=dtype_runs, requires=_GPU),
    Rule(name="quantization-needs-newer-gpu", severity=Severity.ERROR, check=quantization_runs, requires=_GPU),
    Rule(name="weights-exceed-memory", severity=Severity.ERROR, check=weights_fit, requires=_GPU),
    Rule(name="context-exceeds-kv-cache", severity=Severity.ERROR, check=context_fits, requires=_GPU),
    Rule(name="multimodal-limits-unset", severity=Severity.WARNING, check=multimodal_limited, requires=CONFIG),
    Rule(name="cpu-below-floor", severity=Severity.WARNING, check=cpu_suffices, requires=("unknown-gpu",)),
)
