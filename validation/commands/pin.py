"""``python -m validation pin``: write the commit of each model and adapter into a stack file, or print it."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from validation.commands import Exit, UsageError
from validation.commands.argument import plain, seconds
from validation.commands.lock import gather, refused, say
from validation.commands.stack import StackFile, StackModel, is_stack_file, read_stack
from validation.commands.stream import write
from validation.facts import RepositoryFacts
from validation.output.safe import safe
from validation.sources.address import HUB, is_commit
from validation.sources.read import SourceOptions, SourceRequest, resolve_all
from validation.sources.replacement import replace_file
from validation.yamltext import YamlError, YamlValue, parse_yaml

DEADLINE = 30.0  # seconds, for all models together


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the arguments of this command."""
    parser = subparsers.add_parser(
        "pin",
        help="write the commit of each model and adapter into a stack file",
        description="Write the commit that the revision of each model and adapter points to into the stack file, "
        "comments kept; for a SOURCE print it. Models that state a commit already keep it, unless --update is given.",
        epilog="exit codes: 0 all pinned, 1 a model has no such revision, 2 usage, 3 the Hub was not reached",
    )
    add = parser.add_argument
    add("models", nargs="+", metavar="STACKFILE_OR_SOURCE", help="a stack file (.yaml), or hf://org/name")
    add("--revision", type=plain, default="", help="branch, tag or commit of the one SOURCE (its default branch)")
    add("--update", action="store_true", help="move pinned models of stack files to their default branch's commit")
    add("--timeout", type=seconds, default=DEADLINE, metavar="SECONDS", help="for all models together (%(default)g)")


def run(args: argparse.Namespace) -> int:
    """Pin what the arguments name and return the exit code."""
    options = SourceOptions(deadline=args.timeout)
    stacks = [read_stack(Path(item)) for item in args.models if is_stack_file(item)]
    sources = (
        gather([item for item in args.models if not is_stack_file(item)], args.revision) if _has_source(args) else []
    )
    if args.revision and stacks:
        raise UsageError("--revision goes with one SOURCE; a stack file states its own")
    codes = [_print(facts) for facts in resolve_all(sources, options)]
    for stack in stacks:
        codes += _pin(stack, options, update=args.update)
    return Exit.UNCHECKED if Exit.UNCHECKED in codes and Exit.FINDINGS not in codes else max(codes, default=Exit.CLEAN)


def pinned(stack: StackFile, commits: Sequence[tuple[StackModel, str]]) -> str:
    """Return the stack file's text with these commits; raise UsageError when that would change anything else."""
    text = stack.text
    for model, commit in sorted(commits, key=lambda item: _edited_at(item[0]), reverse=True):
        text = _edited(text, model, commit)
    expected = {model.span.start: commit for model, commit in commits}
    wanted = [expected.get(model.span.start, model.revision) for model in stack.models]
    try:
        value = parse_yaml(text.encode()).value
    except YamlError:
        value = None
    before = parse_yaml(stack.text.encode()).value
    if _revisions(value) != wanted or _without_revisions(value) != _without_revisions(before):
        raise UsageError(f"`{stack.path}` is written in a way that cannot be edited safely; write the commits by hand")
    return text


def _has_source(args: argparse.Namespace) -> bool:
    return any(not is_stack_file(item) for item in args.models)


def _print(facts: RepositoryFacts) -> Exit:
    if not facts.readable:
        return refused(facts)
    if not facts.commit:
        say(f"{facts.source}: a folder has no commit")
        return Exit.CLEAN
    write(f"{facts.commit}\n")
    return Exit.CLEAN


def _pin(stack: StackFile, options: SourceOptions, *, update: bool) -> list[Exit]:
    wanted = [
        model for model in stack.models if model.source.startswith(HUB) and (update or not is_commit(model.revision))
    ]
    requests = [SourceRequest(model.source, "" if is_commit(model.revision) else model.revision) for model in wanted]
    commits: list[tuple[StackModel, str]] = []
    codes = [Exit.CLEAN]
    for model, facts in zip(wanted, resolve_all(requests, options), strict=True):
        if not facts.readable:
            codes.append(refused(facts))
        elif facts.commit != model.revision:
            commits.append((model, facts.commit))
    if commits:
        data = stack.mark + pinned(stack, commits).encode()
        try:
            replace_file(stack.path, data)
        except OSError as error:
            raise UsageError(
                f"`{stack.path}` cannot be written: {(error.strerror or 'no reason given').lower()}"
            ) from None
    for model, commit in commits:
        write(f"{safe(str(stack.path))}:{model.line}: {safe(model.source)} {commit}\n")
    return codes


def _edited_at(model: StackModel) -> int:
    return model.source_span.end if model.revision_span is None else model.revision_span[0]


def _edited(text: str, model: StackModel, commit: str) -> str:
    if model.revision_span is not None:
        start, end = model.revision_span
        return f"{text[:start]}{'' if start < end else ' '}{commit}{text[end:]}"
    if model.is_flow:
        end = model.source_span.end
        return f"{text[:end]}, revision: {commit}{text[end:]}"
    end = text.find("\n", model.source_span.end)
    end = len(text) if end < 0 else end
    line_end = "\r\n" if text[:end].endswith("\r") else "\n"
    end -= len(line_end) - 1
    return f"{text[:end]}{line_end}{' ' * (model.source_place.column - 1)}revision: {commit}{text[end:]}"


def _models(value: YamlValue) -> list[dict[str, YamlValue]]:
    config = value.get("config") if isinstance(value, dict) else None
    found: list[dict[str, YamlValue]] = []
    for key, listed in config.items() if isinstance(config, dict) else ():
        if (key == "models" or key.endswith(":models")) and isinstance(listed, list):
            for model in listed:
                if isinstance(model, dict):
                    adapters = model.get("adapters")
                    inner = adapters if isinstance(adapters, list) else []
                    found += [model, *(adapter for adapter in inner if isinstance(adapter, dict))]
    return found


def _revisions(value: YamlValue) -> list[str]:
    return [str(model.get("revision") or "") for model in _models(value)]


def _without_revisions(value: YamlValue) -> YamlValue:
    for model in _models(value):
        model.pop("revision", None)
    return value
