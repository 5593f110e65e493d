"""Models and adapters of a stack file, as far as `lock` and `pin` need them; the Pulumi program reads all of it."""

from collections.abc import Mapping
from pathlib import Path

from validation.commands import UsageError
from validation.data import Data, field
from validation.sources.read import SourceRequest
from validation.yamltext import Limits, Position, Span, YamlError, YamlText, parse_yaml

SUFFIXES = (".yaml", ".yml")
MAX_STACK_BYTES = Limits().size


class StackModel(Data):
    """One model of a stack file, or an adapter of one, and where in the text its values stand."""

    source: str
    revision: str
    line: int
    is_flow: bool  # written as {source: ..., revision: ...}
    span: Span
    source_span: Span
    source_place: Position
    revision_span: Span | None  # None: the key is absent

    @property
    def request(self) -> SourceRequest:
        """Return what a source is asked for."""
        return SourceRequest(self.source, self.revision)


class StackFile(Data):
    """A stack file: its text without the mark of its encoding, and its models, each before its adapters."""

    path: Path
    mark: bytes = b""
    text: str = field(repr=False)
    models: tuple[StackModel, ...]


def is_stack_file(typed: str) -> bool:
    """Return whether an argument names a stack file rather than a source."""
    return typed.endswith(SUFFIXES)


def read_stack(path: Path) -> StackFile:
    """Return the models of a stack file; raise UsageError, with the place, when it cannot be understood."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_STACK_BYTES + 1)
        parsed = parse_yaml(data)
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {(error.strerror or 'no reason given').lower()}") from None
    except YamlError as error:
        where = f":{error.line}:{error.column}" if error.line else ""
        raise UsageError(f"`{path}{where}` {error.reason}") from None
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    text = data.decode("utf-8-sig")
    return StackFile(path=path, mark=mark, text=text, models=tuple(_models(path, text, parsed)))


def _models(path: Path, text: str, parsed: YamlText) -> list[StackModel]:
    config = parsed.value.get("config") if isinstance(parsed.value, dict) else None
    keys = [key for key in config if key == "models" or key.endswith(":models")] if isinstance(config, dict) else []
    found = []
    for key in keys:
        listed = config[key] if isinstance(config, dict) else None
        for number, model in enumerate(listed if isinstance(listed, list) else []):
            place = ("config", key, number)
            found.append(_checked(path, text, parsed, place, model))
            adapters = model.get("adapters") if isinstance(model, dict) else None
            for at, adapter in enumerate(adapters if isinstance(adapters, list) else []):
                found.append(_checked(path, text, parsed, (*place, "adapters", at), adapter))
    return found


def _checked(path: Path, text: str, parsed: YamlText, place: tuple[str | int, ...], value: object) -> StackModel:
    if not isinstance(value, dict) or not isinstance(value.get("source"), str):
        what = "an adapter" if "adapters" in place else "a model"
        raise UsageError(f"`{path}:{parsed.places[place].line}` has {what} without a `source`")
    return _model(text, parsed, place, value)


def _model(text: str, parsed: YamlText, place: tuple[str | int, ...], model: Mapping[str, object]) -> StackModel:
    revision = model.get("revision")
    span = parsed.spans[place]
    return StackModel(
        source=str(model["source"]),
        revision="" if revision is None else str(revision),
        line=parsed.places[place].line,
        is_flow=text[span.start : span.start + 1] == "{",
        span=span,
        source_span=parsed.spans[*place, "source"],
        source_place=parsed.places[*place, "source"],
        revision_span=parsed.spans.get((*place, "revision")),
    )
