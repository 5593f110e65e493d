"""What each vLLM version makes of adapters."""

from pathlib import Path

import pytest

from tools.engine_table.archive import Sources
from tools.engine_table.lora import HELPER, PROCESSOR, adapters
from tools.engine_table.registry import REGISTRY
from validation.engine.lora import lora_support, smallest_rank
from validation.engine.tables import EngineError, available_versions, load_engine, versions_taking_adapters

LOADER = """
class Helper:
    rank_pattern: dict
    def _validate_features(self):
        return ["score", "other"]
"""
MODEL = """
class Base(SupportsLoRA):
    embedding_modules = {"embed_tokens": "input_embeddings"}
class Wide(Base):
    supports_lora = True
    is_3d_moe_weight = True
class Odd:
    supports_lora = True
    embedding_modules = Base.embedding_modules
class Plain:
    supports_lora = True
"""


@pytest.mark.parametrize("version", available_versions())
def test_every_version_says_what_it_takes(version: str) -> None:
    """No table is without its ranks, and each architecture of the list is one of the engine's."""
    support, table = lora_support(version), load_engine(version)

    assert support.vocabulary > 200_000
    assert {512} <= set(table.lora_ranks)
    assert {"LlamaForCausalLM"} <= set(support.embeddings) <= set(table.architectures)


def test_newer_versions_read_more_of_an_adapter() -> None:
    """Patterns of ranks and whole heads of classifiers came with 0.32."""
    older, newer = lora_support("0.30.0"), lora_support("0.33.0")

    assert (False, True) == (older.patterns, newer.patterns)
    assert (frozenset(), frozenset({"classifier", "score"})) == (older.heads, newer.heads)


def test_a_version_between_two_is_like_the_lower_one() -> None:
    """As the engine's tables are chosen."""
    assert lora_support("0.30.0") == lora_support("0.31.5")


def test_what_is_no_version_is_refused() -> None:
    """The caller gets the error that it knows from the tables."""
    with pytest.raises(EngineError):
        lora_support("latest")


def test_the_versions_that_take_an_adapter_are_known() -> None:
    """For the help of a finding."""
    assert "0.33.0" in versions_taking_adapters("LlamaForCausalLM")
    assert () == versions_taking_adapters("GPT2LMHeadModel")


@pytest.mark.parametrize(("wanted", "expected"), [(1, 8), (8, 8), (9, 16), (512, 512), (513, None)])
def test_the_smallest_rank_that_holds_an_adapter(wanted: int, expected: int | None) -> None:
    """Of the numbers that a version takes, in any order."""
    assert expected == smallest_rank((512, 8, 16), wanted)


def test_adapters_are_read_from_the_source(tmp_path: Path) -> None:
    """Classes, inherited attributes, and those that the source computes."""
    models = "vllm/model_executor/models"
    registry = "_TEXT_GENERATION_MODELS = {" + "".join(
        f'"{name}": ("m", "{name}"),' for name in ("Wide", "Odd", "Plain")
    )
    sources = Sources(
        archive=tmp_path,
        package="vllm",
        texts={
            REGISTRY: f"{registry}}}\n",
            f"{models}/m.py": MODEL,
            HELPER: LOADER,
            PROCESSOR: "if 32000 < self.base_layer.vocab_size > 257024:\n    pass\n",
        },
    )

    assert {
        "patterns": True,
        "heads": ["score"],
        "vocabulary": 257024,
        "embeddings": {"embed_tokens": ["Wide"]},
        "unsure": ["Odd"],
        "fused_experts": ["Wide"],
    } == adapters(sources)
