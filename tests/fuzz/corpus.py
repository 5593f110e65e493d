"""Where fuzzing starts: small good inputs of every target, and the inputs that once broke something."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.fixtures.configs import real_configs
from tests.hub.fixtures import TEMPLATE, safetensors
from tests.rules.build import CHAT
from tests.stacks.stack import stack
from validation.sources.lock import lock_text

PAST = Path(__file__).parent / "past"  # a folder a target, a file a finding
CONFIGS = ("Qwen/Qwen3-32B", "deepseek-ai/DeepSeek-V3", "google/gemma-3-27b-it", "openai/gpt-oss-20b")
TOKENS = (
    *(
        b"null",
        b"true",
        b"-1",
        b"0",
        b"1e308",
        b"1e999",
        b"NaN",
        b"9" * 400,
        b'""',
        b"[]",
        b"{}",
        b"[[",
        b"}",
        b"\\ud800",
    ),
    *(
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\n",
        b"'",
        b'"',
        b"&a ",
        b"*a",
        b"!!python/object:",
        b"<<: ",
        b"{{",
        b"{%",
        b"%}",
    ),
    *(b"__class__", b"range(10**9)", b"../../x", b"text_config", b"quantization_config", b"secure: x", b"\x1b[2J"),
)


def starts(target: str) -> tuple[bytes, ...]:
    """Return good inputs to begin with."""
    return _STARTS[target]()


def past(target: str) -> dict[str, bytes]:
    """Return by file name the inputs that once ended in something else than an answer."""
    folder = PAST / target
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.is_dir() else {}


def _configs() -> tuple[bytes, ...]:
    known = real_configs()
    return tuple(json.dumps(known[name].config).encode() for name in CONFIGS if name in known)


def _indexes() -> tuple[bytes, ...]:
    files = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    return (json.dumps({"metadata": {"total_size": 8}, "weight_map": {"a": files[0], "b": files[1]}}).encode(),)


def _headers() -> tuple[bytes, ...]:
    return (safetensors({"model.embed_tokens.weight": ("BF16", (2, 2), 8), "lm_head.weight": ("F32", (1,), 4)}),)


def _stacks() -> tuple[bytes, ...]:
    return (json.dumps({"config": {f"slipway:{key}": value for key, value in stack().items()}}, indent=1).encode(),)


def _locks() -> tuple[bytes, ...]:
    return (lock_text(CHAT),)


def _templates() -> tuple[bytes, ...]:
    other = b"{% set a = namespace(x=1) %}{{ a.x|tojson }}{% generation %}x{% endgeneration %}"
    return (TEMPLATE.encode(), other)


def _tokenizers() -> tuple[bytes, ...]:
    held = {"chat_template": [{"name": "default", "template": TEMPLATE}], "model_max_length": 1e30}
    return (json.dumps(held).encode(),)


_STARTS: Mapping[str, Callable[[], tuple[bytes, ...]]] = {
    "config": _configs,
    "header": _headers,
    "index": _indexes,
    "lock": _locks,
    "stack": _stacks,
    "template": _templates,
    "tokenizer_config": _tokenizers,
}
