"""What the catalogue offers for a model."""

from dataclasses import replace

from tests.fit.models import CHATS, ENGINE, LLAMA, facts
from validation.fit.choice import Choice, cheapest, choices, suggestion
from validation.fit.memory import ModelMemory, model_memory
from validation.jsontext import JsonObject
from validation.wish import Serving, Wish


def _model(config: JsonObject = LLAMA, wished: Wish | None = None) -> ModelMemory:
    return model_memory(facts(config), CHATS, ENGINE, wished)


def _names(found: tuple[Choice, ...]) -> set[str]:
    return {choice.gpu.name for choice in found}


def test_the_cheapest_stands_first() -> None:
    """Prices rise, and what has none comes last."""
    prices = [choice.price_per_hour for choice in choices(_model())]
    known = [price for price in prices if price is not None]
    assert sorted(known) == known
    assert [None] * (len(prices) - len(known)) == prices[len(known) :]


def test_everything_offered_fits() -> None:
    """A choice has a plan that fits, and a node that has the GPUs."""
    found = choices(_model())
    assert found
    assert all(choice.plan.fits for choice in found)
    assert all(choice.instance.gpus >= choice.plan.tensor_parallel for choice in found if choice.instance)


def test_an_8b_model_fits_one_l4() -> None:
    """The cheapest for Llama 3 8B is a single L4, and the help says what to type."""
    best = cheapest(_model())
    assert best is not None
    assert "choose gpu L4 with gpusPerReplica 1" == suggestion(best)


def test_what_is_too_large_for_one_node_is_offered_on_two() -> None:
    """800 billion bytes do not fit eight GPUs of 80 GB."""
    found = choices(_model(wished=Wish(serving=Serving(weights_bytes=800_000_000_000))))
    assert "H100-SXM" in _names(found)
    assert {2} == {choice.nodes for choice in found if choice.gpu.name == "H100-SXM"}


def test_what_nothing_holds_is_offered_nowhere() -> None:
    """A petabyte fits nothing, and there is no suggestion."""
    model = _model(wished=Wish(serving=Serving(weights_bytes=1 << 50)))
    assert () == choices(model)
    assert "" == suggestion(cheapest(model))


def test_gpus_that_cannot_compute_the_model_are_left_out() -> None:
    """Explicit bfloat16 rules a T4 out; `auto` does not."""
    small: JsonObject = {**LLAMA, "num_hidden_layers": 8}
    explicit = replace(Serving(), dtype="bfloat16")
    assert "T4" in _names(choices(_model(small)))
    assert "T4" not in _names(choices(_model(small, Wish(serving=explicit))))
