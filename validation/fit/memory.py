"""How a model fills the memory of its GPUs, and the longest context and the concurrency that leaves."""

from dataclasses import replace

from validation.adapter import LoraPlan
from validation.data import Data
from validation.engine.config import ResolvedConfig, resolved_config
from validation.engine.lora import lora_support
from validation.engine.prediction import Prediction
from validation.engine.table import EngineTable
from validation.engine.tables import number
from validation.facts import RepositoryFacts
from validation.fit.cache import BATCHES_IN_FLIGHT, Cache, cache_of
from validation.fit.catalogue import GIB, UnknownGpu, find_gpu
from validation.fit.layer import Kind
from validation.fit.layertype import layer_count
from validation.fit.lora import lora_bytes
from validation.fit.overhead import Batch, Overhead, default_batch, overhead
from validation.fit.plan import Gpu, MemoryPlan
from validation.fit.shape import item_size, keeps_nothing, language, shape_of
from validation.fit.stage import WHOLE, Stage, stages
from validation.fit.weights import Place, Weights, weights_of
from validation.wish import Hardware, Wish

STATES_CHECKED = (0, 17, 0)  # the first version that refuses a batch of more sequences than there are blocks
SHORTEST = 512  # tokens: a context below this serves nobody, so the model counts as not fitting


class ModelMemory(Data):
    """One model under one engine, ready to be planned on any hardware."""

    facts: RepositoryFacts
    config: ResolvedConfig
    prediction: Prediction
    table: EngineTable
    wish: Wish
    lora: LoraPlan | None = None

    @property
    def kv_cache_dtype(self) -> str:
        """Return the KV cache's dtype: the wished one, else what the checkpoint asks for, else ``auto``."""
        wished = self.wish.serving.kv_cache_dtype
        return self.prediction.kv_cache_dtype or "auto" if wished in {"", "auto"} else wished

    @property
    def max_model_len(self) -> int | None:
        """Return the context length that is wished, else the one that the engine derives; None when unknown."""
        return self.wish.serving.max_model_len or self.prediction.max_model_len

    def cache(self, tensor_parallel: int = 1, batches: int = BATCHES_IN_FLIGHT) -> Cache | None:
        """Return the KV cache of all layers on one GPU; None when the configuration does not say what layers keep."""
        shape = shape_of(self.config, self.prediction, self.kv_cache_dtype, tensor_parallel)
        return None if shape is None else cache_of(shape, batches)

    def weights(self, tensor_parallel: int = 1, stage: Stage = WHOLE) -> Weights | None:
        """Return the weights on one GPU; None when nothing says how many they are."""
        place = Place(tensor_parallel=tensor_parallel, stage=stage)
        return weights_of(self.facts, self.config, self.prediction, self.wish, place)

    def adapters(self, tensor_parallel: int = 1, stage: Stage = WHOLE) -> int:
        """Return the bytes of the buffers for adapters on one GPU."""
        if self.lora is None:
            return 0
        names = lora_support(self.table.version).embeddings.get(self.prediction.architecture, frozenset())
        place = Place(tensor_parallel=tensor_parallel, stage=stage)
        return lora_bytes(self.config, self.lora, place, item=item_size(self.prediction.dtype), embeddings=names)


class Layout(Data):
    """How a replica spreads over GPUs: tensor parallel inside a node, pipeline parallel across nodes."""

    tensor: int
    pipeline: int = 1

    @property
    def gpus(self) -> int:
        """Return the GPUs of one replica."""
        return self.tensor * self.pipeline

    @property
    def batches(self) -> int:
        """Return the batches in flight: one a stage and one that is prepared (``max_concurrent_batches``, 0.33.0)."""
        return self.pipeline + 1


def model_memory(
    facts: RepositoryFacts,
    prediction: Prediction,
    table: EngineTable,
    wish: Wish | None = None,
    lora: LoraPlan | None = None,
) -> ModelMemory:
    """Return the model, ready to be planned."""
    config = resolved_config(facts, table)
    return ModelMemory(facts=facts, config=config, prediction=prediction, table=table, wish=wish or Wish(), lora=lora)


