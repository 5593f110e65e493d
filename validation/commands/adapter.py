"""The option that names LoRA adapters to check beside the one model."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from validation.commands import UsageError
from validation.commands.source import HUB, checked_source
from validation.wish import AdapterWish


def add_option(add: Callable[..., Any]) -> None:
    """Add ``--adapter``, which may be given several times."""
    add(
        "--adapter",
        action="append",
        default=[],
        metavar="SOURCE",
        help="a LoRA adapter to serve beside the one SOURCE: hf://org/name, hf://org/name@REVISION or a folder",
    )


def adapters(args: argparse.Namespace) -> tuple[AdapterWish, ...]:
    """Return the wished adapters under the last parts of their sources; raise UsageError beside several models."""
    if args.adapter and len(args.sources) > 1:
        raise UsageError("--adapter goes with one SOURCE; check each model by itself")
    return _named([_parts(typed) for typed in args.adapter])


def _named(sources: Sequence[tuple[str, str]]) -> tuple[AdapterWish, ...]:
    found: dict[str, AdapterWish] = {}
    for source, revision in sources:
        name = plain = source.rstrip("/").rpartition("/")[2]
        while name in found:
            name = f"{plain}-{len(found) + 1}"
        found[name] = AdapterWish(name=name, source=source, revision=revision)
    return tuple(found.values())


def _parts(typed: str) -> tuple[str, str]:
    source, _, revision = typed.partition("@") if typed.startswith(HUB) else (typed, "", "")
    return checked_source(source), revision
