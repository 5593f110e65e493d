"""Runs a Pulumi program as the CLI's language host does, but against the recording engine, in this process."""

import asyncio
import contextlib
import contextvars
import io
import logging
import os
import runpy
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pulumi
from pulumi.runtime import run_in_stack, set_all_config, set_mocks
from pulumi.runtime.settings import SETTINGS, set_root_resource

from dryrun.record import Diagnostic, Engine, Monitor, Recording

if TYPE_CHECKING:
    from pulumi import Resource

_NO_STACK = cast("Resource", object())
DRAIN_SECONDS = 5.0  # for messages that still wait for their resource's URN


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is run: the folder with ``__main__.py``, and the configuration as the CLI passes it on."""

    folder: Path
    project: str
    stack: str
    config: Mapping[str, str]  # JSON texts, by full key
    secrets: frozenset[str] = frozenset()  # the keys whose values are secret
    organization: str = "organization"
    environment: Mapping[str, str] = field(default_factory=dict)  # set besides, while the program runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a program ended that did not run through; ``deliberate`` for a ``pulumi.RunError``."""

    message: str
    deliberate: bool
    trace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a program asked for, and its failure if it failed."""

    recording: Recording
    failure: Failure | None = None


class ProgramExitedError(Exception):
    """A program called ``sys.exit`` with something else than success."""


def run_program(program: Program, progress: Callable[[str], None] = lambda _text: None) -> Run:
    """Run the program to its end and return what it asked for; errors of the program become the run's failure.

    What it prints is taken as a message, as the real engine does. The working directory is the program's folder
    meanwhile. ``progress`` gets messages that are of the moment only.
    """
    return contextvars.copy_context().run(_run, program, progress)


def _run(program: Program, progress: Callable[[str], None]) -> Run:
    recording = Recording()
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # as the language host: a failed program leaves futures
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    printed = io.StringIO()
    try:
        with contextlib.chdir(program.folder), contextlib.redirect_stdout(printed), _environment(program):
            _configure(program, recording, progress)
            failure = _outcome(loop, program)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        asyncio.set_event_loop(None)
    if text := printed.getvalue().strip():
        recording.diagnostics.append(Diagnostic(severity="info", message=text))
    return Run(recording=recording, failure=failure)


def _configure(program: Program, recording: Recording, progress: Callable[[str], None]) -> None:
    set_all_config(dict(program.config), sorted(program.secrets))
    monitor = Monitor(recording)
    set_root_resource(_NO_STACK)  # `set_mocks` would register a stack of its own; `run_in_stack` makes the real one
    set_mocks(
        mocks=monitor.mocks,
        project=program.project,
        stack=program.stack,
        preview=True,
        monitor=monitor,
        organization=program.organization,
    )
    set_root_resource(cast("Resource", None))
    SETTINGS.engine = Engine(recording, progress)
    SETTINGS.root_directory = str(program.folder)


def _outcome(loop: asyncio.AbstractEventLoop, program: Program) -> Failure | None:
    try:
        loop.run_until_complete(run_in_stack(lambda: _execute(program.folder)))
    except pulumi.RunError as error:
        return Failure(message=str(error), deliberate=True)
    except Exception as error:  # noqa: BLE001 - whatever the program raises is its failure, shown in one line
        return Failure(message=_described(error, program.folder), deliberate=False, trace=traceback.format_exc())
    finally:
        loop.run_until_complete(_drained())
    return None


def _execute(folder: Path) -> None:
    try:
        runpy.run_path(str(folder), run_name="__main__")
    except SystemExit as error:
        if error.code not in {None, 0}:
            raise ProgramExitedError(f"the program called `sys.exit({error.code!r})`") from error


async def _drained() -> None:
    """Let messages that wait for a URN arrive; a program that failed may leave some that never will."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if not others:
        return
    _, waiting = await asyncio.wait(others, timeout=DRAIN_SECONDS)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _described(error: BaseException, folder: Path) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _within(frame.filename, folder)]
    place = f" ({os.path.relpath(frames[-1].filename, folder)}:{frames[-1].lineno})" if frames else ""
    text = str(error).strip().splitlines()
    if isinstance(error, ProgramExitedError):
        return f"{text[0]}{place}"
    return f"{type(error).__name__}: {text[0] if text else 'no message'}{place}"


def _within(filename: str, folder: Path) -> bool:
    path = Path(filename)
    return path.is_relative_to(folder) and "site-packages" not in path.parts


@contextlib.contextmanager
def _environment(program: Program) -> Iterator[None]:
    """Run without the CLI's own configuration variables, and undo what the program changes in the environment."""
    before = dict(os.environ)
    for key in [key for key in before if key == "PULUMI_CONFIG" or key.startswith("PULUMI_CONFIG_")]:
        del os.environ[key]
    os.environ.update(program.environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
