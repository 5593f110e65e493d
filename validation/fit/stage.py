"""Which layers stand on which node of a replica: the stages of vLLM's pipeline, and the weights that each holds.

The split is ``get_pp_indices`` in vllm/distributed/utils.py, the same since 0.10. ``VLLM_PP_LAYER_PARTITION``, which
changes it, is never set.
"""

import re

from validation.data import Data
from validation.fit.layertype import MAX_LAYERS

_LAYER = re.compile(r"(?:^|\.)(?:layers|h|blocks?)\.(\d{1,5})\.")
_TOWERS = ("vision", "visual", "audio", "image", "mm_projector", "multi_modal", "encoder.")  # built on every stage
_EMBEDDINGS = ("embed_tokens", ".wte.", "wte.", "word_embeddings", "embed_in", "tok_embeddings")
_ENDS = ("lm_head", "embed_out", "model.norm.", "final_layernorm", "final_layer_norm", "ln_f.", "norm_f.")


class Stage(Data):
    """A run of layers on the GPUs of one node, from ``first`` up to the one before ``end``."""

    first: int = 0
    end: int = MAX_LAYERS
    opens: bool = True  # it has the embeddings
    closes: bool = True  # it has the output head
    share: float = 1.0  # of all layers

    @property
    def whole(self) -> bool:
        """Return whether this is a model that is not split."""
        return self.opens and self.closes

    @property
    def layers(self) -> int:
        """Return how many layers the stage has."""
        return self.end - self.first

    def has_layer(self, index: int) -> bool:
        """Return whether the stage has this layer."""
        return self.whole or self.first <= index < self.end

    def has_weight(self, name: str, *, tied: bool) -> bool:
        """Return whether the stage loads a weight of the checkpoint, by its name.

        Vision and audio towers are built on every stage; a tied output head is a second copy of the embeddings.
        """
        if self.whole or any(word in name for word in _TOWERS):
            return True
        if layer := _LAYER.search(f"{name}."):
            return self.has_layer(int(layer[1]))
        if any(word in f"{name}." for word in _EMBEDDINGS):
            return self.opens or (tied and self.closes)
        return self.closes if any(word in f"{name}." for word in _ENDS) else True


WHOLE = Stage()


def stages(layers: int, count: int) -> tuple[Stage, ...]:
    """Return the stages of ``count`` nodes: what does not come out even goes to those before the last one."""
    if count <= 1:
        return (WHOLE,)
    sizes = [layers // count] * count
    for number in range(2, layers % count + 2):
        sizes[-number] += 1
    return tuple(
        Stage(
            first=sum(sizes[:at]),
            end=sum(sizes[: at + 1]),
            opens=at == 0,
            closes=at == count - 1,
            share=size / layers if layers else 1 / count,
        )
        for at, size in enumerate(sizes)
    )
