"""The command: ``python -m dryrun preview STACK``."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from dryrun.folder import FolderError
from dryrun.plan import Plan, Result
from dryrun.preview import preview
from dryrun.progress import progress_on
from dryrun.project import Project, ProjectError, read_project, seen_from
from dryrun.text import lines, render
from stacks.problem import SettingsError
from stacks.reader import read_stack_file
from validation.commands.stream import write
from validation.output.safe import safe
from validation.output.terminal import paint, shows_colours

USAGE: Final = 2
INTERRUPTED: Final = 130
EXITS: Final = {Result.PASSED: 0, Result.FAILED: 1, Result.UNKNOWN: 3}
OWN_PROJECT: Final = "slipway"  # the one whose settings stacks/ can read
EPILOG: Final = """\
exit codes:
  0  the preview passed
  1  a model was refused, an object does not fit its schema, or the program failed
  2  usage: no such stack, wrong settings, a folder that cannot be used
  3  nothing failed, but something could not be checked
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        project = read_project(options.project)
        if options.stack_dir is not None:
            project = project.with_stacks(options.stack_dir)
        stack_file = project.stack_file(options.stack)
        _check_settings(project, stack_file)
        with progress_on(sys.stderr, f"checking the models of {stack_file.name}") as progress:
            previewed = preview(project, stack_file, options.out, progress)
    except SettingsError as error:
        sys.stderr.write(f"{error.render()}\n")
        return USAGE
    except (ProjectError, FolderError) as error:
        sys.stderr.write(f"error: {safe(str(error))}\n")
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    if options.debug and previewed.trace:
        sys.stderr.write(previewed.trace)
    _show(previewed.plan, options.format)
    return EXITS[previewed.plan.result]


def _check_settings(project: Project, stack_file: Path) -> None:
    """Refuse wrong settings with their places in the file, before the program meets them without places."""
    if project.name == OWN_PROJECT:
        read_stack_file(seen_from(Path.cwd(), stack_file))


def _show(plan: Plan, format_: str) -> None:
    if format_ == "json":
        write(json.dumps(plan.record(), indent=2) + "\n")
    elif shows_colours(sys.stdout):
        paint(lines(plan), sys.stdout)
    else:
        write(render(plan))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dryrun",
        description="The embedded engine: a preview without the pulumi CLI, a cluster or a cloud.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "preview",
        help="show what a stack would deploy, and write manifests",
        description="Run the Pulumi program for one stack, show the plan, and fail as `pulumi preview` would.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("stack", metavar="STACK", help="a stack's name, or the path of its Pulumi.NAME.yaml")
    command.add_argument(
        "--out", type=Path, metavar="DIR", help="write manifests for `kubectl apply --server-side -f DIR`"
    )
    command.add_argument("--format", choices=("text", "json"), default="text", help="text by default")
    command.add_argument("--stack-dir", type=Path, metavar="DIR", help="where the stack files are (of Pulumi.yaml)")
    command.add_argument("--project", type=Path, metavar="DIR", default=Path(), help="where Pulumi.yaml is (here)")
    command.add_argument("--debug", action="store_true", help="show the traceback of a program that broke")
    return parser


if __name__ == "__main__":
    sys.exit(main())
