"""A preview from the stack file to the plan: run the program, check its objects, compare, render."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from dryrun.folder import last_steps, refuse_foreign, write_folder
from dryrun.manifests import document, render
from dryrun.objects import KubernetesObject, kubernetes_objects
from dryrun.plan import Plan, Result, steps
from dryrun.program import Failure, Program, Run, run_program
from dryrun.project import Project, read_stack, seen_from
from dryrun.record import Diagnostic, Recording
from dryrun.redaction import Redaction, environment_secrets
from dryrun.schemas import SchemaResult, check_object
from dryrun.value import bare, shown

VALIDATION_TYPE: Final = "slipway:index:ModelValidation"
FINDING: Final = re.compile(r"[a-z]+\[([a-z0-9-]+)\]:")  # how ModelValidation begins a message
STACK_FILE_VARIABLE: Final = "SLIPWAY_STACK_FILE"  # where the program looks for the places of keys
RENDERINGS: Final = "out/preview"  # where `make preview` puts them: compared with when no folder is named


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """A plan, and the traceback of a program that broke (for ``--debug``)."""

    plan: Plan
    trace: str = ""


def preview(
    project: Project, stack_file: Path, out: Path | None = None, progress: Callable[[str], None] = lambda _text: None
) -> Previewed:
    """Run the project's program for one stack and return the plan; write the manifests to ``out`` when nothing failed.

    Raises ProjectError for a stack that cannot be read, FolderError for a folder that cannot be used.
    """
    if out is not None:
        refuse_foreign(out)
    config = read_stack(project, stack_file)
    redaction = Redaction(environment_secrets())
    program = Program(
        folder=project.program,
        project=project.name,
        stack=config.stack,
        config=config.values,
        secrets=config.secrets,
        environment={STACK_FILE_VARIABLE: str(seen_from(project.program, stack_file))},
    )
    run = run_program(program, lambda text: progress(redaction.text(text)))
    objects = kubernetes_objects(tuple(run.recording.resources.values()))
    plan = _plan(run, objects, out or project.folder / RENDERINGS / config.stack, config.stack)
    plan = _redacted(plan, redaction)
    if plan.result is Result.PASSED:
        plan = _rendered(plan, objects, out, redaction)
    return Previewed(plan=plan, trace=redaction.text(run.failure.trace) if run.failure else "")


def _plan(run: Run, objects: Sequence[KubernetesObject], folder: Path, stack: str) -> Plan:
    recording = run.recording
    checked = [(item, check_object(item)) for item in objects]
    violations = (*_violations(checked), *_collisions(objects))
    ending = (*_unchecked(checked, recording), *_failures(run.failure, recording))
    return Plan(
        stack=stack,
        result=_result(run, violations),
        steps=steps(tuple(recording.resources.values()), last_steps(folder) or {}),
        diagnostics=(*recording.diagnostics, *violations, *ending),
        outputs=shown(dict(recording.stack_outputs)),
    )


def _result(run: Run, violations: Sequence[Diagnostic]) -> Result:
    duplicated = any(entry.message.startswith("two resources are called") for entry in run.recording.diagnostics)
    if violations or duplicated or (run.failure and not run.failure.deliberate):
        return Result.FAILED
    if run.failure is None:
        return Result.PASSED
    return Result.UNKNOWN if _only_unknown(run.recording) else Result.FAILED


def _only_unknown(recording: Recording) -> bool:
    """Return whether all errors say that a rule could not be checked, and there is one."""
    errors = [entry for entry in recording.diagnostics if entry.severity == "error"]
    return bool(errors) and all(_not_checked(recording, entry) for entry in errors)


def _not_checked(recording: Recording, entry: Diagnostic) -> bool:
    """Return whether the message is of a rule that the model's ModelValidation lists as not checked."""
    resource = recording.resources.get(entry.urn)
    match = FINDING.match(entry.message)
    if match is None or resource is None or resource.type != VALIDATION_TYPE:
        return False
    return match.group(1) in (bare(resource.inputs.get("notChecked")) or ())


def _failures(failure: Failure | None, recording: Recording) -> tuple[Diagnostic, ...]:
    return (Diagnostic(severity="error", message=failure.message, urn=recording.stack_urn),) if failure else ()


def _violations(checked: Sequence[tuple[KubernetesObject, SchemaResult]]) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(severity="error", message=f"{item.title}: {problem}", urn=item.urn)
        for item, result in checked
        for problem in result.problems
    )


def _unchecked(
    checked: Sequence[tuple[KubernetesObject, SchemaResult]], recording: Recording
) -> tuple[Diagnostic, ...]:
    """Return one note with the kinds that are not built into Kubernetes: only a real API server knows their schemas."""
    kinds = sorted({f"{item.kind} ({item.api_version})" for item, result in checked if not result.known})
    message = f"not checked against a schema, for these kinds are not built in: {', '.join(kinds)}"
    return (Diagnostic(severity="info", message=message, urn=recording.stack_urn),) if kinds else ()


def _collisions(objects: Sequence[KubernetesObject]) -> tuple[Diagnostic, ...]:
    """Return an error for each object that another resource makes too: in the cluster they would be one."""
    seen: dict[tuple[str, str], KubernetesObject] = {}
    found = []
    for item in objects:
        group = item.api_version.rpartition("/")[0]
        other = seen.setdefault((group, item.title), item)
        if other is not item and item.name:
            message = f"{item.title} is made by `{other.resource}` too: give one of them another name"
            found.append(Diagnostic(severity="error", message=message, urn=item.urn))
    return tuple(found)


def _rendered(plan: Plan, objects: Sequence[KubernetesObject], out: Path | None, redaction: Redaction) -> Plan:
    leaking = [item for item in objects if redaction.finds(document(shown(item.body)))]
    rendering = render([item for item in objects if item not in leaking])
    notes = [f"{item.title}: not written, for it holds a secret of the environment in plain text" for item in leaking]
    plan = replace(plan, left_out=tuple(redaction.text(entry) for entry in (*rendering.left_out, *notes)))
    if out is None:
        return plan
    plan = replace(plan, manifests=tuple(manifest.file for manifest in rendering.manifests))
    write_folder(out, plan, {manifest.file: manifest.text for manifest in rendering.manifests})
    return replace(plan, folder=str(out))


def _redacted(plan: Plan, redaction: Redaction) -> Plan:
    return replace(
        plan,
        steps=tuple(replace(step, inputs=redaction.json(step.inputs)) for step in plan.steps),
        diagnostics=tuple(replace(entry, message=redaction.text(entry.message)) for entry in plan.diagnostics),
        outputs=redaction.json(plan.outputs),
    )
