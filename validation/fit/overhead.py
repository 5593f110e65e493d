"""What vLLM needs beside weights and KV cache: an activation peak, CUDA graphs, CUDA's own and NCCL's buffers.

vLLM measures the peak by running one batch of ``max_num_batched_tokens`` tokens, then its sampler for
``max_num_seqs`` sequences (``profile_run`` in vllm/v1/worker/gpu_model_runner.py). Both leave closed forms, whose
factors were fitted to published start-up logs (tests/fixtures/measured.csv; docs/fit.md has the error):

- forward: tokens x (3 x intermediate / TP + 8 x hidden) x item bytes, experts counted as often as a token visits them;
- encoder: patches x (2 x intermediate + 6 x hidden) of the vision tower, for the largest image;
- sampler: sequences x vocabulary x 39 bytes (torch's sort) before 0.12, x 20 after it; the same on every GPU;
- CUDA graphs: counted against the budget since 0.21.0;
- outside torch: 0.14 GiB, and NCCL's buffers with more than one GPU.
"""

from validation.data import Data
from validation.engine.config import Config, ResolvedConfig
from validation.engine.tables import EngineError, number
from validation.fit.catalogue import GIB
from validation.fit.heads import hidden_size
from validation.fit.layertype import MAX_LAYERS, layer_count
from validation.fit.parameter import expert_count
from validation.fit.plan import Gpu
from validation.fit.shape import language

SAMPLER_BYTES = 20
SORTING_SAMPLER_BYTES = 39
NEW_SAMPLER = (0, 12, 0)
COUNTED_GRAPHS = (0, 21, 0)
OUTSIDE_TORCH = round(0.14 * GIB)
COLLECTIVES = round(0.41 * GIB)  # two GPUs; each further pair adds a little
COLLECTIVES_STEP = round(0.03 * GIB)
GRAPH_BASE = round(0.25 * GIB)
GRAPH_LAYER = round(0.01 * GIB)
LARGE_MEMORY = 160 * GIB
MEDIUM_MEMORY = 70 * GIB
SPREAD = 0.45  # of the overhead: nine in ten of the measured rows lie within
SPREAD_BASE = round(0.35 * GIB)
LARGEST_IMAGE = 16384  # tokens that one image becomes where its resolution is free (Qwen-like encoders)
_PATCHES_A_TOKEN = 4


class Batch(Data):
    """How much vLLM takes on at once."""

    tokens: int
    sequences: int


class Overhead(Data):
    """Bytes on one GPU beside weights and KV cache, by cause; ``spread`` bounds the error to both sides."""

    activations: int
    graphs: int
    outside: int

    @property
    def total(self) -> int:
        """Return all of it."""
        return self.activations + self.graphs + self.outside

    @property
    def spread(self) -> int:
        """Return how far the real overhead may lie from ``total``."""
        return SPREAD_BASE + round(SPREAD * self.total)


def default_batch(gpu: Gpu) -> Batch:
    """Return the API server's defaults for a GPU (``get_batch_defaults`` in vllm/engine/arg_utils.py, 0.32.0)."""
    if gpu.usable >= LARGE_MEMORY:
        return Batch(tokens=16384, sequences=1024)
    if gpu.usable >= MEDIUM_MEMORY and not gpu.name.startswith("A100"):
        return Batch(tokens=8192, sequences=1024)
    return Batch(tokens=2048, sequences=256)


def overhead(
    config: ResolvedConfig,
    batch: Batch,
    *,
    version: str,
    tensor_parallel: int,
    multimodal: bool,
    eager: bool,
    pooling: bool,
    gpus: int = 1,
    layers: int = MAX_LAYERS,
) -> Overhead:
    """Return the overhead on one GPU for a batch, under a vLLM version.

    ``gpus`` are all of the replica, on however many nodes; ``layers`` those that stand on this one.
    """
    text = language(config)
    release = _release(version)
    peak = max(_forward(text, batch, tensor_parallel), 0 if pooling else _sampler(text, batch, release))
    if multimodal:
        peak = max(peak, _encoder(config, batch))
    graphs = (
        0 if eager or release < COUNTED_GRAPHS or pooling else GRAPH_BASE + GRAPH_LAYER * min(layers, layer_count(text))
    )
    outside = OUTSIDE_TORCH
    if max(tensor_parallel, gpus) > 1:
        outside += COLLECTIVES + COLLECTIVES_STEP * max(0, tensor_parallel - 2)
    return Overhead(activations=peak, graphs=graphs, outside=outside)


def _release(version: str) -> tuple[int, int, int]:
    try:
        return number(version)
    except EngineError:
        return COUNTED_GRAPHS


def _forward(text: Config, batch: Batch, tensor_parallel: int) -> int:
    hidden = hidden_size(text)
    if expert_count(text):
        width = text.first_integer("moe_intermediate_size", "intermediate_size") or 0
        visits = text.first_integer("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k") or 2
        inner = visits * (3 * width // tensor_parallel + 2 * hidden)
    else:
        inner = 3 * (text.first_integer("intermediate_size", "n_inner", "ffn_dim") or 4 * hidden) // tensor_parallel
    return batch.tokens * (inner + 8 * hidden) * 2


def _sampler(text: Config, batch: Batch, release: tuple[int, int, int]) -> int:
    width = SAMPLER_BYTES if release >= NEW_SAMPLER else SORTING_SAMPLER_BYTES
    return min(batch.sequences, batch.tokens) * (text.integer("vocab_size") or 0) * width


def _encoder(config: ResolvedConfig, batch: Batch) -> int:
    """Return the peak of the vision or audio encoder: vLLM runs it on the largest items that one batch may hold."""
    tower = config.whole.section("vision_config") or config.whole.section("audio_config")
    width = tower.first_integer("embed_dim", "hidden_size", "d_model") or 0
    inner = tower.first_integer("intermediate_size", "encoder_ffn_dim") or 4 * width
    merge = tower.integer("spatial_merge_size")
    tokens = batch.tokens if merge is None else max(batch.tokens, LARGEST_IMAGE)
    patches = _PATCHES_A_TOKEN if merge is None else merge * merge
    return tokens * (patches * (2 * inner + 6 * width) + hidden_size(language(config))) * 2
