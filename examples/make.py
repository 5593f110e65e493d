"""Makes the example repositories: ``python -m examples.make [FOLDER]``. The same bytes on every machine.

The good ones are whole: transformers and vLLM load them, and answer nonsense. Each bad one is a good one with one
thing wrong; bad/expected.json names the rule that says so.
"""

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from examples.adapter import adapters
from examples.vocabulary import BERT_SPECIALS, CHAT_SPECIALS, byte_level, size, word_piece
from examples.weight import bert, llama, safetensors

Repository: TypeAlias = dict[str, bytes]
HERE = Path(__file__).parent
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
UNSAFE_TEMPLATE = "{{ messages.__class__ }}" + TEMPLATE
CARD = """---
license: apache-2.0
library_name: {library}
pipeline_tag: {task}
---
# {name}

{text} Made by `python -m examples.make`; the weights are random, so the answers mean nothing.
"""


def tiny_chat(*, hidden: int = 64, heads: int = 2, layers: int = 2, merges: int = 60) -> Repository:
    """Return a chat model: Llama with grouped-query attention and tied embeddings, in bfloat16."""
    tokenizer = byte_level(merges)
    intermediate, kv = hidden * 2, hidden // heads
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": size(tokenizer),
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": 1,
        "head_dim": kv,
        "hidden_act": "silu",
        "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-05,
        "rope_theta": 10000.0,
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        **_specials(),
        "torch_dtype": "bfloat16",
    }
    shapes = llama(vocabulary=size(tokenizer), hidden=hidden, intermediate=intermediate, layers=layers, kv=kv)
    return {
        "README.md": _card("tiny-chat", "A chat model to try Slipway with.", "transformers", "text-generation"),
        "config.json": _json(config),
        "generation_config.json": _json({**_specials(), "do_sample": False}),
        "model.safetensors": safetensors(shapes),
        "tokenizer.json": _compact(tokenizer),
        "tokenizer_config.json": _json(_chat_tokenizer_config()),
    }


def tiny_embedding() -> Repository:
    """Return a sentence-transformers model: BERT with mean pooling, in float16."""
    tokenizer, hidden, positions = word_piece(), 64, 128
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": size(tokenizer),
        "hidden_size": hidden,
        "intermediate_size": 2 * hidden,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "max_position_embeddings": positions,
        "type_vocab_size": 2,
        "initializer_range": 0.02,
        "layer_norm_eps": 1e-12,
        "position_embedding_type": "absolute",
        "pad_token_id": 0,
        "torch_dtype": "float16",
    }
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), BERT_SPECIALS, strict=True))
    shapes = bert(vocabulary=size(tokenizer), hidden=hidden, intermediate=2 * hidden, layers=2, positions=positions)
    text = "An embedding model to try Slipway with."
    return {
        "README.md": _card("tiny-embedding", text, "sentence-transformers", "sentence-similarity"),
        "1_Pooling/config.json": _json({"word_embedding_dimension": hidden, "pooling_mode_mean_tokens": True}),
        "config.json": _json(config),
        "model.safetensors": safetensors(shapes, "F16"),
        "modules.json": _json(modules),
        "sentence_bert_config.json": _json({"max_seq_length": positions, "do_lower_case": False}),
        "tokenizer.json": _compact(tokenizer),
        "tokenizer_config.json": _json(
            {**names, "model_max_length": positions, "tokenizer_class": "PreTrainedTokenizerFast"}
        ),
    }


def _smallest() -> Repository:
    """Return the good chat model that each bad one is made from, as small as it gets."""
    return tiny_chat(hidden=16, heads=2, layers=1, merges=0)


def _with_config(**changes: object) -> Repository:
    """Return the smallest model with changes to config.json; None takes a key away."""
    return _edited("config.json", changes)


def _with_tokenizer_config(**changes: object) -> Repository:
    return _edited("tokenizer_config.json", changes)


def _edited(path: str, changes: Mapping[str, object]) -> Repository:
    repository = _smallest()
    content = {**json.loads(repository[path]), **changes}
    repository[path] = _json({key: value for key, value in content.items() if value is not None})
    return repository


