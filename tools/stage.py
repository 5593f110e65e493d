"""The repositories that the benchmarks are run on, behind a stand-in for the Hub that takes its time."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.hub.fixtures import CONFIG, TEMPLATE, safetensors, tiny_chat, tiny_chat_files
from tests.hub.repository import Repository
from tests.hub.server import Fault, Hub, running

ROUND_TRIP = 0.05  # seconds, for each answer; connections are set up at once
SHARDS = 1_000
TENSORS_A_SHARD = 100
VOCABULARY = 32_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What went over the stand-in: requests, bytes of bodies, and answers waited for one after the other."""

    requests: int
    sent: int
    depth: int


@contextmanager
def slow_hub(*, compress: bool = False) -> Iterator[Hub]:
    """Run a stand-in that answers after one round trip."""
    with running() as hub:
        hub.fail("/", Fault(delay=ROUND_TRIP, compress=compress))
        yield hub


def traffic(hub: Hub) -> Traffic:
    """Return what was asked since the last call, and forget it."""
    found = Traffic(requests=len(hub.requests), sent=hub.sent, depth=hub.depth)
    hub.requests.clear()
    hub.sent = hub.depth = 0
    return found


def one_file(identity: str) -> Repository:
    """Return a small chat model in one file of weights, with a tokenizer configuration of the usual size."""
    tokens = {str(index): {"content": f"<|reserved_{index}|>", "special": True} for index in range(256)}
    settings = {"chat_template": TEMPLATE, "added_tokens_decoder": tokens}
    return tiny_chat(identity, files=tiny_chat_files() | {"tokenizer_config.json": json.dumps(settings).encode()})


def thousand_shards(identity: str) -> Repository:
    """Return a model of 10^12 parameters in 1,000 files and 10^5 tensors; the files themselves are stubs."""
    names = [f"model-{shard + 1:05}-of-{SHARDS:05}.safetensors" for shard in range(SHARDS)]
    weights = {
        f"model.layers.{shard // 16}.mlp.experts.{shard % 16 * TENSORS_A_SHARD + place}.gate_up_proj.weight": name
        for shard, name in enumerate(names)
        for place in range(TENSORS_A_SHARD)
    }
    index = {"metadata": {"total_size": 2 * 10**12}, "weight_map": weights}
    stub = safetensors({"weight": ("BF16", (1,), 2)})
    config = {**CONFIG, "num_hidden_layers": 63, "hidden_size": 7168, "vocab_size": VOCABULARY}
    files = tiny_chat_files() | dict.fromkeys(names, stub) | {"config.json": json.dumps(config).encode()}
    files.pop("model.safetensors")
    files["model.safetensors.index.json"] = json.dumps(index).encode()
    return tiny_chat(identity, files=files, parameters={"BF16": 10**12})