def plan_memory(
    facts: RepositoryFacts,
    prediction: Prediction,
    table: EngineTable,
    wish: Wish | None,
    lora: LoraPlan | None = None,
) -> MemoryPlan | None:
    """Return how the model fills the wished GPUs.

    None when no hardware is wished, the catalogue lacks its GPU, or the files do not say how large the model is.
    """
    if wish is None or wish.hardware is None:
        return None
    try:
        gpu = find_gpu(wish.hardware.gpu, wish.hardware.mig_profile)
    except UnknownGpu:
        return None
    return plan_on(model_memory(facts, prediction, table, wish, lora), gpu, layout_of(wish.hardware))


def layout_of(hardware: Hardware) -> Layout:
    """Return tensor parallelism over the replica's GPUs of one node, and pipeline parallelism over its nodes."""
    return Layout(tensor=max(1, hardware.gpus_per_replica), pipeline=max(1, hardware.nodes_per_replica))


def plan_on(model: ModelMemory, gpu: Gpu, layout: Layout) -> MemoryPlan | None:
    """Return how the model fills GPUs of one kind; None when the files do not say how large it is.

    With several nodes this is the plan of the tightest stage: all of them get as few blocks as it has room for.
    """
    cache, reference = model.cache(layout.tensor, layout.batches), model.cache()
    split = stages(layer_count(language(model.config)), layout.pipeline)
    plans = []
    for stage in split:
        weights = model.weights(layout.tensor, stage)
        if cache is None or reference is None or weights is None:
            return None
        here = cache.on(stage)
        planner = _Planner(
            model=model, gpu=gpu, layout=layout, stage=stage, cache=here, reference=reference, weights=weights
        )
        plans.append(planner.plan())
    at, tightest = min(enumerate(plans), key=lambda pair: _room(pair[1]))
    layers = tuple(stage.layers for stage in split) if len(split) > 1 else ()
    return replace(tightest, stage=at, stage_layers=layers)


def _room(plan: MemoryPlan) -> tuple[bool, int, int, float, int]:
    return (plan.fits, plan.longest_that_fits, plan.max_model_len, plan.max_concurrency, plan.kv_cache_bytes)


