"""``python -m validation check SOURCE...``: check models, print the reports, and exit as they say."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from validation.check import DEFAULT_CONTRACT, DEFAULT_ENGINE, ModelRequest, Policy, check_models
from validation.commands import Exit, UsageError
from validation.commands.adapter import adapters, add_option
from validation.commands.argument import count, plain, seconds
from validation.commands.hardware import add_options, hardware
from validation.commands.source import checked_source
from validation.commands.stream import show
from validation.finding import Severity
from validation.output import FORMATS
from validation.output.safe import safe
from validation.report import Report, Verdict
from validation.sources.cache_folder import cache_folder
from validation.sources.read import SourceOptions
from validation.wish import ModelType, Serving, Wish

DEADLINE = 30.0  # seconds, for all sources together
NEVER = "never"
TYPES = ("chat", "vision", "multimodal", "embedding")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the arguments of this command."""
    parser = subparsers.add_parser(
        "check",
        help="check models before they are deployed",
        description="Check models against a contract and a version of vLLM, from their files alone.",
        epilog="exit codes: 0 clean, 1 findings at --fail-on, 2 usage, 3 could not check",
    )
    add = parser.add_argument
    add("sources", nargs="+", metavar="SOURCE", help="hf://org/name, a folder, or a lock file")
    add("--revision", type=plain, default="", help="branch, tag or commit of the SOURCE (its default branch)")
    add(
        "--contract", type=plain, default=DEFAULT_CONTRACT, help="managed-inference, vllm, or a YAML file (%(default)s)"
    )
    add("--engine", type=plain, default=DEFAULT_ENGINE, metavar="VERSION", help="version of vLLM (%(default)s)")
    add("--type", choices=TYPES, help="what the model has to be")
    add_options(add, gpu_help="plan the memory of this GPU, such as L4 or H100-SXM")
    add("--max-model-len", type=count, metavar="TOKENS", help="context length that has to fit")
    add_option(add)
    add("--lock", type=Path, metavar="DIR", help="folder of lock files, used where one has the wanted commit")
    add("--offline", action="store_true", help="ask nobody: lock files, the cache and folders only")
    add("--no-cache", action="store_true", help="keep and use no facts of earlier runs (SLIPWAY_CACHE=off does too)")
    add("--timeout", type=seconds, default=DEADLINE, metavar="SECONDS", help="for all sources together (%(default)g)")
    add("--format", choices=FORMATS, default="text", help="(%(default)s)")
    add("--fail-on", choices=(*map(str, Severity), NEVER), default="error", help="(%(default)s)")
    add("--exit-zero", action="store_true", help="exit with 0 whatever was found, as uploads of SARIF want it")
    add("-o", "--output", type=Path, metavar="FILE", help="write there, not to the standard output")


def run(args: argparse.Namespace) -> int:
    """Check the models, print the reports, and return the exit code."""
    reports = _checked(_requests(args), _policy(args))
    show(reports, args.format, args.output)
    return Exit.CLEAN if args.exit_zero else exit_code(reports, args.fail_on)


def exit_code(reports: Sequence[Report], fail_on: str) -> Exit:
    """Return 1 when a rule failed at ``fail_on``, else 3 when an error rule could not be checked, else 0."""
    if fail_on != NEVER and any(report.fails(Severity(fail_on)) for report in reports):
        return Exit.FINDINGS
    unchecked = any(report.verdict is Verdict.UNKNOWN for report in reports)
    return Exit.UNCHECKED if unchecked else Exit.CLEAN


def _requests(args: argparse.Namespace) -> list[ModelRequest]:
    if args.revision and len(args.sources) > 1:
        raise UsageError("--revision goes with one SOURCE; check each model by itself")
    wish = Wish(
        model_type=None if args.type is None else ModelType(args.type),
        hardware=hardware(args),
        serving=Serving(max_model_len=args.max_model_len),
        adapters=adapters(args),
    )
    return [ModelRequest(source=checked_source(typed), revision=args.revision, wish=wish) for typed in args.sources]


def _policy(args: argparse.Namespace) -> Policy:
    return Policy(
        contract=args.contract,
        engine=args.engine,
        sources=SourceOptions(
            locks=args.lock,
            deadline=args.timeout,
            offline=args.offline,
            cache=None if args.no_cache else cache_folder(),
            progress=_progress if sys.stderr.isatty() else None,
        ),
    )


def _progress(line: str) -> None:
    sys.stderr.write(f"{safe(line)}\n")


def _checked(requests: Sequence[ModelRequest], policy: Policy) -> tuple[Report, ...]:
    from validation.contracts.load import ContractError  # noqa: PLC0415 - check_models imports it
    from validation.engine.tables import EngineError  # noqa: PLC0415 - the same

    try:
        return check_models(requests, policy)
    except ContractError as error:
        raise UsageError(str(error)) from None
    except EngineError as error:
        raise UsageError(f"the engine version {error}") from None
