"""The rules on GPUs and memory: one model passes each, another fails it."""

from dataclasses import replace
from datetime import date

import pytest

from tests.fit.models import CHATS, ENGINE, LLAMA, facts
from validation.contracts.contract import Contract
from validation.engine.prediction import Prediction
from validation.finding import Outcome, Place, Severity
from validation.fit.memory import plan_memory
from validation.jsontext import JsonObject
from validation.report import ModelSummary
from validation.rules import fit, instance
from validation.rules.documentation import HEADINGS, sections
from validation.rules.rule import Answer, Rule, Subject
from validation.wish import Hardware, Serving, Wish

BY_NAME = {rule.name: rule for rule in (*fit.RULES, *instance.RULES)}
CONTRACT = Contract(name="vllm", title="a test", source="a test", date=date(2026, 11, 23))
ONE_L4 = Hardware(gpu="L4", gpus_per_replica=1, gpus_per_node=2, vcpus_per_node=16)
SEES = replace(CHATS, multimodal=True)
AWQ = replace(CHATS, quantization="awq")


def _subject(
    hardware: Hardware | None = ONE_L4,
    *,
    config: JsonObject = LLAMA,
    serving: Serving | None = None,
    prediction: Prediction = CHATS,
) -> Subject:
    wished = Wish(hardware=hardware, serving=serving or Serving(max_model_len=2048))
    found = facts(config)
    return Subject(
        facts=found,
        contract=CONTRACT,
        wish=wished,
        today=date(2026, 11, 23),
        model=ModelSummary(),
        engine=ENGINE,
        prediction=prediction,
        memory=plan_memory(found, prediction, ENGINE, wished),
    )


LONGEST = "the longest that fits is 32672 tokens"
FAILING = {
    "unknown-gpu": (
        _subject(Hardware(gpu="L40X")),
        "GPU `L40X` is not in the catalogue, did you mean `L40S`",
        "set gpu to L40S",
    ),
    "gpu-count-above-node": (
        _subject(replace(ONE_L4, gpus_per_replica=4)),
        "a replica of 4 GPUs does not fit on a node of 2",
        "set gpusPerReplica to 2 or less, add nodesPerReplica 2 to that, or choose a pool with more GPUs per node",
    ),
    "tensor-parallel-does-not-divide": (
        _subject(replace(ONE_L4, gpus_per_replica=3, gpus_per_node=4)),
        "32 attention heads do not divide over 3 GPUs",
        "set gpusPerReplica to one of 1, 2, 4, 8, 16",
    ),
    "dtype-needs-newer-gpu": (
        _subject(Hardware(gpu="T4"), serving=Serving(dtype="bfloat16")),
        "bfloat16 needs compute capability 8.0, T4 has 7.5",
        "set dtype to float16, or choose gpu L4",
    ),
    "quantization-needs-newer-gpu": (
        _subject(Hardware(gpu="V100-32"), prediction=AWQ),
        "quantization `awq` needs compute capability 7.5, V100-32 has 7.0",
        "choose a GPU of compute capability 7.5 or newer, such as L4 or H100-SXM",
    ),
    "weights-exceed-memory": (
        _subject(serving=Serving(weights_bytes=65_524_246_528)),
        "weights need 61.0 GiB, one L4 offers 20.3 GiB",
        "set gpusPerReplica to 4, or choose gpu RTX-PRO-6000-BSE with gpusPerReplica 1",
    ),
    "context-exceeds-kv-cache": (
        _subject(serving=Serving(max_model_len=131072), prediction=replace(CHATS, max_model_len=131072)),
        f"a context of 131072 tokens needs more KV cache than the 4.0 GiB that are left; {LONGEST}",
        "set maxModelLen to 32672",
    ),
    "multimodal-limits-unset": (
        _subject(prediction=SEES),
        "the model takes images, audio or video without a limit per prompt",
        "set limitMmPerPrompt to {image: 1, video: 0}, or to what the clients send",
    ),
    "cpu-below-floor": (
        _subject(replace(ONE_L4, vcpus_per_node=4)),
        "4 vCPUs are fewer than the 6 that 1 GPUs keep busy",
        "choose a node type with at least 6 vCPUs per replica",
    ),
    "gpu-not-on-platform": (
        _subject(replace(ONE_L4, gpu="T4", provider="scaleway")),
        "no instance type of scaleway that is known has T4",
        "choose gpu H100-PCIe, H100-SXM, L4 or L40S, or set instanceType to one that has it",
    ),
    "gpu-count-not-on-platform": (
        _subject(replace(ONE_L4, provider="aws")),
        "no instance type of aws that is known has 2 x L4; there are 1, 4 or 8",
        "set gpusPerNode to 1, 4 or 8, or set instanceType to one that has it",
    ),
    "instance-type-has-other-gpus": (
        _subject(replace(ONE_L4, provider="aws", instance_type="g6e.xlarge")),
        "instance type g6e.xlarge has 1 x L40S, the pool says 2 x L4",
        "set gpu to L40S and gpusPerNode to 1, or instanceType to g6.xlarge",
    ),
    "gpu-vendor-not-served": (
        _subject(replace(ONE_L4, gpu="MI300X", gpus_per_node=8, provider="azure")),
        "MI300X is a GPU of AMD, and the servers run on CUDA",
        "choose a GPU of NVIDIA",
    ),
}
PASSING = {
    "gpu-not-on-platform": _subject(replace(ONE_L4, provider="scaleway")),
    "gpu-count-not-on-platform": _subject(replace(ONE_L4, provider="gcp")),
    "instance-type-has-other-gpus": _subject(replace(ONE_L4, provider="gcp", instance_type="g2-standard-24")),
    "multimodal-limits-unset": _subject(
        prediction=SEES, serving=Serving(max_model_len=2048, limit_mm_per_prompt={"image": 1})
    ),
    "quantization-needs-newer-gpu": _subject(Hardware(gpu="T4"), prediction=AWQ),
}


