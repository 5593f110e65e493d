"""Predict what a vLLM version would answer for a repository, from its files alone."""

from validation.engine.prediction import Prediction, Support
from validation.engine.table import EngineTable, Status
from validation.facts import RepositoryFacts
from validation.wish import Wish


def predict(facts: RepositoryFacts, table: EngineTable, wish: Wish | None = None) -> Prediction:  # noqa: ARG001 - soon
    """Return the engine's predicted answer for a repository, served as wished."""
    for name in facts.architectures:
        known = table.architectures.get(name)
        if known is not None and known.status is Status.SUPPORTED:
            return Prediction(supported=Support.YES, architecture=name, implementation=known.implementation)
    return Prediction(supported=Support.UNKNOWN)