class _Planner(Data):
    model: ModelMemory
    gpu: Gpu
    layout: Layout
    stage: Stage
    cache: Cache
    reference: Cache
    weights: Weights

    def plan(self) -> MemoryPlan:
        batch, budget = self._batch(), round(self.gpu.usable * self._utilization())
        extra = self._overhead(batch)
        weights, adapters = self.weights.each, self._adapters()
        left = budget - weights - adapters - extra.total
        limit = self._limit()
        longest = self._longest(left, limit, batch)
        length = self.model.wish.serving.max_model_len or self._chosen(left - extra.spread, longest, limit, batch)
        needed = self.cache.request_bytes(length, batch.tokens)
        concurrency = max(0, left) / needed if needed else float(batch.sequences)
        states = self._most_sequences(left)
        reason = self._reason(weights, budget, left, longest, length) or self._crowded(states, batch)
        return MemoryPlan(
            gpu=self.gpu,
            tensor_parallel=self.layout.tensor,
            pipeline_parallel=self.layout.pipeline,
            gpu_memory_utilization=self._utilization(),
            max_model_len=length,
            longest_that_fits=longest,
            max_num_batched_tokens=batch.tokens,
            max_num_seqs=batch.sequences,
            kv_cache_dtype=self.model.kv_cache_dtype,
            dtype=self.model.prediction.dtype,
            weights_bytes=weights,
            lora_bytes=adapters,
            overhead_bytes=extra.total,
            kv_cache_bytes=left,
            kv_cache_bytes_per_token=self.reference.bytes_per_token,
            kv_cache_bytes_per_request=self.reference.request_bytes(length),
            kv_cache_tokens=int(concurrency * length) if needed else 0,
            max_concurrency=round(concurrency, 2),
            fits=not reason,
            low=left - extra.spread,
            high=left + extra.spread,
            reason=reason,
            most_sequences=states,
        )

    def _utilization(self) -> float:
        return self.model.wish.serving.gpu_memory_utilization or self.model.table.gpu_memory_utilization

    def _limit(self) -> int:
        return max(self.model.prediction.max_model_len or 0, self.model.wish.serving.max_model_len or 0) or SHORTEST

    def _batch(self) -> Batch:
        serving, default = self.model.wish.serving, default_batch(self.gpu)
        tokens = serving.max_num_batched_tokens or default.tokens
        if keeps_nothing(self.model.config, self.model.prediction):
            tokens = max(tokens, serving.max_model_len or self._limit())
        return Batch(tokens=tokens, sequences=serving.max_num_seqs or default.sequences)

    def _overhead(self, batch: Batch) -> Overhead:
        limits = self.model.wish.serving.limit_mm_per_prompt
        shut = limits is not None and len(limits) > 0 and not any(limits.values())
        return overhead(
            self.model.config,
            batch,
            version=self.model.table.asked or self.model.table.version,
            tensor_parallel=self.layout.tensor,
            gpus=self.layout.gpus,
            layers=self.stage.layers,
            multimodal=self.model.prediction.multimodal and not shut,
            eager=self.model.wish.serving.enforce_eager,
            pooling=self.model.prediction.runner == "pooling",
        )

    def _longest(self, available: int, limit: int, batch: Batch) -> int:
        if available <= 0:
            return 0
        return self.cache.longest(available, limit, batch.tokens) if self.cache.groups else limit

    def _chosen(self, surely: int, longest: int, limit: int, batch: Batch) -> int:
        """Return the length to serve when none is wished: all of it, else the longest that fits even at worst."""
        if longest >= limit:
            return limit
        cautious = self._longest(surely, limit, batch)
        return cautious if cautious >= SHORTEST else max(longest, 1)

    def _adapters(self) -> int:
        return self.model.adapters(self.layout.tensor, self.stage)

    def _reason(self, weights: int, budget: int, left: int, longest: int, length: int) -> str:
        if weights >= budget:
            return f"weights need {weights / GIB:.1f} GiB, one {self._name()} offers {budget / GIB:.1f} GiB"
        if left <= 0:
            adapters = self._adapters()
            taken = budget - weights - adapters - left
            beside = f", adapters {adapters / GIB:.1f} GiB" if adapters else ""
            return (
                f"weights need {weights / GIB:.1f} GiB{beside} and running them {taken / GIB:.1f} GiB, "
                f"one {self._name()} offers {budget / GIB:.1f} GiB"
            )
        wished = self.model.wish.serving.max_model_len
        if longest < (wished or min(SHORTEST, self._limit())):
            return f"a context of {length} tokens needs more KV cache than the {left / GIB:.1f} GiB that are left"
        return ""

    def _most_sequences(self, left: int) -> int | None:
        """Return the sequences that a hybrid's pool has a block for; None for models without recurrent states."""
        if not any(layer.kind is Kind.STATE for layer in self.cache.layers):
            return None
        block = self.cache.block_bytes
        return max(0, left) // block if block else None

    def _crowded(self, states: int | None, batch: Batch) -> str:
        """Return why CUDA graphs would refuse the batch: each sequence needs a block for its state (vLLM #34094)."""
        eager = self.model.wish.serving.enforce_eager or number(self.model.table.version) < STATES_CHECKED
        if states is None or states >= batch.sequences or eager:
            return ""
        return f"a batch of {batch.sequences} sequences needs as many states, and the KV cache holds {states}"

    def _name(self) -> str:
        return f"{self.gpu.name} {self.gpu.mig_profile}".strip()
