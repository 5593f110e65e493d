"""The adapters of a stack file: their form, their names, and where their findings stand."""

from typing import Any

import pytest

from stacks.reader import read_config
from stacks.wishes import wishes
from tests.stacks.stack import as_config, problems, with_model

SQL = {"name": "sql", "source": "hf://acme/sql", "revision": "main"}
LOCAL = {"name": "sql", "source": "models/sql", "path": "adapters/sql"}


def test_an_adapter_is_a_wish_of_its_model() -> None:
    """With the rank and the number that the stack asks for."""
    settings = read_config(as_config(with_model(adapters=[SQL], maxLoraRank=32, maxLoras=2)))
    wish = wishes(settings)[0]

    assert [("sql", "hf://acme/sql", "main")] == [(each.name, each.source, each.revision) for each in wish.adapters]
    assert (32, 2) == (wish.serving.max_lora_rank, wish.serving.max_loras)


def test_a_finding_on_an_adapter_stands_at_the_adapter() -> None:
    """And one on its revision at the revision."""
    settings = read_config(as_config(with_model(adapters=[SQL, {**SQL, "name": "other"}])))
    own = wishes(settings)[0].of_adapter(1)

    assert "slipway:models[0].adapters[1]" == (own.place.key if own.place else "")
    assert "slipway:models[0].adapters[1].revision" == getattr(own.where("revision"), "key", "")
    assert ("other", ()) == (own.name, own.adapters)


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"adapters": [{**SQL, "name": "Sql"}]}, "slipway:models[0].adapters[0].name"),
        ({"adapters": [{**SQL, "source": "https://acme/sql"}]}, "slipway:models[0].adapters[0].source"),
        ({"adapters": [{**SQL, "rank": 8}]}, "slipway:models[0].adapters[0].rank"),
        ({"adapters": [SQL, SQL]}, "slipway:models[0].adapters[1].name"),
        ({"adapters": [{**SQL, "name": "granite"}]}, "slipway:models[0].adapters[0].name"),
        ({"adapters": [{**SQL, "name": "image"}]}, "slipway:models[0].adapters[0].name"),
        ({"adapters": [{**SQL, "path": "x"}]}, "slipway:models[0].adapters[0].path"),
        ({"adapters": [LOCAL]}, "slipway:models[0].adapters[0].source"),
        (
            {"adapters": [{**LOCAL, "revision": "main"}], "weights": {"claim": "models"}},
            "slipway:models[0].adapters[0].revision",
        ),
        (
            {"adapters": [{"name": "sql", "source": "models/sql"}], "weights": {"claim": "models"}},
            "slipway:models[0].adapters[0].path",
        ),
        (
            {"source": "models/granite", "weights": {"claim": "models"}, "adapters": [SQL]},
            "slipway:models[0].adapters[0].source",
        ),
        ({"maxLoras": 2}, "slipway:models[0].maxLoras"),
        ({"adapters": [SQL], "maxLoraRank": 0}, "slipway:models[0].maxLoraRank"),
    ],
)
def test_what_cannot_be_is_one_problem_at_its_key(values: dict[str, Any], path: str) -> None:
    """Each with its path, before anything is read."""
    assert [path] == list(problems(with_model(**values)))


@pytest.mark.parametrize(
    "values",
    [
        {"adapters": [SQL, {**SQL, "name": "summary"}]},
        {"adapters": [LOCAL], "weights": {"claim": "models"}},
        {"adapters": []},
    ],
)
def test_adapters_that_can_be_served_pass(values: dict[str, Any]) -> None:
    """From the Hub for a model of the Hub, or in the model's claim."""
    assert {} == problems(with_model(**values))


def test_two_models_may_have_adapters_of_the_same_name() -> None:
    """Each model has an address of its own."""
    values = with_model(adapters=[SQL])
    values["models"][1] |= {"adapters": [LOCAL]}

    assert {} == problems(values)
