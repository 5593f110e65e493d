"""ModelValidation: one model's report in the plan, with every finding logged under its URN."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi

TOKEN = "slipway:index:ModelValidation"  # noqa: S105 - a type token of Pulumi, no secret
RANKS = {"note": 0, "warning": 1, "error": 2}


class FindingArgs(TypedDict):
    """What one rule said of the model."""

    rule: str
    """The rule's name."""
    severity: str
    """`error`, `warning` or `note`."""
    outcome: str
    """`failed`, or `unknown` when it could not be checked."""
    message: str
    """What is wrong."""
    help: NotRequired[str]
    """What to type."""
    docs: NotRequired[str]
    """Where the rule is documented."""
    where: NotRequired[str]
    """Where the stack file, or the repository, says so."""


class ModelValidationArgs(TypedDict):
    """A report as plain data; nothing in it changes from one preview to the next without a cause: no times, no ages."""

    model: str
    """The model's name in the stack."""
    source: str
    """Where the model comes from."""
    revision: NotRequired[str]
    """The revision as wished."""
    commit: NotRequired[str]
    """The commit that was checked; nothing for a folder."""
    verdict: str
    """`compatible`, `incompatible` or `unknown`."""
    contract: NotRequired[str]
    """The contract it was checked against."""
    engine: NotRequired[str]
    """The vLLM version it was checked against."""
    model_type: NotRequired[str]
    """`chat`, `vision`, `multimodal`, `embedding` or `other`."""
    architecture: NotRequired[str]
    """The architecture that the engine resolves to."""
    endpoints: NotRequired[list[str]]
    """The paths that serve it."""
    max_model_len: NotRequired[int]
    """The context length in tokens that is deployed."""
    licence: NotRequired[str]
    """The Hub's licence id."""
    adapters: NotRequired[list[str]]
    """The LoRA adapters, each with its source, commit and rank."""
    memory: NotRequired[dict[str, Any]]
    """The memory plan of one GPU."""
    findings: NotRequired[list[FindingArgs]]
    """What failed or could not be checked, worst first."""
    ignored: NotRequired[list[str]]
    """The rules whose failure the stack ignores."""
    fail_on: NotRequired[str]
    """The lowest severity that blocks the model; `error` by default."""
    tolerate_unknown: NotRequired[bool]
    """Deploy although an error rule could not be checked; false by default."""


class ModelValidation(pulumi.ComponentResource):
    """One model's report: inputs show it in the plan, findings are logged under its URN, and it has no children."""

    verdict: pulumi.Output[str]
    """`compatible`, `incompatible` or `unknown`."""
    commit: pulumi.Output[str]
    """The commit that was checked."""
    model_type: pulumi.Output[str]
    """The model's type."""
    endpoints: pulumi.Output[list[str]]
    """The paths that serve it."""

    def __init__(self, name: str, args: ModelValidationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Show the report in the plan and log its findings; ``blocks`` then says whether the model may be deployed."""
        super().__init__(TOKEN, name, _inputs(args), opts)
        fail_on = args.get("fail_on", "error")
        findings = args.get("findings", [])
        tolerate = args.get("tolerate_unknown", False)
        blocking = [_blocks(finding, fail_on, tolerate_unknown=tolerate) for finding in findings]
        self.blocking = tuple(finding["rule"] for finding, blocks in zip(findings, blocking, strict=True) if blocks)
        self.verdict = pulumi.Output.from_input(args["verdict"])
        self.commit = pulumi.Output.from_input(args.get("commit", ""))
        self.model_type = pulumi.Output.from_input(args.get("model_type", ""))
        self.endpoints = pulumi.Output.from_input(args.get("endpoints", []))
        for finding, blocks in zip(findings, blocking, strict=True):
            self._log(finding, error=blocks)
        self.register_outputs(
            {
                "verdict": self.verdict,
                "commit": self.commit,
                "modelType": self.model_type,
                "endpoints": self.endpoints,
            }
        )

    @property
    def blocks(self) -> bool:
        """Return whether a finding forbids the model's deployment."""
        return bool(self.blocking)

    def _log(self, finding: FindingArgs, *, error: bool) -> None:
        text = finding_text(finding)
        if error:
            pulumi.log.error(text, resource=self)
        elif finding["severity"] == "note":
            pulumi.log.info(text, resource=self)
        else:
            pulumi.log.warn(text, resource=self)


def finding_text(finding: FindingArgs) -> str:
    """Return a finding as the preview shows it: rule and message, then place, help and docs on lines of their own."""
    message = finding["message"]
    if finding["outcome"] == "unknown" and not message.startswith("could not"):
        message = f"could not check: {message}"
    lines = [f"{finding['severity']}[{finding['rule']}]: {message}"]
    if where := finding.get("where"):
        lines.append(f"  --> {where}")
    if advice := finding.get("help"):
        lines.append(f"  = help: {advice}")
    if docs := finding.get("docs"):
        lines.append(f"  = docs: {docs}")
    return "\n".join(lines)


def _blocks(finding: FindingArgs, fail_on: str, *, tolerate_unknown: bool) -> bool:
    if finding["outcome"] == "unknown":
        return finding["severity"] == "error" and not tolerate_unknown
    return finding["outcome"] == "failed" and RANKS[finding["severity"]] >= RANKS[fail_on]


def _inputs(args: ModelValidationArgs) -> Mapping[str, Any]:
    """Return what the plan shows: of the findings only their rules, since a message may name a date."""
    shown: dict[str, Any] = {key: value for key, value in args.items() if key not in {"findings", "memory"}}
    failed = [finding["rule"] for finding in args.get("findings", []) if finding["outcome"] == "failed"]
    unknown = [finding["rule"] for finding in args.get("findings", []) if finding["outcome"] == "unknown"]
    return {**shown, "memory": args.get("memory"), "failed": failed, "notChecked": unknown}
