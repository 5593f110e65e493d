"""Reports as literals, for every format to render."""

from dataclasses import replace

from validation.facts import Origin, RepositoryFacts
from validation.finding import Finding, Outcome, Place, Severity
from validation.fit.plan import Gpu, MemoryPlan
from validation.report import ModelSummary, Report
from validation.wish import ModelType

GIB = 1 << 30
COMMIT = "0123456789abcdef0123456789abcdef01234567"
GRANITE = "hf://ibm-granite/granite-3.3-2b-instruct"
HOSTILE = (
    "\x1b[31mred\x1b[0m \u202egnp.exe\r\n::error::pwned <script>alert(1)</script> | @everyone [x](javascript:a) `\x7f"
)

MEMORY = Finding(
    rule="weights-exceed-memory",
    severity=Severity.ERROR,
    outcome=Outcome.FAILED,
    message="weights need 141.1 GiB, 1 x H100-SXM offers 73.3 GiB",
    help="set `gpusPerReplica` to 4, or choose gpu H200 with `gpusPerReplica` 2",
    where=Place(path="stacks/Pulumi.prod.yaml", line=14, column=9, key="slipway:models[0]"),
)
TOKENIZER = Finding(
    rule="tokenizer-differs",
    severity=Severity.WARNING,
    outcome=Outcome.FAILED,
    message="`tokenizer.json` is not the one of its base model",
    where=Place(path="tokenizer.json"),
)
REMOTE_CODE = Finding(
    rule="custom-code",
    severity=Severity.NOTE,
    outcome=Outcome.FAILED,
    message="`auto_map` names code that is never run",
    where=Place(path="config.json", line=7, key="auto_map"),
)
UNCHECKED = Finding(
    rule="security-scan",
    severity=Severity.ERROR,
    outcome=Outcome.UNKNOWN,
    message="the Hub has not answered within 30 s",
    help="try again, or write a lock",
)
PLAN = MemoryPlan(
    gpu=Gpu(name="L4", memory=int(22.5 * GIB), compute_capability=89),
    tensor_parallel=1,
    pipeline_parallel=1,
    gpu_memory_utilization=0.92,
    max_model_len=32768,
    longest_that_fits=131072,
    max_num_batched_tokens=2048,
    max_num_seqs=256,
    kv_cache_dtype="auto",
    dtype="bfloat16",
    weights_bytes=int(4.7 * GIB),
    overhead_bytes=int(1.6 * GIB),
    kv_cache_bytes=int(14.4 * GIB),
    kv_cache_bytes_per_token=81920,
    kv_cache_bytes_per_request=81920 * 32768,
    kv_cache_tokens=188743,
    max_concurrency=5.76,
    fits=True,
    low=13 * GIB,
    high=15 * GIB,
)


def facts(source: str, origin: Origin = Origin.HUB) -> RepositoryFacts:
    """Return facts that hold no more than their source."""
    return RepositoryFacts(source=source, origin=origin, commit="" if origin is Origin.FOLDER else COMMIT)


GOOD = Report(
    name="granite",
    source=GRANITE,
    revision="main",
    commit=COMMIT,
    facts=facts(GRANITE),
    model=ModelSummary(
        model_type=ModelType.CHAT,
        architecture="GraniteForCausalLM",
        endpoints=("/v1/chat/completions",),
        max_position_embeddings=131072,
        parameters=2_533_539_840,
        weights_bytes=int(4.7 * GIB),
        dtype="bfloat16",
        licence="apache-2.0",
    ),
    passed=("config-missing", "architecture-not-listed"),
    notes=("facts from the lock of 2026-11-20",),
    memory=PLAN,
)
BAD = replace(
    GOOD,
    findings=(MEMORY, TOKENIZER, REMOTE_CODE),
    suppressed=((replace(MEMORY, rule="licence-denied", message="licence `other` is denied"), "bought, contract 17"),),
    notes=(),
    memory=replace(PLAN, fits=False),
)
OUTAGE = Report(
    name="phi-4",
    source="hf://microsoft/phi-4",
    revision="",
    commit="",
    facts=replace(facts("hf://microsoft/phi-4"), commit=""),
    model=ModelSummary(),
    findings=(UNCHECKED,),
)
FOLDER = Report(
    name="tiny",
    source="examples/bad/tiny",
    revision="",
    commit="",
    facts=facts("examples/bad/tiny", Origin.FOLDER),
    model=ModelSummary(),
    findings=(REMOTE_CODE,),
)
ATTACK = Report(
    name=HOSTILE,
    source=HOSTILE,
    revision=HOSTILE,
    commit="",
    facts=facts(HOSTILE),
    model=ModelSummary(architecture=HOSTILE, endpoints=(HOSTILE,), dtype=HOSTILE, licence=HOSTILE),
    findings=(
        Finding(
            rule="config-malformed",
            severity=Severity.ERROR,
            outcome=Outcome.FAILED,
            message=HOSTILE,
            help=HOSTILE,
            where=Place(path=HOSTILE, line=1, key=HOSTILE),
        ),
    ),
    suppressed=((replace(MEMORY, message=HOSTILE), HOSTILE),),
    notes=(HOSTILE,),
)
