"""What is to be checked, and how: from the stack's settings to the checks' own words."""

from pathlib import Path

from pulumi.runtime.config import get_config

from stacks.settings import NAMESPACE, Settings
from stacks.wishes import wishes
from validation.check import ModelRequest, Policy
from validation.sources.read import SourceOptions


def requests(settings: Settings) -> list[ModelRequest]:
    """Return what is to be checked: one request a model, in the stack's order."""
    return [
        ModelRequest(source=model.source, revision=model.revision, wish=wish)
        for model, wish in zip(settings.models, wishes(settings), strict=True)
    ]


def policy(settings: Settings) -> Policy:
    """Return what the models are checked against, and how they are read; paths are relative to the project."""
    token = get_config(f"{NAMESPACE}:huggingFaceToken") if "huggingFaceToken" in settings.secrets else None
    return Policy(
        contract=settings.validation.contract,
        engine=settings.engine.version,
        fail_on=settings.validation.fail_on,
        sources=SourceOptions(
            locks=Path(settings.validation.locks),
            deadline=settings.validation.deadline_seconds,
            token=token,
        ),
    )
