"""What tensor parallelism has to divide, and what a GPU's compute capability allows."""

from validation.data import Data
from validation.engine.config import Config, ResolvedConfig
from validation.engine.prediction import Prediction
from validation.engine.table import EngineTable
from validation.fit.heads import attention_heads, kv_heads
from validation.fit.parameter import expert_count
from validation.fit.plan import Gpu
from validation.fit.shape import MLA_TYPES, language

BFLOAT16_CAPABILITY = 80
_NO_FLOAT16 = ("gemma2", "gemma3", "glm4")  # vLLM refuses float16 for them: they overflow
_COUNTS = (1, 2, 4, 8, 16)


class Obstacle(Data):
    """Why a number of GPUs, or a kind of them, cannot run a model."""

    message: str
    help: str = ""


def division_problem(config: ResolvedConfig, gpus: int, stated: Config | None = None) -> Obstacle | None:
    """Return why ``gpus`` cannot share the model by tensor parallelism, or None.

    ``stated`` is the quantization configuration, whose blocks a shard must not cut.
    """
    message = _conflict(config, gpus, stated)
    if not message:
        return None
    counts = ", ".join(str(count) for count in divisors(config, stated))
    return Obstacle(message=message, help=f"set gpusPerReplica to one of {counts}" if counts else "")


def divisors(config: ResolvedConfig, stated: Config | None = None) -> tuple[int, ...]:
    """Return the numbers of GPUs up to 16 that can share the model by tensor parallelism."""
    return tuple(count for count in _COUNTS if not _conflict(config, count, stated))


def _conflict(config: ResolvedConfig, gpus: int, stated: Config | None) -> str:
    text = language(config)
    heads, keys = attention_heads(text), kv_heads(text)
    if heads % gpus:
        return f"{heads} attention heads do not divide over {gpus} GPUs"
    if keys and not _latent(text) and keys % gpus and gpus % keys:
        return f"{keys} key-value heads do not divide over {gpus} GPUs"
    block, width = _block(stated), _width(text)
    if gpus > 1 and block and width and (width % gpus or (width // gpus) % block):
        return f"{gpus} GPUs cut the FP8 blocks of {block}: each would hold {width / gpus:g} of {width} columns"
    return ""


def dtype_problem(config: ResolvedConfig, prediction: Prediction, gpu: Gpu, wished: str) -> Obstacle | None:
    """Return why the GPU cannot compute in the model's dtype, or None.

    Below 8.0 ``auto`` falls back to float16, except for the families that overflow in it.
    """
    if gpu.compute_capability >= BFLOAT16_CAPABILITY:
        return None
    family = config.text.model_type
    if wished == "bfloat16":
        return Obstacle(
            message=f"bfloat16 needs compute capability 8.0, {gpu.name} has {_capability(gpu)}",
            help="set dtype to float16, or choose gpu L4",
        )
    if wished in {"", "auto"} and prediction.dtype == "bfloat16" and family.startswith(_NO_FLOAT16):
        return Obstacle(
            message=f"`{family}` models refuse float16, and bfloat16 needs compute capability 8.0: {gpu.name} has "
            f"{_capability(gpu)}",
            help="choose gpu L4, or set dtype to float32",
        )
    return None


def quantization_problem(table: EngineTable, method: str, gpu: Gpu) -> Obstacle | None:
    """Return why the GPU cannot run the quantization method under this engine, or None."""
    known = table.quantization.get(method)
    if known is None or known.min_capability <= 0 or gpu.compute_capability >= known.min_capability:
        return None
    needed = f"{known.min_capability // 10}.{known.min_capability % 10}"
    return Obstacle(
        message=f"quantization `{method}` needs compute capability {needed}, {gpu.name} has {_capability(gpu)}",
        help=f"choose a GPU of compute capability {needed} or newer, such as L4 or H100-SXM",
    )


def _latent(text: Config) -> bool:
    return text.model_type in MLA_TYPES and text.has("kv_lora_rank")


def _block(stated: Config | None) -> int:
    blocks = stated.integers("weight_block_size") if stated is not None else ()
    return max(blocks, default=0)


def _width(text: Config) -> int:
    """Return the width that tensor parallelism cuts: of an expert, else of the feed-forward network."""
    if expert_count(text):
        return text.first_integer("moe_intermediate_size", "intermediate_size") or 0
    return text.integer("intermediate_size") or 0


def _capability(gpu: Gpu) -> str:
    return f"{gpu.compute_capability // 10}.{gpu.compute_capability % 10}"
