"""The plan as text, in the shape that ``pulumi preview`` has: a tree, messages by resource, outputs, counts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from dryrun.plan import Op, Plan, Result, Step
from validation.output.safe import safe
from validation.output.text import Line

SIGNS: Final = {Op.CREATE: "+", Op.UPDATE: "~", Op.DELETE: "-", Op.SAME: " "}
STYLES: Final = {Op.CREATE: "green", Op.UPDATE: "yellow", Op.DELETE: "red", Op.SAME: ""}
SEVERITY_STYLES: Final = {"error": "bold red", "warning": "bold yellow", "info": ""}
MAX_PATHS: Final = 4  # changed properties that a line of the tree names
MAX_VALUE: Final = 100  # characters of an output's value


def render(plan: Plan) -> str:
    """Return the plan as plain text without colours."""
    return "".join("".join(text for _, text in line).rstrip() + "\n" for line in lines(plan))


def lines(plan: Plan) -> Iterator[Line]:
    """Yield the lines of the text, in spans of one style each."""
    yield (
        ("bold", f"Previewing stack {safe(plan.stack)}"),
        ("dim", " (embedded engine: no cluster and no cloud is asked)"),
    )
    yield ()
    yield from _tree(plan)
    yield from _diagnostics(plan)
    yield from _outputs(plan.outputs)
    yield from _left_out(plan)
    yield from _counts(plan)
    yield from _conclusion(plan)


def _tree(plan: Plan) -> Iterator[Line]:
    visible = _visible(plan)
    if not visible:
        return
    branches = _branches(visible)
    types = [branch + safe(step.type) for branch, step in zip(branches, visible, strict=True)]
    type_width = max(len("Type"), *map(len, types))
    name_width = max(len("Name"), *(len(safe(step.name)) for step in visible))
    yield (("bold", f"     {'Type':<{type_width}}  {'Name':<{name_width}}  {'Plan':<6}  Info"),)
    for type_, step in zip(types, visible, strict=True):
        style = STYLES[step.op]
        yield (
            (style, f" {SIGNS[step.op]}   "),
            ("", f"{type_:<{type_width}}  {safe(step.name):<{name_width}}  "),
            (style, f"{'' if step.op is Op.SAME else step.op.value:<6}  "),
            *_info(plan, step),
        )
    yield ()


def _visible(plan: Plan) -> list[Step]:
    """Return the steps that change or have a message, and those above them."""
    parents = {step.urn: step.parent for step in plan.steps}
    spoken = {entry.urn for entry in plan.diagnostics}
    shown: set[str] = set()
    for step in plan.steps:
        urn = step.urn if step.op is not Op.SAME or step.urn in spoken else ""
        while urn and urn not in shown:
            shown.add(urn)
            urn = parents.get(urn, "")
    return [step for step in plan.steps if step.urn in shown]


def _branches(steps: Sequence[Step]) -> list[str]:
    """Return the drawing before each step's type: ``│  ├─ ``."""
    depths: dict[str, int] = {}
    for step in steps:
        depths[step.urn] = depths.get(step.parent, -1) + 1
    levels = [depths[step.urn] for step in steps]
    drawings = []
    open_levels: set[int] = set()
    for level in reversed(levels):
        mark = "" if level == 0 else "├─ " if level in open_levels else "└─ "
        bars = "".join("│  " if upper in open_levels else "   " for upper in range(1, level))
        drawings.append(bars + mark)
        open_levels = {upper for upper in open_levels if upper < level} | {level}
    return drawings[::-1]


def _info(plan: Plan, step: Step) -> tuple[tuple[str, str], ...]:
    counts = {
        severity: sum(entry.urn == step.urn and entry.severity == severity for entry in plan.diagnostics)
        for severity in ("error", "warning")
    }
    spoken = tuple(
        (SEVERITY_STYLES[severity], f"{count} {severity}{'' if count == 1 else 's'}  ")
        for severity, count in counts.items()
        if count
    )
    if not step.changes:
        return spoken
    paths = [f"{change.op}{safe(change.path)}" for change in step.changes]
    more = f", {len(paths) - MAX_PATHS} more" if len(paths) > MAX_PATHS else ""
    return (*spoken, ("dim", f"[diff: {', '.join(paths[:MAX_PATHS])}{more}]"))


def _diagnostics(plan: Plan) -> Iterator[Line]:
    if not plan.diagnostics:
        return
    yield (("bold", "Diagnostics:"),)
    titles = {step.urn: f"{safe(step.type)} ({safe(step.name)})" for step in plan.steps}
    models_first = sorted(plan.steps, key=lambda step: step.parent == "")
    order = [*(step.urn for step in models_first), *(entry.urn for entry in plan.diagnostics)]
    for urn in dict.fromkeys(order):
        entries = [entry for entry in plan.diagnostics if entry.urn == urn]
        if not entries:
            continue
        yield (("bold", f"  {titles.get(urn, safe(urn) or 'the program')}:"),)
        for entry in entries:
            first, *rest = entry.message.splitlines() or [""]
            prefix = "" if first.startswith(f"{entry.severity}[") else f"{entry.severity}: "
            yield ((SEVERITY_STYLES[entry.severity], f"    {prefix}{safe(first)}"),)
            yield from ((("", f"    {safe(line)}"),) for line in rest)
        yield ()


def _outputs(outputs: Mapping[str, object]) -> Iterator[Line]:
    if not outputs:
        return
    yield (("bold", "Outputs:"),)
    yield from ((("", line),) for line in _nested(outputs, "    "))
    yield ()


def _nested(values: Mapping[str, object], indent: str) -> Iterator[str]:
    """Yield a mapping's lines, aligned, and the mappings in it below their keys."""
    width = max((len(safe(name)) for name in values), default=0)
    for name, value in sorted(values.items()):
        if isinstance(value, Mapping) and value:
            yield f"{indent}{safe(name)}:"
            yield from _nested(value, f"{indent}    ")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            cut = safe(text) if len(text) <= MAX_VALUE else f"{safe(text[:MAX_VALUE])}..."
            yield f"{indent}{safe(name):<{width}}: {cut}"


def _left_out(plan: Plan) -> Iterator[Line]:
    if not plan.left_out:
        return
    yield (("bold", "Not in the manifests, for no secret is ever written:"),)
    for entry in plan.left_out:
        yield from ((("", f"    {safe(line)}"),) for line in entry.splitlines())
    yield ()


def _counts(plan: Plan) -> Iterator[Line]:
    words = {Op.CREATE: "to create", Op.UPDATE: "to update", Op.DELETE: "to delete"}
    if not plan.steps:
        return
    yield (("bold", "Resources:"),)
    for op, word in words.items():
        if count := plan.summary[op.value]:
            yield ((STYLES[op], f"    {SIGNS[op]} {count} {word}"),)
    if same := plan.summary[Op.SAME.value]:
        yield (("", f"    {same} unchanged since the last rendering"),)
    yield ()


def _conclusion(plan: Plan) -> Iterator[Line]:
    if plan.result is Result.FAILED:
        yield (("bold red", "preview failed"), ("", ": nothing was written"))
    elif plan.result is Result.UNKNOWN:
        yield (("bold magenta", "preview could not check every model"), ("", ": nothing was written, try again"))
    else:
        yield (("bold green", "preview passed"), *_written(plan))


def _written(plan: Plan) -> tuple[tuple[str, str], ...]:
    if not plan.folder:
        return ()
    folder = safe(plan.folder)
    return (("", f": {len(plan.manifests)} manifests are in {folder}, for `kubectl apply --server-side -f {folder}`"),)
