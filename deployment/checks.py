"""What is to be checked, and how: from the stack's settings to the checks' own words."""

from pathlib import Path

import pulumi
from pulumi.runtime.config import get_config

from stacks.settings import NAMESPACE, Settings
from stacks.wishes import wishes
from validation.check import ModelRequest, Policy
from validation.sources.cache_folder import cache_folder
from validation.sources.read import SourceOptions

STAND_IN = "stand-in:"  # how the embedded engine begins what it gives for a sealed value


def requests(settings: Settings) -> list[ModelRequest]:
    """Return what is to be checked: one request a model, in the stack's order."""
    return [
        ModelRequest(source=model.source, revision=model.revision, wish=wish)
        for model, wish in zip(settings.models, wishes(settings), strict=True)
    ]


def policy(settings: Settings) -> Policy:
    """Return what the models are checked against, and how they are read; paths are relative to the project."""
    return Policy(
        contract=settings.validation.contract,
        engine=settings.engine.version,
        fail_on=settings.validation.fail_on,
        sources=SourceOptions(
            locks=Path(settings.validation.locks),
            deadline=settings.validation.deadline_seconds,
            token=_token(settings),
            cache=cache_folder(),
            progress=lambda text: pulumi.log.info(text, ephemeral=True),
        ),
    )


def _token(settings: Settings) -> str | None:
    """Return the stack's own Hub token, or None for the environment's: also where the engine has a stand-in only."""
    token = get_config(f"{NAMESPACE}:huggingFaceToken") if "huggingFaceToken" in settings.secrets else None
    return None if token is None or token.startswith(STAND_IN) else str(token)
