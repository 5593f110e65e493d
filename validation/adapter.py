"""A LoRA adapter: its repository, what its configuration says, and the layers that its tensors are for."""

from collections.abc import Mapping, Sequence

from validation.data import Data
from validation.engine.lora import DEFAULT_RANK, smallest_rank
from validation.engine.table import EngineTable
from validation.facts import RepositoryFacts, Tensor
from validation.jsontext import JsonObject, JsonValue
from validation.wish import AdapterWish, Serving

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
MOST_ON_GPU = 8  # adapters that share a batch when the stack does not say how many
MAX_RANK = 1 << 20  # a larger one is nonsense, and must not become a huge number of bytes
_PREFIX = "base_model.model."
_ENDINGS = {
    ".lora_A.weight": "a",
    ".lora_B.weight": "b",
    ".lora_embedding_A": "a",
    ".lora_embedding_B": "b",
}
_HEADS = frozenset({"score", "classifier"})
_WHOLE = (".embed_tokens.base_layer.weight", ".lm_head.base_layer.weight")  # copies of the base, which vLLM skips


class Layer(Data):
    """The two matrices of one module; ``a`` is (rank, inputs) and ``b`` is (outputs, rank)."""

    module: str  # as in the checkpoint, without PEFT's prefix: ``model.layers.0.self_attn.q_proj``
    a: Tensor | None = None
    b: Tensor | None = None
    embeds: bool = False  # its ``a`` is (rank, vocabulary)

    @property
    def kind(self) -> str:
        """Return the last part of the module's name, by which vLLM and PEFT choose modules."""
        return self.module.rpartition(".")[2]

    @property
    def fuses_experts(self) -> bool:
        """Return whether this is one pair of matrices for all experts of a layer, as PEFT's target_parameters makes."""
        return self.module.endswith((".experts", ".experts.base_layer"))

    @property
    def rank(self) -> int | None:
        """Return the rank of the tensors; None where ``a`` is no matrix, or one of many experts."""
        matrix = self.a is not None and len(self.a.shape) == 2  # noqa: PLR2004 - rows and columns
        return self.a.shape[0] if matrix and self.a is not None and not self.fuses_experts else None


class Adapter(Data):
    """One adapter that the stack wants, and what was read of it; ``number`` is its place in the stack's list."""

    wish: AdapterWish
    number: int
    facts: RepositoryFacts

    @property
    def name(self) -> str:
        """Return the name that clients send."""
        return self.wish.name

    @property
    def config(self) -> JsonObject:
        """Return adapter_config.json; empty when it is absent or malformed."""
        return self.facts.document(CONFIG_FILE)

    @property
    def rank(self) -> int | None:
        """Return the rank that the configuration states; None when it states none."""
        return rank_of(self.config.get("r"))

    @property
    def patterns(self) -> Mapping[str, int]:
        """Return the ranks of single modules (``rank_pattern``), those that are none left out."""
        stated = self.config.get("rank_pattern")
        pairs = stated.items() if isinstance(stated, dict) else ()
        return {name: rank for name, value in pairs if (rank := rank_of(value)) is not None}

    @property
    def highest_rank(self) -> int | None:
        """Return the largest rank of any module, stated or in the tensors; None when nothing says."""
        held = [layer.rank for layer in layers(self.facts.tensors) if layer.rank is not None]
        return max([*([self.rank] if self.rank else []), *self.patterns.values(), *held], default=None)

    @property
    def base(self) -> str:
        """Return the model that it says it was trained on; empty when it does not say."""
        stated = self.config.get("base_model_name_or_path")
        return stated.strip() if isinstance(stated, str) else ""


class LoraPlan(Data):
    """How the adapters of one model are served: the buffers' rank, adapters on the GPU at once, and in memory."""

    max_rank: int
    max_loras: int
    max_cpu_loras: int


def layers(tensors: Sequence[Tensor]) -> tuple[Layer, ...]:
    """Return the modules that an adapter changes, in the order of their names."""
    found: dict[str, dict[str, Tensor]] = {}
    embeddings = set()
    for tensor in tensors:
        ending = next((ending for ending in _ENDINGS if tensor.name.endswith(ending)), "")
        if tensor.file == WEIGHTS_FILE and ending:
            module = tensor.name.removesuffix(ending).replace(_PREFIX, "")
            found.setdefault(module, {})[_ENDINGS[ending]] = tensor
            if "embedding" in ending:
                embeddings.add(module)
    return tuple(
        Layer(module=module, a=pair.get("a"), b=pair.get("b"), embeds=module in embeddings)
        for module, pair in sorted(found.items())
    )


def strange(tensors: Sequence[Tensor], heads: frozenset[str]) -> tuple[str, ...]:
    """Return the names of tensors that vLLM's loader refuses; ``heads`` are whole modules that it takes."""
    return tuple(
        tensor.name
        for tensor in tensors
        if tensor.file == WEIGHTS_FILE
        and not tensor.name.endswith((*_ENDINGS, *_WHOLE))
        and not _is_head(tensor.name, heads)
    )


def plan_lora(adapters: Sequence[Adapter], serving: Serving, table: EngineTable) -> LoraPlan | None:
    """Return how the adapters are served; None when there are none.

    The rank is the wished one where it is allowed and holds them all, else the smallest allowed one that does.
    """
    if not adapters:
        return None
    highest = max((adapter.highest_rank or 1 for adapter in adapters), default=1)
    wished = serving.max_lora_rank
    if wished is None or wished not in table.lora_ranks or wished < highest:
        wished = smallest_rank(table.lora_ranks, highest) or max(table.lora_ranks, default=DEFAULT_RANK)
    on_gpu = serving.max_loras or min(len(adapters), MOST_ON_GPU)
    return LoraPlan(max_rank=wished, max_loras=on_gpu, max_cpu_loras=max(on_gpu, len(adapters)))


def rank_of(value: JsonValue) -> int | None:
    """Return a rank; None for what is no positive whole number."""
    return value if type(value) is int and 0 < value <= MAX_RANK else None


def _is_head(name: str, heads: frozenset[str]) -> bool:
    module, _, part = name.rpartition(".")
    kind = module.rpartition(".")[2]
    return kind in _HEADS & heads and part in {"weight", "bias"}
