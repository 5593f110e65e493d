"""The plan of one preview: steps, messages, outputs, and the result that decides the exit code."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from dryrun.difference import Change, changes
from dryrun.record import STACK_TYPE, Diagnostic, Resource
from dryrun.value import shown

VERSION: Final = 1
KUBECONFIG_KEYS: Final = ("kubeconfig",)  # of a provider: credentials that its schema does not mark as secret


class Op(StrEnum):
    """What a real deployment would do with a resource, judged by the last rendering."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    SAME = "same"


class Result(StrEnum):
    """How a preview ended; ``UNKNOWN`` when nothing failed but something could not be checked."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the plan; ``inputs`` are as they may be shown, ``changes`` are those of an update."""

    op: Op
    urn: str
    type: str
    name: str
    parent: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()

    def record(self) -> dict[str, Any]:
        """Return the step as JSON; changes only where there are any."""
        entry: dict[str, Any] = {
            "op": self.op.value,
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "parent": self.parent,
            "inputs": self.inputs,
            "options": self.options,
        }
        if self.changes:
            entry["changes"] = [{"op": change.op, "path": change.path} for change in self.changes]
        return entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a preview shows; nothing in it is secret."""

    stack: str
    result: Result
    steps: tuple[Step, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    manifests: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    folder: str = ""  # where the manifests were written

    @property
    def summary(self) -> dict[str, int]:
        """Return how many resources each operation meets, all operations named."""
        counts = Counter(step.op for step in self.steps)
        return {op.value: counts[op] for op in Op}

    def record(self) -> dict[str, Any]:
        """Return the plan as JSON, version 1."""
        return {
            "version": VERSION,
            "stack": self.stack,
            "steps": [step.record() for step in self.steps],
            "diagnostics": [
                {"severity": entry.severity, "urn": entry.urn, "message": entry.message} for entry in self.diagnostics
            ],
            "outputs": self.outputs,
            "summary": self.summary,
            "manifests": list(self.manifests),
            "leftOut": list(self.left_out),
            "result": self.result.value,
        }


def steps(resources: Sequence[Resource], before: Mapping[str, Mapping[str, Any]]) -> tuple[Step, ...]:
    """Return the plan's steps as a tree laid flat, parents before their children.

    ``before`` has the steps of the last rendering by URN, as JSON; what is no longer there is a deletion.
    """
    current = [_step(resource, before.get(resource.urn)) for resource in resources]
    gone = {urn: entry for urn, entry in before.items() if urn not in {step.urn for step in current}}
    return tuple(_in_tree_order([*current, *(_deletion(entry) for entry in gone.values())]))


def _step(resource: Resource, before: Mapping[str, Any] | None) -> Step:
    inputs: dict[str, Any] = shown(dict(resource.inputs))
    if resource.type.startswith("pulumi:providers:"):
        inputs |= {key: "[secret]" for key in KUBECONFIG_KEYS if key in inputs}
    difference = changes(before.get("inputs", {}), inputs) if before else ()
    return Step(
        op=Op.CREATE if before is None else Op.UPDATE if difference else Op.SAME,
        urn=resource.urn,
        type=resource.type,
        name=resource.name,
        parent=resource.parent,
        inputs=inputs,
        options=shown(dict(resource.options)),
        changes=difference,
    )


def _deletion(entry: Mapping[str, Any]) -> Step:
    return Step(
        op=Op.DELETE,
        urn=str(entry.get("urn", "")),
        type=str(entry.get("type", "")),
        name=str(entry.get("name", "")),
        parent=str(entry.get("parent", "")),
    )


def _in_tree_order(unordered: Sequence[Step]) -> list[Step]:
    known = {step.urn for step in unordered}
    children: dict[str, list[Step]] = {}
    for step in sorted(unordered, key=lambda step: (step.type != STACK_TYPE, step.type, step.name)):
        children.setdefault(step.parent if step.parent in known else "", []).append(step)
    ordered: list[Step] = []
    waiting = list(reversed(children.get("", [])))
    while waiting:
        step = waiting.pop()
        ordered.append(step)
        waiting.extend(reversed(children.get(step.urn, [])))
    return ordered
