"""Weights that mean nothing, the same bytes on every machine, in the safetensors format."""

import json
import random
import struct
from collections.abc import Callable, Mapping

Shapes = Mapping[str, tuple[int, ...]]
_ALIGNMENT = 8
_PACK: Mapping[str, Callable[[float], bytes]] = {
    "BF16": lambda value: struct.pack("<f", value)[2:],  # the upper half of a float32, towards zero
    "F16": lambda value: struct.pack("<e", value),
    "F32": lambda value: struct.pack("<f", value),
}


def safetensors(shapes: Shapes, dtype: str = "BF16", seed: str = "slipway") -> bytes:
    """Return a file with these tensors: ones for the scale of a norm, zeros for biases, else small random numbers."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    data = bytearray()
    for name, shape in sorted(shapes.items()):
        begin = len(data)
        data += _tensor(name, shape, dtype, seed)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return struct.pack("<Q", len(text)) + text + bytes(data)


def _tensor(name: str, shape: tuple[int, ...], dtype: str, seed: str) -> bytes:
    pack, count = _PACK[dtype], 1
    for extent in shape:
        count *= extent
    if name.endswith("bias"):
        return pack(0.0) * count
    if "norm" in name.lower():
        return pack(1.0) * count
    numbers = random.Random(f"{seed}/{name}")  # noqa: S311 - the same numbers every time are the purpose
    return b"".join(pack((numbers.random() - 0.5) / 8) for _ in range(count))


def llama(*, vocabulary: int, hidden: int, intermediate: int, layers: int, kv: int) -> dict[str, tuple[int, ...]]:
    """Return the tensors of a Llama with tied embeddings; ``kv`` is the width of all its key heads together."""
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (vocabulary, hidden),
        "model.norm.weight": (hidden,),
    }
    for layer in range(layers):
        name = f"model.layers.{layer}"
        shapes |= {
            f"{name}.input_layernorm.weight": (hidden,),
            f"{name}.post_attention_layernorm.weight": (hidden,),
            f"{name}.self_attn.q_proj.weight": (hidden, hidden),
            f"{name}.self_attn.k_proj.weight": (kv, hidden),
            f"{name}.self_attn.v_proj.weight": (kv, hidden),
            f"{name}.self_attn.o_proj.weight": (hidden, hidden),
            f"{name}.mlp.gate_proj.weight": (intermediate, hidden),
            f"{name}.mlp.up_proj.weight": (intermediate, hidden),
            f"{name}.mlp.down_proj.weight": (hidden, intermediate),
        }
    return shapes


def bert(*, vocabulary: int, hidden: int, intermediate: int, layers: int, positions: int) -> dict[str, tuple[int, ...]]:
    """Return the tensors of a BertModel with its pooler."""
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (vocabulary, hidden),
        "embeddings.position_embeddings.weight": (positions, hidden),
        "embeddings.token_type_embeddings.weight": (2, hidden),
        **_affine("embeddings.LayerNorm", (hidden,)),
        **_affine("pooler.dense", (hidden, hidden)),
    }
    for layer in range(layers):
        name = f"encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            shapes |= _affine(f"{name}.attention.self.{part}", (hidden, hidden))
        shapes |= _affine(f"{name}.attention.output.dense", (hidden, hidden))
        shapes |= _affine(f"{name}.attention.output.LayerNorm", (hidden,))
        shapes |= _affine(f"{name}.intermediate.dense", (intermediate, hidden))
        shapes |= _affine(f"{name}.output.dense", (hidden, intermediate))
        shapes |= _affine(f"{name}.output.LayerNorm", (hidden,))
    return shapes


def _affine(name: str, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
