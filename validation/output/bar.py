"""The memory of a GPU as a bar of text: weights, KV cache, overhead, free."""

from collections.abc import Iterator, Sequence

from validation.fit.choice import Choice
from validation.fit.plan import MemoryPlan
from validation.output.quantity import gib, plural

WIDTH = 50
_SIGNS = (("weights", "#"), ("KV cache", "="), ("adapters", "%"), ("overhead", "+"), ("free", "."))
_ROWS = 20


def bar(plan: MemoryPlan, width: int = WIDTH) -> str:
    """Return one GPU's memory as ``width`` signs between brackets; what does not fit ends in ``!``."""
    used = [plan.weights_bytes, max(0, plan.kv_cache_bytes), plan.lora_bytes, plan.overhead_bytes]
    capacity = plan.gpu.memory
    cells = "".join(sign * round(size * width / capacity) for (_, sign), size in zip(_SIGNS, used, strict=False))
    return f"[{cells[: width - 1]}!" if len(cells) > width else f"[{cells.ljust(width, '.')}]"


def picture(plan: MemoryPlan) -> Iterator[str]:
    """Yield the lines that show one plan: a bar for each GPU of the replica, and what its signs stand for."""
    gpus = plan.tensor_parallel * plan.pipeline_parallel
    if plan.stage_layers:
        split = " + ".join(str(layers) for layers in plan.stage_layers)
        nodes = plural(plan.pipeline_parallel, "node")
        yield f"layers {split} on {nodes}; shown is stage {plan.stage + 1}, the tightest"
    filled = bar(plan)
    for number in range(min(gpus, _ROWS)):
        yield f"GPU {number:<2} {filled} {gib(plan.gpu.memory)}"
    sizes = (plan.weights_bytes, max(0, plan.kv_cache_bytes), plan.lora_bytes, plan.overhead_bytes, plan.free_bytes)
    pairs = zip(_SIGNS, sizes, strict=True)
    shown = [f"{sign} {name} {gib(size)}" for (name, sign), size in pairs if size or name != "adapters"]
    yield "       " + "   ".join(shown)


def verdict(plan: MemoryPlan) -> str:
    """Return one sentence: whether the model fits, at which context, and how many requests of that length."""
    gpus = f"{plan.tensor_parallel * plan.pipeline_parallel} x {plan.gpu.name}"
    if not plan.fits:
        return f"does not fit {gpus}: {plan.reason}"
    sure = "" if plan.low > 0 else ", though only just: the estimate may be off by more than what is left"
    requests = f"{plan.max_concurrency:.1f} requests of that length at once"
    return f"fits {gpus} with a context of {plan.max_model_len:,} tokens, {requests}{sure}"


def table(choices: Sequence[Choice]) -> Iterator[str]:
    """Yield the rows of what fits, as they come; prices with their currency and date, or a dash."""
    if not choices:
        yield "nothing in the catalogue holds this model"
        return
    yield f"{'GPUs':<22} {'context':>10} {'requests':>9} {'free':>9}  {'price an hour':<14} {'a month':<13} instance"
    for choice in choices:
        plan = choice.plan
        gpus = f"{choice.gpus} x {choice.gpu.name}"
        left = gib(max(0, plan.kv_cache_bytes - plan.kv_cache_bytes_per_request // choice.gpus))
        yield (
            f"{gpus:<22} {plan.max_model_len:>10,} {plan.max_concurrency:>9.1f} {left:>9}  "
            f"{_price(choice, 1):<14} {_price(choice, 730):<13} {_place(choice)}"
        ).rstrip()
    yield "on-demand prices of the smallest node that has the GPUs, in the provider's currency, not converted"


def _price(choice: Choice, hours: int) -> str:
    price, instance = choice.price_per_hour, choice.instance
    if price is None or instance is None or instance.price is None:
        return "-"
    return f"{price * hours:,.2f} {instance.price.currency}"


def _place(choice: Choice) -> str:
    instance = choice.instance
    if instance is None:
        return "-"
    dated = f" ({instance.price.date})" if instance.price else ""
    nodes = "" if choice.nodes == 1 else f"{plural(choice.nodes, 'node')} of "
    return f"{nodes}{instance.provider} {instance.type} {instance.place}{dated}"
