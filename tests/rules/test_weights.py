"""Which weights are safe, whole and loaded."""

from dataclasses import replace

import pytest

from tests.rules.build import CHAT, CHATS, broken, document, subject, unread, with_files, without
from validation.facts import HeaderProblem
from validation.finding import Outcome, Severity
from validation.jsontext import JsonObject
from validation.rules.run import run_rules

_BARE = without("model.safetensors")
_INDEX = "model.safetensors.index.json"

_UNSAFE = (
    "pytorch_model.bin model.pt model.pth model.ckpt model.pkl model.pickle model.joblib tf_model.h5 model.hdf5 "
    "model.keras flax_model.msgpack weights.npz weights.npy PYTORCH_MODEL.BIN original/consolidated.00.pth"
)


def _names(*paths: str) -> list[str]:
    return [finding.rule for finding in run_rules(subject(with_files(_BARE, *paths))).findings]


@pytest.mark.parametrize(
    "path",
    _UNSAFE.split(),
)
def test_a_format_that_can_run_code_is_refused_alone(path: str) -> None:
    """Pickle and its like are an error when there is nothing else."""
    assert ["weights-only-unsafe"] == _names(path)


@pytest.mark.parametrize("path", ["model.gguf", "onnx/model.onnx", "model.tflite"])
def test_a_format_of_another_engine_is_refused_alone(path: str) -> None:
    """GGUF and ONNX run no code, and are not loaded either."""
    assert ["weights-only-unsupported"] == _names(path)


@pytest.mark.parametrize("path", ["training_args.bin", "optimizer.pt", "checkpoint-5/rng_state_0.pth", "scheduler.pt"])
def test_what_a_training_run_leaves_is_no_weight(path: str) -> None:
    """A repository with nothing but a training's left-overs has no weights."""
    assert ["weights-missing"] == _names(path)


def test_a_conversion_beside_the_safetensors_is_noted() -> None:
    """GGUF files are never loaded, and a reader who put them there should know."""
    found = run_rules(subject(with_files(CHAT, "model-Q4_K_M.gguf"))).findings
    assert [("weights-unsafe-beside", "model-Q4_K_M.gguf: GGUF, which vLLM does not load")] == [
        (finding.rule, finding.message) for finding in found
    ]


def test_weights_in_a_subfolder_are_named() -> None:
    """Weights that stand one level too deep get the move as help."""
    finding = run_rules(subject(with_files(_BARE, "checkpoint-500/model.safetensors"))).findings[0]
    assert "no weights at the top, they stand in `checkpoint-500`" == finding.message


def test_a_gap_in_numbered_shards_is_found_without_an_index() -> None:
    """The numbers of the shards say how many there are."""
    found = run_rules(
        subject(with_files(_BARE, "model-00001-of-00003.safetensors", "model-00003-of-00003.safetensors"))
    )
    assert "1 weight file is missing: model-00002-of-00003.safetensors" == found.findings[0].message


def test_a_set_of_shards_without_an_index_is_a_note() -> None:
    """The engine loads the shards all the same, and transformers does not."""
    found = run_rules(subject(with_files(_BARE, "model-00001-of-00001.safetensors"))).findings
    assert [("weights-shard-unindexed", Severity.NOTE)] == [(item.rule, item.severity) for item in found]


def test_a_shard_that_promises_thousands_does_not_list_them() -> None:
    """A hostile number of shards makes a short message."""
    finding = run_rules(subject(with_files(_BARE, "model-00001-of-99999.safetensors"))).findings[0]
    assert len(finding.message) < 200


@pytest.mark.parametrize(
    "value", [{}, {"weight_map": {}}, {"weight_map": {"a": 1}}, {"weight_map": {"a": "/etc/passwd"}}]
)
def test_an_index_that_is_none_is_refused(value: JsonObject) -> None:
    """An index maps tensor names to files of the repository, and nothing else."""
    found = run_rules(subject(document(CHAT, _INDEX, value)))
    assert ["weights-index-malformed"] == [item.rule for item in found.findings]


def test_an_index_that_could_not_be_read_is_unknown() -> None:
    """An outage while the index is fetched says nothing about the weights."""
    found = run_rules(subject(unread(_INDEX))).findings
    assert [("weights-index-malformed", Outcome.UNKNOWN)] == [(item.rule, item.outcome) for item in found]


def test_a_header_that_could_not_be_read_is_unknown() -> None:
    """An outage while a header is fetched says nothing about the file."""
    facts = replace(CHAT, header_problems=(HeaderProblem(path="model.safetensors", problem="", unread=True),))
    assert Outcome.UNKNOWN is run_rules(subject(facts)).findings[0].outcome


def test_mistral_s_consolidated_weights_are_named_as_the_loaded_ones() -> None:
    """With Mistral's format the consolidated files are loaded, and the others are the duplicates."""
    facts = with_files(CHAT, "consolidated.safetensors")
    finding = run_rules(subject(facts, prediction=replace(CHATS, config_format="mistral"))).findings[0]
    assert finding.message.endswith("consolidated* is loaded")


def test_variants_of_the_weights_are_a_warning() -> None:
    """Without an index vLLM loads model.safetensors and model.fp16.safetensors over each other."""
    found = run_rules(subject(with_files(CHAT, "model.fp16.safetensors"))).findings
    assert [("weights-duplicate", Severity.WARNING)] == [(item.rule, item.severity) for item in found]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (3, "0.bin, 1.bin, 2.bin can run code, and are never loaded"),
        (5, "0.bin, 1.bin, 2.bin and 2 more can run code, and are never loaded"),
    ],
)
def test_a_message_names_three_files_at_most(count: int, expected: str) -> None:
    """A repository with many files gets a message of one line."""
    facts = with_files(CHAT, *(f"{number}.bin" for number in range(count)))
    assert expected == run_rules(subject(facts)).findings[0].message


def test_one_file_is_spoken_of_as_one() -> None:
    """The message for a single file is in the singular."""
    finding = run_rules(subject(with_files(CHAT, "pytorch_model.bin"))).findings[0]
    assert "pytorch_model.bin can run code, and is never loaded" == finding.message


def test_a_model_that_is_only_a_variant_is_no_duplicate() -> None:
    """One set of weights under another name is one set."""
    assert [] == _names("model.fp16.safetensors")


def test_an_index_that_is_no_json_says_where() -> None:
    """The finding has the parser's words and the place."""
    finding = run_rules(subject(broken(_INDEX))).findings[0]
    assert "model.safetensors.index.json is not JSON: expecting value" == finding.message
    assert "model.safetensors.index.json:3:7" == str(finding.where)


def test_moving_the_files_is_the_help_for_nested_weights() -> None:
    """The help names the folder whose files belong at the top."""
    finding = run_rules(subject(with_files(_BARE, "final/model.safetensors"))).findings[0]
    assert "move the files of `final` to the top of the repository" == finding.help