def _answers(rule: Rule, subject: Subject) -> list[Answer]:
    return [answer for answer in rule.check(subject) if answer.outcome is not Outcome.SKIPPED]


def test_every_rule_has_a_failing_case() -> None:
    """No rule goes without a model that it refuses."""
    assert set(BY_NAME) == set(FAILING)


@pytest.mark.parametrize("name", FAILING)
def test_the_failing_case_is_found_with_the_value_to_type(name: str) -> None:
    """The message says what is wrong in numbers, and the help what to type."""
    subject, message, help_text = FAILING[name]
    assert [(message, help_text)] == [(answer.message, answer.help) for answer in _answers(BY_NAME[name], subject)]


@pytest.mark.parametrize("name", BY_NAME)
def test_the_passing_case_is_left_alone(name: str) -> None:
    """Llama 3 8B with 2048 tokens on an L4 is fine."""
    assert [] == _answers(BY_NAME[name], PASSING.get(name, _subject()))


@pytest.mark.parametrize("name", BY_NAME)
def test_without_hardware_every_rule_is_skipped(name: str) -> None:
    """A check without GPUs says nothing of them."""
    answers = list(BY_NAME[name].check(_subject(None)))
    assert [Outcome.SKIPPED] == [answer.outcome for answer in answers]


@pytest.mark.parametrize("name", BY_NAME)
def test_every_rule_explains_itself(name: str) -> None:
    """Why, example, fix and source stand in each docstring."""
    assert set(HEADINGS) == set(sections(BY_NAME[name]))


def test_an_unknown_size_is_unknown_and_not_wrong() -> None:
    """Without weights or shape the rule on memory could not be checked."""
    answers = _answers(BY_NAME["weights-exceed-memory"], _subject(config={}))
    assert [Outcome.UNKNOWN] == [answer.outcome for answer in answers]


def test_what_may_still_fit_is_a_warning() -> None:
    """Where the estimate's error could decide, nothing is blocked."""
    prediction = replace(CHATS, max_model_len=131072)
    slightly_more = Serving(max_model_len=32672 + 16)
    answers = _answers(BY_NAME["context-exceeds-kv-cache"], _subject(serving=slightly_more, prediction=prediction))
    assert [Severity.WARNING] == [answer.severity for answer in answers]


def test_a_slice_that_the_gpu_lacks_is_told_at_the_pool() -> None:
    """The profile is a key of the pool, and so is the place of the finding."""
    hardware = Hardware(gpu="H100", mig_profile="1g.5gb", gpus_per_node=8)
    place = Place(path="Pulumi.test.yaml", line=3, column=5, key="slipway:nodePools[0].migProfile")
    subject = _subject(hardware)
    subject = replace(subject, wish=replace(subject.wish, places={"pool.migProfile": place}))
    (answer,) = BY_NAME["unknown-gpu"].check(subject)

    assert place == answer.where
    assert "set migProfile to 1g.10gb, 1g.20gb, 2g.20gb, 3g.40gb, 4g.40gb or 7g.80gb" == answer.help


def test_a_gpu_that_the_platform_lacks_is_told_at_the_pool() -> None:
    """The model is right, its pool is not."""
    place = Place(path="Pulumi.test.yaml", line=3, column=5, key="slipway:nodePools[0].gpu")
    subject = FAILING["gpu-not-on-platform"][0]
    subject = replace(subject, wish=replace(subject.wish, places={"pool.gpu": place}))
    (answer,) = BY_NAME["gpu-not-on-platform"].check(subject)

    assert place == answer.where


def test_a_stated_type_that_no_catalogue_knows_is_believed() -> None:
    """The stack may know a machine that is newer than the table."""
    hardware = replace(ONE_L4, gpu="T4", provider="scaleway", instance_type="T4-2-16G")
    subject = _subject(hardware)

    assert [] == [name for name in BY_NAME if "platform" in name and _answers(BY_NAME[name], subject)]
    assert [] == _answers(BY_NAME["instance-type-has-other-gpus"], subject)


def test_the_vcpus_of_a_stated_type_are_those_of_the_catalogue() -> None:
    """A g6.xlarge has 4, and a server of one GPU keeps 6 busy."""
    hardware = Hardware(gpu="L4", gpus_per_node=1, provider="aws", instance_type="g6.xlarge")
    (answer,) = _answers(BY_NAME["cpu-below-floor"], _subject(hardware))

    assert "4 vCPUs are fewer than the 6 that 1 GPUs keep busy" == answer.message
