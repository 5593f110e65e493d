"""What several nodes a replica ask of the model, the engine and the GPUs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from validation import fit
from validation.engine.config import resolved_config
from validation.finding import Severity
from validation.rules.config import CONFIG
from validation.rules.rule import Answer, Rule, Subject, skipped
from validation.wish import Hardware

if TYPE_CHECKING:
    from validation.fit.parallel import Obstacle

ONE_NODE = "a replica stays on one node"


def class_splits(subject: Subject) -> Iterator[Answer]:
    """Require a model class that vLLM can split over nodes.

    Why: across nodes vLLM gives each its own layers (pipeline parallelism), which the class has to implement; it stops
    at the start where it does not, after every node has been rented. A model of the Transformers backend also needs a
    plan in its class in transformers, which its files do not tell: that is a warning.
    Example: Gemma 3n, Whisper or a BERT with `nodesPerReplica: 2`.
    Fix: set nodesPerReplica to 1, and choose a GPU or a node that holds the model.
    Source: `verify_with_parallel_config` in vllm/config/model.py; `supports_pp` of each class, read into
    validation/contracts/engines; `pipeline_parallel` in vllm/model_executor/models/transformers/base.py.
    """
    if _nodes(subject) <= 1:
        yield skipped(ONE_NODE)
        return
    yield from _answers(subject, fit.pipeline.class_problem(subject.prediction, subject.engine))
    if subject.prediction.transformers_backend:
        yield Answer(
            message="whether the Transformers backend can split this model over nodes is not told by its files",
            help="try it on the GPUs once, or set nodesPerReplica to 1",
            where=subject.wish.where("nodesPerReplica"),
            severity=Severity.WARNING,
        )


def layers_suffice(subject: Subject) -> Iterator[Answer]:
    """Require a layer for every node of a replica.

    Why: each node gets a run of whole layers; with fewer layers than nodes one of them gets none, and its GPUs are paid
    for nothing.
    Example: a model of two layers with `nodesPerReplica: 4`.
    Fix: set nodesPerReplica to the number of layers or less.
    Source: `get_pp_indices` in vllm/distributed/utils.py.
    """
    nodes = _nodes(subject)
    if nodes <= 1:
        yield skipped(ONE_NODE)
        return
    yield from _answers(subject, fit.pipeline.layer_problem(resolved_config(subject.facts, subject.engine), nodes))


def engine_spans(subject: Subject) -> Iterator[Answer]:
    """Require an engine version that spans nodes by itself.

    Why: Slipway starts one vLLM a node with `--nnodes`, `--node-rank`, `--master-addr` and `--headless`; an older
    version stops at the first flag that it does not know, and needs Ray for several nodes.
    Example: `nodesPerReplica: 2` with vLLM 0.10.
    Fix: choose a newer engine version, or set nodesPerReplica to 1.
    Source: the flags of `vllm serve`, read into validation/contracts/engines: 0.11 is the first with all of them.
    """
    if _nodes(subject) <= 1:
        yield skipped(ONE_NODE)
        return
    yield from _answers(subject, fit.pipeline.engine_problem(subject.engine))


def nodes_are_needed(subject: Subject) -> Iterator[Answer]:
    """Ask for as few nodes as will do.

    Why: between nodes every token waits for the network once a stage, and one lost node stops the whole replica. GPUs
    of one node talk faster.
    Example: `gpusPerReplica: 4` and `nodesPerReplica: 2` on nodes with eight GPUs.
    Fix: raise gpusPerReplica to what the node has, and lower nodesPerReplica.
    Source: vLLM's guide to parallelism: tensor parallelism inside a node, pipeline parallelism across nodes.
    """
    hardware = subject.wish.hardware
    if hardware is None or hardware.nodes_per_replica <= 1:
        yield skipped(ONE_NODE)
        return
    nodes, node = hardware.nodes_per_replica, _node(hardware)
    whole = hardware.gpus_per_replica * nodes
    config = resolved_config(subject.facts, subject.engine)
    if whole <= node and whole in fit.parallel.divisors(config, fit.choice.quantization_section(config)):
        yield Answer(
            message=f"{nodes} nodes are wished for {whole} GPUs, and one node has {node}",
            help=f"set gpusPerReplica to {whole} and nodesPerReplica to 1",
            where=subject.wish.where("nodesPerReplica"),
        )


def _nodes(subject: Subject) -> int:
    return subject.wish.hardware.nodes_per_replica if subject.wish.hardware else 1


def _node(hardware: Hardware) -> int:
    return hardware.gpus_per_node or fit.catalogue.gpus_per_node(fit.catalogue.find_gpu(hardware.gpu).name)


def _answers(subject: Subject, problem: "Obstacle | None") -> Iterator[Answer]:
    if problem is not None:
        yield Answer(message=problem.message, help=problem.help, where=subject.wish.where("nodesPerReplica"))


RULES: tuple[Rule, ...] = (
    Rule(name="engine-cannot-span-nodes", severity=Severity.ERROR, check=engine_spans),
    Rule(name="pipeline-parallel-unsupported", severity=Severity.ERROR, check=class_splits, requires=CONFIG),
    Rule(name="pipeline-stages-exceed-layers", severity=Severity.ERROR, check=layers_suffice, requires=CONFIG),
    Rule(
        name="nodes-not-needed",
        severity=Severity.WARNING,
        check=nodes_are_needed,
        requires=(*CONFIG, "unknown-gpu", "tensor-parallel-does-not-divide"),
    ),
)
