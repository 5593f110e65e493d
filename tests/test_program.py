"""What the program says of a stack besides its findings."""

import pytest

from deployment.serving import unused
from stacks.model import Model


@pytest.mark.parametrize(
    ("said", "replicas"), [("", {"min": 2}), ("", {"min": 2, "max": 2}), ("4", {"min": 2, "max": 4})]
)
def test_a_largest_number_of_replicas_that_nothing_uses_is_told(said: str, replicas: dict[str, int]) -> None:
    """Nobody waits for replicas that never come."""
    model = Model.model_validate({"name": "tiny", "source": "hf://acme/tiny", "pool": "l4", "replicas": replicas})

    assert bool(said) == bool(unused(model))
    assert said in unused(model)
