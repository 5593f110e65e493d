"""The weight files that vLLM would load."""

from tests.vllm.models import facts, llama
from validation.engine.weights import WeightSet, weight_set
from validation.jsontext import JsonObject

INDEX: JsonObject = {"weight_map": {"a": "model-1__safetensors".replace("__", "."), "b": "model-2.safetensors"}}


def test_all_safetensors_count_without_an_index() -> None:
    """Every safetensors file at the top is loaded; others are not."""
    found = weight_set(facts(llama(), model__safetensors=10, extra__safetensors=5, pytorch_model__bin=99))

    assert WeightSet(files=("extra.safetensors", "model.safetensors"), size=15) == found


def test_the_index_names_what_is_loaded() -> None:
    """A file beside those of the index is left alone, and an absent one is reported."""
    repository = facts(
        llama(), {"model.safetensors.index.json": INDEX}, **{"model-1__safetensors": 7, "x__safetensors": 9}
    )

    assert WeightSet(files=("model-1.safetensors",), size=7, missing=("model-2.safetensors",)) == weight_set(repository)


def test_consolidated_weights_stand_alone() -> None:
    """With consolidated weights the others are a copy, which is not counted."""
    found = weight_set(facts(llama(), consolidated__safetensors=8, model__safetensors=8))

    assert WeightSet(files=("consolidated.safetensors",), size=8) == found


def test_without_weights_nothing_is_known() -> None:
    """A folder of configuration files has no size."""
    assert WeightSet() == weight_set(facts(llama()))


def test_files_in_folders_are_not_loaded() -> None:
    """Only the top of the repository is looked at."""
    assert () == weight_set(facts(llama(), **{"original/model__safetensors": 5})).files