def _without(path: str, **others: bytes) -> Repository:
    repository = {name: data for name, data in _smallest().items() if name != path}
    return repository | {name.replace("__", "."): data for name, data in others.items()}


def _unlisted() -> Repository:
    repository = _with_config(architectures=["Qwen3ForCausalLM"], model_type="qwen3")
    names = ("model.layers.0.self_attn.q_norm.weight", "model.layers.0.self_attn.k_norm.weight")
    shapes = llama(vocabulary=262, hidden=16, intermediate=32, layers=1, kv=8) | dict.fromkeys(names, (8,))
    return repository | {"model.safetensors": safetensors(shapes)}


def _removed() -> Repository:
    repository = _with_config(
        architectures=["StableLMEpochForCausalLM"],
        model_type="stablelm",
        num_key_value_heads=1,
        head_dim=None,
        rms_norm_eps=None,
        layer_norm_eps=1e-05,
        partial_rotary_factor=0.25,
        use_qkv_bias=False,
    )
    shapes = llama(vocabulary=262, hidden=16, intermediate=32, layers=1, kv=8)
    shapes |= {name.replace(".weight", ".bias"): shape for name, shape in shapes.items() if "norm" in name}
    return repository | {"model.safetensors": safetensors(shapes)}


def _custom_code() -> Repository:
    repository = _with_config(
        architectures=["ExaoneForCausalLM"],
        model_type="exaone",
        auto_map={
            "AutoConfig": "configuration_exaone.ExaoneConfig",
            "AutoModelForCausalLM": "modeling_exaone.ExaoneForCausalLM",
        },
    )
    text = '"""Stands for code of the author, which nothing here runs."""'
    code = f"{text}  # noqa: INP001 - a file of an example repository\n".encode()
    return repository | {"configuration_exaone.py": code, "modeling_exaone.py": code}


def _shard_missing() -> Repository:
    shapes = llama(vocabulary=262, hidden=16, intermediate=32, layers=1, kv=8)
    first = {name: shape for name, shape in shapes.items() if "embed" in name}
    shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    index = {
        "metadata": {"total_size": sum(2 * _count(shape) for shape in shapes.values())},
        "weight_map": {name: shards[name not in first] for name in sorted(shapes)},
    }
    repository = _without("model.safetensors")
    return repository | {shards[0]: safetensors(first), "model.safetensors.index.json": _json(index)}


def _truncated() -> Repository:
    repository = _smallest()
    repository["model.safetensors"] = repository["model.safetensors"][:4096]
    return repository


def _adapter() -> Repository:
    shapes = {
        f"base_model.model.model.layers.0.self_attn.q_proj.lora_{part}.weight": shape
        for part, shape in (("A", (4, 16)), ("B", (16, 4)))
    }
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"], "task_type": "CAUSAL_LM"}
    repository = _without("model.safetensors")
    return repository | {"adapter_model.safetensors": safetensors(shapes), "adapter_config.json": _json(config)}


def _malformed_config() -> Repository:
    repository = _smallest()
    repository["config.json"] = repository["config.json"][: repository["config.json"].index(b"num_hidden_layers")]
    return repository


def _jinja_only() -> Repository:
    return _with_tokenizer_config(chat_template=None) | {"chat_template.jinja": TEMPLATE.encode() + b"\n"}


