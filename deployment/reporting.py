"""What the plan and the stack's outputs say of a model, without anything that changes from one preview to the next."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from components.model_validation import FindingArgs, ModelValidationArgs
from stacks.settings import Settings
from validation.adapter import Adapter
from validation.finding import Finding
from validation.fit.plan import MemoryPlan
from validation.output.place import path_of
from validation.output.safe import safe
from validation.output.summary import adapter as described
from validation.report import Report, Verdict


def validation(settings: Settings, report: Report) -> ModelValidationArgs:
    """Return one model's report as plain data, without anything that changes from one preview to the next."""
    args = ModelValidationArgs(
        model=report.name,
        source=report.source,
        revision=report.revision,
        commit=report.commit,
        verdict=report.verdict.value,
        contract=settings.validation.contract,
        engine=settings.engine.version,
        model_type=report.model.model_type.value if report.model.model_type else "",
        architecture=report.model.architecture,
        endpoints=list(report.model.endpoints),
        licence=report.model.licence,
        findings=[_finding(report, finding) for finding in report.findings],
        ignored=[finding.rule for finding, _ in report.suppressed],
        fail_on=settings.validation.fail_on.value,
    )
    if length := context(report):
        args["max_model_len"] = length
    if report.memory is not None:
        args["memory"] = _memory(report)
    if report.adapters:
        args["adapters"] = [described(adapter) for adapter in report.adapters]
    return args


def derived(report: Report) -> dict[str, Any]:
    """Return what the stack's outputs say of a model besides its address."""
    return stated(
        {
            "commit": report.commit,
            "type": report.model.model_type.value if report.model.model_type else "",
            "endpoints": list(report.model.endpoints),
            "maxModelLen": context(report),
            "architecture": report.model.architecture,
            "adapters": {adapter.name: _adapter(adapter) for adapter in report.adapters},
            "memory": _memory(report) if report.memory else None,
        }
    )


def refusal(refused: Sequence[Report], models: int) -> str:
    """Return why the program ends in an error: who failed, and who could only not be checked."""
    unknown = [report.name for report in refused if report.verdict is Verdict.UNKNOWN]
    failed = [report.name for report in refused if report.name not in unknown]
    parts = [
        f"{len(names)} of {models} models {verb}: {', '.join(names)}"
        for names, verb in ((failed, "failed validation"), (unknown, "could not be checked"))
        if names
    ]
    return "; ".join(parts)


def context(report: Report) -> int | None:
    """Return the context length in tokens that is deployed: the plan's, else what the engine derives."""
    if report.memory is not None:
        return report.memory.max_model_len
    return report.prediction.max_model_len if report.prediction else None


def _adapter(adapter: Adapter) -> dict[str, Any]:
    return stated({"source": adapter.wish.source, "commit": adapter.facts.commit, "rank": adapter.rank})


def _memory(report: Report) -> dict[str, Any]:
    plan = report.memory
    if plan is None:
        return {}
    return {
        "gpu": plan.gpu.name,
        "tensorParallelSize": plan.tensor_parallel,
        **_stages(plan),
        "gpuMemoryUtilization": plan.gpu_memory_utilization,
        "weightsBytes": plan.weights_bytes,
        **stated({"adapterBytes": plan.lora_bytes or None}),
        "overheadBytes": plan.overhead_bytes,
        "kvCacheBytes": plan.kv_cache_bytes,
        "kvCacheTokens": plan.kv_cache_tokens,
        "maxConcurrency": round(plan.max_concurrency, 2),
        "fits": plan.fits,
    }


def _stages(plan: MemoryPlan) -> dict[str, Any]:
    """Return how a replica that spans nodes is split; nothing for one that does not."""
    if not plan.stage_layers:
        return {}
    return {"pipelineParallelSize": plan.pipeline_parallel, "stageLayers": list(plan.stage_layers)}


def _finding(report: Report, finding: Finding) -> FindingArgs:
    """Return a finding as the engine's log shows it: a terminal obeys nothing that a repository has put into it."""
    args = FindingArgs(
        rule=finding.rule,
        severity=finding.severity.value,
        outcome=finding.outcome.value,
        message=safe(finding.message),
        help=safe(finding.help),
        docs=finding.docs,
    )
    if finding.where is not None:
        args["where"] = safe(str(replace(finding.where, path=path_of(report, finding.where))))
    return args


def stated(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that say something, so that what is left out is left to its default."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}
