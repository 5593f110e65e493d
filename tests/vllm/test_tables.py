"""The shipped engine tables: complete, dated, small, and chosen by version."""

from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from validation.engine.table import Status
from validation.engine.tables import FOLDER, EngineError, available_versions, load_engine, number, versions_with

MAX_BYTES = 1 << 20


@pytest.mark.parametrize("version", available_versions())
def test_a_table_is_complete(version: str) -> None:
    """Every part that a prediction needs is there, in a size that a real version has."""
    table = load_engine(version)

    assert {"source": f"vllm-{version}.tar.gz", "asked": version, "types": True} == {
        "source": table.source,
        "asked": table.asked,
        "types": "llama" in table.model_types,
    }
    sizes = {
        "architectures": (200, len(table.architectures)),
        "config_classes": (400, len(table.config_classes)),
        "transformers_classes": (1000, len(table.transformers_classes)),
        "quantization": (15, len(table.quantization)),
        "serve_flags": (150, len(table.serve_flags)),
        "suffixes": (10, len(table.suffixes)),
        "length_keys": (8, len(table.length_keys)),
        "lora_ranks": (7, len(table.lora_ranks)),
        "batch_tiers": (2, len(table.batch_tiers)),
    }
    assert {} == {name: pair for name, pair in sizes.items() if pair[1] < pair[0]}


@pytest.mark.parametrize("version", available_versions())
def test_transformers_is_a_version_that_vllm_allows(version: str) -> None:
    """The library that was read lies in the range that this vLLM requires."""
    table = load_engine(version)

    assert SpecifierSet(table.transformers).contains(table.transformers_version)


@pytest.mark.parametrize("version", available_versions())
def test_a_dropped_name_says_which_version_had_it(version: str) -> None:
    """Names that were removed know the last version, which lies before the table's own."""
    dropped = [entry for entry in load_engine(version).architectures.values() if entry.status is Status.REMOVED]

    assert [] == [entry.name for entry in dropped if number(entry.last_version) >= number(version)]


def test_tables_span_the_versions_in_use() -> None:
    """At least six versions from 0.10 to 0.33 ship, oldest first."""
    versions = available_versions()

    assert ("0.10.2", "0.33.0", True) == (versions[0], versions[-1], len(versions) >= 6)
    assert sorted(versions, key=number) == list(versions)


def test_all_tables_together_stay_small() -> None:
    """A clone does not carry more than 1 MiB of tables."""
    assert MAX_BYTES > sum(path.stat().st_size for path in Path(FOLDER).iterdir())


def test_an_unknown_version_takes_the_nearest_lower_one() -> None:
    """A version between two tables is answered by the older, and what was asked for is kept."""
    table = load_engine("0.31.1")

    assert ("0.30.0", "0.31.1") == (table.version, table.asked)


@pytest.mark.parametrize("version", ["0.33.0", "v0.33.0", "0.33", " 0.33.0 ", "0.33.0+cu130"])
def test_spellings_of_one_version_are_one_table(version: str) -> None:
    """A leading v, a missing patch number and a build tag change nothing."""
    assert ("0.33.0", "0.33.0") == (load_engine(version).version, load_engine(version).asked)


@pytest.mark.parametrize("version", ["", "latest", "0", "1.2.3.4.5", "0.33.0; rm", "9" * 40, "../0.33.0"])
def test_nonsense_is_no_version(version: str) -> None:
    """What does not read like a version is refused, without being echoed."""
    with pytest.raises(EngineError, match="is no vLLM version"):
        load_engine(version)


def test_a_version_before_all_tables_is_refused() -> None:
    """Nothing is known of vLLM 0.9, and nothing is guessed."""
    with pytest.raises(EngineError, match=r"oldest is `0\.10\.2`"):
        load_engine("0.9.2")


def test_versions_below_the_floor_carry_their_advisory() -> None:
    """The API key bypass concerns all versions below 0.22.0 and none from there."""
    assert ["CVE-2026-48746"] == [advisory.id for advisory in load_engine("0.21.0").advisories]
    assert () == load_engine("0.22.0").advisories


def test_the_versions_that_have_a_name_are_found() -> None:
    """Baichuan was loaded up to 0.24, Qwen3 by every version, and a made-up name by none."""
    assert "0.24.0" == versions_with("BaichuanForCausalLM")[-1]
    assert available_versions() == versions_with("Qwen3ForCausalLM")
    assert () == versions_with("MadeUpForCausalLM")


def test_flags_are_those_that_the_engine_itself_lists() -> None:
    """The flags that Slipway passes exist in the newest table, without dashes."""
    wanted = {"model", "max-model-len", "tensor-parallel-size", "gpu-memory-utilization", "dtype", "kv-cache-dtype"}

    assert wanted | {"load-format", "api-key", "shutdown-timeout"} <= load_engine("0.33.0").serve_flags


def test_batch_defaults_step_down_with_memory() -> None:
    """Large GPUs take larger batches, and the last tier takes all others."""
    tiers = load_engine("0.33.0").batch_tiers

    assert [(160, 16384, 1024), (70, 8192, 1024), (0, 2048, 256)] == [
        (tier.memory_gib, tier.max_num_batched_tokens, tier.max_num_seqs) for tier in tiers
    ]