def _reranker() -> Repository:
    shapes = bert(vocabulary=size(word_piece()), hidden=16, intermediate=32, layers=1, positions=128)
    shapes = {f"bert.{name}": shape for name, shape in shapes.items()}
    shapes |= {"classifier.weight": (1, 16), "classifier.bias": (1,)}
    repository = {name: data for name, data in tiny_embedding().items() if name.startswith(("token", "READ", "config"))}
    config = json.loads(repository["config.json"])
    config |= {"architectures": ["BertForSequenceClassification"], "hidden_size": 16, "intermediate_size": 32}
    config |= {"num_hidden_layers": 1, "id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}
    card = _card("tiny-reranker", "A reranker, which is none of the contract's types.", "transformers", "text-ranking")
    return repository | {
        "README.md": card,
        "config.json": _json(config),
        "model.safetensors": safetensors(shapes, "F16"),
    }


GOOD: Mapping[str, Callable[[], Repository]] = {"tiny-chat": tiny_chat, "tiny-embedding": tiny_embedding}
# name: (what makes it, the rules that fail, and no others)
BAD: Mapping[str, tuple[Callable[[], Repository], tuple[str, ...]]] = {
    "adapter-only": (_adapter, ("weights-only-adapter",)),
    "architecture-removed": (_removed, ("engine-supports-model",)),
    "architecture-unlisted": (_unlisted, ("architecture-not-listed",)),
    "attention-attack": (
        lambda: _with_config(_attn_implementation_internal="someone/kernel"),
        ("attention-implementation-set",),
    ),
    "chat-template-broken": (
        lambda: _with_tokenizer_config(chat_template=TEMPLATE.replace("{% endfor %}", "")),
        ("chat-template-syntax",),
    ),
    "chat-template-in-jinja-file": (_jinja_only, ("chat-template-unaccepted-place",)),
    "chat-template-missing": (lambda: _with_tokenizer_config(chat_template=None), ("chat-template-missing",)),
    "chat-template-unsafe": (
        lambda: _with_tokenizer_config(chat_template=UNSAFE_TEMPLATE),
        ("chat-template-unsafe",),
    ),
    "config-malformed": (_malformed_config, ("config-malformed",)),
    "config-without-architectures": (lambda: _with_config(architectures=None), ("architectures-missing",)),
    "config-without-length": (
        lambda: _with_config(max_position_embeddings=None),
        ("max-position-embeddings-missing",),
    ),
    "custom-code": (_custom_code, ("custom-code-needed",)),
    "gguf-only": (
        lambda: _without("model.safetensors", model__gguf=b"GGUF: stands for weights that nothing here reads\n"),
        ("weights-only-unsupported",),
    ),
    "pickle-only": (
        lambda: _without("model.safetensors", pytorch_model__bin=b"stands for a pickle; no pickle is in here\n"),
        ("weights-only-unsafe",),
    ),
    "reranker": (_reranker, ("model-type-unsupported",)),
    "shard-missing": (_shard_missing, ("weights-shard-missing",)),
    "tokenizer-missing": (lambda: _without("tokenizer.json"), ("tokenizer-missing",)),
    "weights-truncated": (_truncated, ("weights-header-malformed",)),
}


def write(folder: Path) -> None:
    """Write all repositories under ``good``, ``bad`` and ``adapters`` of the folder, replacing what is there."""
    kinds: Mapping[str, Mapping[str, Repository]] = {
        "good": {name: maker() for name, maker in GOOD.items()},
        "bad": {name: maker() for name, (maker, _) in BAD.items()},
        "adapters": adapters(),
    }
    for kind, made in kinds.items():
        shutil.rmtree(folder / kind, ignore_errors=True)
        for name, repository in made.items():
            for path, data in repository.items():
                file = folder / kind / name / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
    expected = {name: list(rules) for name, (_, rules) in BAD.items()}
    (folder / "bad" / "expected.json").write_bytes(_json(expected))


def main(arguments: Sequence[str]) -> None:
    """Write the repositories here, or into the folder that is named."""
    write(Path(arguments[0]) if arguments else HERE)


def _specials() -> dict[str, int]:
    return {f"{name}_token_id": CHAT_SPECIALS.index(f"<|{text}|>") for name, text in _NAMES.items()}


_NAMES = {"pad": "pad", "bos": "begin", "eos": "end"}


def _chat_tokenizer_config() -> dict[str, Any]:
    return {
        **{f"{name}_token": f"<|{text}|>" for name, text in _NAMES.items()},
        "chat_template": TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 2048,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for extent in shape:
        count *= extent
    return count


def _card(name: str, text: str, library: str, task: str) -> bytes:
    return CARD.format(name=name, text=text, library=library, task=task).encode()


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2).encode() + b"\n"


def _compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


if __name__ == "__main__":
    main(sys.argv[1:])
