"""The script that makes engine tables, on a vLLM of a few lines."""

import gzip
import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tools.engine_table import __main__ as script

VLLM = {
    "PKG-INFO": "Name: vllm\nVersion: 9.9.9\nRequires-Dist: transformers<6,>=5.1\n",
    "vllm/model_executor/models/registry.py": """
_TEXT_GENERATION_MODELS = {"TinyForCausalLM": ("tiny", "TinyForCausalLM")}
_EMBEDDING_MODELS = {"TinyModel": ("tiny", "TinyPooler"), **_TEXT_GENERATION_MODELS}
_SPECULATIVE_DECODING_MODELS = {"TinyDraft": ("tiny", "TinyDraft")}
_TRANSFORMERS_BACKEND_MODELS = {}
_VLLM_MODELS = {**_TEXT_GENERATION_MODELS}
_PREVIOUSLY_SUPPORTED_MODELS = {"OldForCausalLM": "9.9.1"}
_OOT_SUPPORTED_MODELS = {"FarModel": "https://example.com/plugin"}
raise SystemExit("nothing of this may run")
""",
    "vllm/model_executor/models/interfaces.py": "class SupportsPP:\n    supports_pp: bool = True\n",
    "vllm/model_executor/models/tiny.py": """
from .interfaces import SupportsPP

class TinyForCausalLM(SupportsPP):
    def forward(self, input_ids, positions): ...
    def compute_logits(self, hidden): ...

class TinyPooler:
    is_pooling_model = True
    def forward(self, input_ids, positions, **kwargs): ...

class TinyDraft(TinyForCausalLM):
    def __init__(self, *, vllm_config):
        self.config = vllm_config.speculative_config
""",
    "vllm/model_executor/layers/quantization/__init__.py": """
from typing import Literal
QuantizationMethods = Literal["tiny", "gone"]
DEPRECATED_QUANTIZATION_METHODS = ["gone"]
def get_quantization_config(quantization):
    from .tiny import TinyConfig
    method_to_config: dict = {"tiny": TinyConfig, "gone": TinyConfig}
""",
    "vllm/model_executor/layers/quantization/tiny.py": """
class TinyConfig:
    @classmethod
    def get_min_capability(cls): return 89
    @classmethod
    def get_supported_act_dtypes(cls): return [torch.half, torch.bfloat16]
""",
    "vllm/config/model.py": """
_SUFFIX_TO_DEFAULTS = [("ForCausalLM", ("generate", "none")), ("Model", ("pooling", "embed"))]
_FLOAT16_NOT_SUPPORTED_MODELS = {"tiny": "reason"}
def length(config):
    possible_keys = ["max_position_embeddings"]
    if rope_type not in ("yarn",): pass
def is_deepseek_mla(self):
    return self.model_type in ("tiny_mla",)
""",
    "vllm/config/cache.py": "class CacheConfig:\n    gpu_memory_utilization: float = Field(default=0.5, gt=0)\n",
    "vllm/config/lora.py": "MaxLoRARanks = Literal[8, 16]\n",
    "vllm/engine/arg_utils.py": """
def get_batch_defaults():
    if device_memory >= 70 * GiB_bytes and "a100" not in device_name:
        default_max_num_batched_tokens = {UsageContext.OPENAI_API_SERVER: 8192}
        default_max_num_seqs = {UsageContext.OPENAI_API_SERVER: 1024}
    else:
        default_max_num_batched_tokens = {UsageContext.OPENAI_API_SERVER: 2048}
        default_max_num_seqs = {UsageContext.OPENAI_API_SERVER: 256}
def add(parser):
    parser.add_argument("--max-model-len", type=int)
""",
    "vllm/transformers_utils/config.py": '_CONFIG_REGISTRY = LazyConfigDict(tiny="TinyVConfig")\n',
    "vllm/transformers_utils/configs/tiny.py": """
class TinyVConfig(PreTrainedConfig):
    model_type = "tiny"
    attribute_map = {"num_hidden_layers": "layers"}
    def __init__(self, layers=3, seq_length=int(2**6), heads=None, **kwargs):
        self.layers = layers
        self.seq_length = seq_length
        self.max_position_embeddings = seq_length
        self.text_config = LibConfig(**kwargs.pop("language_config", {}))
""",
}
TRANSFORMERS = {
    "transformers-5.2.0.dist-info/METADATA": "Name: transformers\nVersion: 5.2.0\n",
    "transformers/models/auto/configuration_auto.py": (
        'CONFIG_MAPPING_NAMES = OrderedDict([("lib", "LibConfig")])\n'
        'CONFIG_MAPPING_NAMES.update({"lib2": "LibConfig"})\n'
    ),
    "transformers/models/auto/modeling_auto.py": 'MODEL_MAPPING_NAMES = OrderedDict([("lib", "LibModel")])\n',
    "transformers/models/lib/configuration_lib.py": """
class LibConfig(PreTrainedConfig):
    model_type = "lib"
    sub_configs = {"vision_config": EyeConfig}
    hidden_size: int = 8 * 8
    num_key_value_heads: int | None = None
    hidden_dropout: float = 0.1
    def __post_init__(self, **kwargs):
        if self.num_key_value_heads is None:
            self.num_key_value_heads = self.num_attention_heads
    def get_text_config(self, **kwargs):
        return self.inner_config.get_text_config()
class EyeConfig(PreTrainedConfig):
    model_type = "eye"
    depth: int = 2
""",
    "transformers/models/lib/modeling_lib.py": """
class LibAttention(nn.Module):
    def __init__(self, config, layer_idx):
        self.layer_idx = layer_idx
    def forward(self):
        attention = ALL_ATTENTION_FUNCTIONS.get_interface(self.config._attn_implementation, eager)
class LibPreTrainedModel(PreTrainedModel):
    pass
class LibModel(LibPreTrainedModel):
    def forward(self, input_ids, inputs_embeds): ...
__all__ = ["LibModel", "LibPreTrainedModel"]
""",
}


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the two tables that the script writes for the small archives."""
    sdist, wheel = tmp_path / "vllm-9.9.9.tar.gz", tmp_path / "transformers-5.2.0-py3-none-any.whl"
    with tarfile.open(sdist, "w:gz") as archive:
        for path, text in VLLM.items():
            member = tarfile.TarInfo(f"vllm-9.9.9/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    with zipfile.ZipFile(wheel, "w") as packed:
        for path, text in TRANSFORMERS.items():
            packed.writestr(path, text)
    monkeypatch.setattr(script, "FOLDER", tmp_path)
    monkeypatch.setattr(sys, "argv", ["engine_table", str(sdist), str(wheel), "--date", "2026-01-02"])
    script.main()
    names = ("vllm-9.9.9.json.gz", "transformers-5.2.0.json.gz")
    engine, library = (json.loads(gzip.decompress((tmp_path / name).read_bytes())) for name in names)
    for table in (engine, library):
        table["config_classes"] = {name: json.loads(text) for name, text in table["config_classes"].items()}
    return engine, library


def test_the_engine_is_read_without_being_run(tables: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Names, flags, methods, defaults and flags of the command line come from the source alone."""
    engine, _ = tables
    wanted = {
        "version": "9.9.9",
        "date": "2026-01-02",
        "transformers": {"range": "<6,>=5.1", "version": "5.2.0"},
        "architectures": {
            "TinyForCausalLM": ["text-generation embedding", "tiny:TinyForCausalLM", "generates pp"],
            "TinyModel": ["embedding", "tiny:TinyPooler", "pooling"],
            "TinyDraft": ["speculative", "tiny:TinyDraft", "draft generates pp"],
        },
        "removed": {"OldForCausalLM": "9.9.1"},
        "plugins": {"FarModel": "https://example.com/plugin"},
        "quantization": {"tiny": [89, "float16 bfloat16", ""], "gone": [89, "float16 bfloat16", "deprecated"]},
        "suffixes": [["ForCausalLM", "generate", "none"], ["Model", "pooling", "embed"]],
        "defaults": {"gpu_memory_utilization": 0.5, "block_size": 16},
        "batches": [[70, "a100", 8192, 1024], [0, "", 2048, 256]],
        "length": {"keys": ["max_position_embeddings"], "unscaled_ropes": ["yarn"]},
        "mla_types": ["tiny_mla"],
        "float16_refused": ["tiny"],
        "lora_ranks": [8, 16],
        "model_types": ["tiny"],
        "serve_flags": ["max-model-len"],
    }

    assert wanted == {key: engine[key] for key in wanted}


def test_configuration_classes_keep_what_they_add(tables: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Defaults, other names, nested configurations and copies are kept; numbers of no concern are not."""
    engine, library = tables
    lib = [
        {"hidden_size": 64},
        {},
        {"vision_config": "eye"},
        "inner_config.",
        {"num_key_value_heads": "num_attention_heads"},
    ]
    tiny = [
        {"layers": 3, "seq_length": 64},
        {"num_hidden_layers": "layers"},
        {"text_config": "lib"},
        "",
        {"max_position_embeddings": "seq_length", "text_config": "language_config"},
    ]

    assert {"lib": lib, "lib2": lib, "eye": [{"depth": 2}, {}, {}, "", {}]} == library["config_classes"]
    assert {"tiny": tiny} == engine["config_classes"]


def test_the_fit_with_the_transformers_backend_is_read(tables: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """A base model that takes no positions is an obstacle; its class is exported and unmarked."""
    _, library = tables

    assert (
        {"lib": "`LibModel` takes no `position_ids`"},
        {"lib": "LibModel"},
        ["LibModel", "LibPreTrainedModel"],
        [],
        ["lib", "lib2"],
    ) == tuple(library[key] for key in ("obstacles", "base_classes", "unmarked", "incompatible", "types"))
