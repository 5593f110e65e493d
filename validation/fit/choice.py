"""Every GPU and count of the catalogue that would hold a model, the cheapest first."""

from collections.abc import Iterator

from validation.data import Data
from validation.engine.config import EMPTY, Config, ResolvedConfig
from validation.fit.catalogue import Instance, find_instances, gpus_per_node, load_gpus
from validation.fit.memory import Layout, ModelMemory, plan_on
from validation.fit.parallel import divisors, dtype_problem, quantization_problem
from validation.fit.pipeline import pipeline_problem
from validation.fit.plan import Gpu, MemoryPlan

NODES = 2  # most nodes that are proposed for one replica


class Choice(Data):
    """One way to serve the model: all GPUs, their nodes, its memory on one, and the cheapest node that has them."""

    gpu: Gpu
    gpus: int
    nodes: int
    plan: MemoryPlan
    instance: Instance | None  # None: the catalogue knows no instance type with so many

    @property
    def price_per_hour(self) -> float | None:
        """Return the price of all nodes of a replica, in the instance's currency; None when none is published."""
        price = self.instance.price if self.instance else None
        return None if price is None else price.per_hour * self.nodes


def choices(model: ModelMemory) -> tuple[Choice, ...]:
    """Return what fits, cheapest first; what has no price comes last, by memory."""
    stated = quantization_section(model.config)
    counts = divisors(model.config, stated)
    found = [choice for gpu in load_gpus().values() for choice in _on(model, gpu, counts)]
    return tuple(sorted(found, key=_order))


def cheapest(model: ModelMemory) -> Choice | None:
    """Return the cheapest choice; None when nothing of the catalogue fits."""
    return next(iter(choices(model)), None)


def suggestion(choice: Choice | None) -> str:
    """Return the help that names a choice, with the value to type; empty for none."""
    if choice is None:
        return ""
    nodes = "" if choice.nodes == 1 else f" and nodesPerReplica {choice.nodes}"
    return f"choose gpu {choice.gpu.name} with gpusPerReplica {choice.plan.tensor_parallel}{nodes}"


def quantization_section(config: ResolvedConfig) -> Config:
    """Return the quantization configuration where vLLM looks for it; an empty one when there is none."""
    for holder in (config.whole, config.text):
        for key in ("quantization_config", "compression_config"):
            if holder.section(key):
                return holder.section(key)
    return EMPTY


def _on(model: ModelMemory, gpu: Gpu, counts: tuple[int, ...]) -> Iterator[Choice]:
    if _cannot(model, gpu):
        return
    node = gpus_per_node(gpu.name)
    single = [count for count in counts if count <= node]
    fitting = [choice for count in single for choice in _try(model, gpu, Layout(tensor=count))]
    yield from fitting
    if not fitting and single and pipeline_problem(model.config, model.prediction, model.table, NODES) is None:
        yield from _try(model, gpu, Layout(tensor=max(single), pipeline=NODES))


def _cannot(model: ModelMemory, gpu: Gpu) -> bool:
    method = model.prediction.quantization
    wished = model.wish.serving.dtype
    return (
        gpu.vendor != "nvidia"
        or dtype_problem(model.config, model.prediction, gpu, wished) is not None
        or quantization_problem(model.table, method, gpu) is not None
    )


def _try(model: ModelMemory, gpu: Gpu, layout: Layout) -> Iterator[Choice]:
    plan = plan_on(model, gpu, layout)
    if plan is None or not plan.fits or plan.low < 0:
        return
    instance = next((found for found in find_instances(gpu.name) if found.gpus >= layout.tensor), None)
    yield Choice(gpu=gpu, gpus=layout.gpus, nodes=layout.pipeline, plan=plan, instance=instance)


def _order(choice: Choice) -> tuple[bool, float, int, str]:
    price = choice.price_per_hour
    return (price is None, price or 0.0, choice.gpu.memory * choice.gpus, choice.gpu.name)
