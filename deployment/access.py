"""What the servers of a model are told of their callers: when keys have changed, and how much may be sent."""

from typing import Any

from stacks.model import Model


def access(model: Model) -> dict[str, Any]:
    """Return the arguments of VllmInferenceService that follow from the endpoint's settings."""
    generation = model.endpoint.api_key_generation
    return {
        "api_key_checksum": None if generation is None else str(generation),
        "max_body_mib": model.endpoint.max_body_mib,
    }
