"""How near the predictions come: to what vLLM 0.32.0 answered, and to published start-up logs (``make accuracy``).

With ``--peers`` the same rows go to hf-mem and llm-d-planner, installed from the package index into build/peers; they
are never part of this project's own environment.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fit.measured import logs, plan
from tests.fit.oracle import Row, answers, rows
from tests.fixtures.configs import real_configs
from validation.engine.predict import predict
from validation.engine.prediction import Support
from validation.engine.tables import load_engine
from validation.fit.catalogue import GIB
from validation.fit.memory import ModelMemory, model_memory

ROOT = Path(__file__).parent.parent
PEERS = ROOT / "build" / "peers"
PACKAGES = ("hf-mem==0.5.6", "llm-d-planner[estimation]==0.3.3")
NAMES = ("hf-mem", "llm-d-planner")
ENGINE = "0.32.0"
NEAR = 0.05
MEASURED_NEAR = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How many rows were right, of how many."""

    what: str
    right: int
    of: int

    def __str__(self) -> str:
        """Return the line of the table."""
        return f"{self.what:<58} {self.right:>4} of {self.of:<4} {100 * self.right / max(self.of, 1):5.1f} %"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Compare the predictions with vLLM's own answers.")
    parser.add_argument("--peers", action="store_true", help="install hf-mem and llm-d-planner, and ask them too")
    wanted = parser.parse_args(arguments)
    print(f"Against what vLLM {ENGINE} itself answered for real configurations")
    for score in engine_scores():
        print(f"  {score}")
    print(f"\nBytes of a full-length request within {NEAR:.0%} of vLLM's own, on the same rows")
    print(f"  {_requests('Slipway', [_own(row) for row in rows()])}")
    for name, given in _peer_answers(install=wanted.peers).items():
        print(
            f"  {_requests(name, given)}" if given is not None else f"  {name:<58} not installed (--peers installs it)"
        )
    print("\nKV cache that vLLM logged at its start, against the plan")
    for line in measured_lines():
        print(f"  {line}")
    return 0


def engine_scores() -> tuple[Score, ...]:
    """Return the agreement with the engine's own answers."""
    pairs = [(_model(row.model), row) for row in rows()]
    verdicts = [(_verdict(name), verdict) for name, verdict in answers().items()]
    return (
        _score("loads or not, where a verdict is given", [found == verdict for found, verdict in verdicts if found]),
        _score("verdicts given, of all rows", [bool(found) for found, _ in verdicts]),
        _score("context length", [model.max_model_len == row.max_model_len for model, row in pairs]),
        _score("KV bytes a token, exactly", [_token(model) == round(row.bytes_per_token) for model, row in pairs]),
        _score(
            "bytes of the weights from config.json alone, within 5 %", [_weighs(model, row) for model, row in pairs]
        ),
    )


def measured_lines() -> list[str]:
    """Return a line for each published log, and their score."""
    lines, near = [], []
    for log in logs():
        found = plan(log)
        logged = "-" if log.kv_cache is None else f"{log.kv_cache / GIB:.2f}"
        if log.kv_cache is not None:
            near.append(abs(found.kv_cache_bytes - log.kv_cache) <= MEASURED_NEAR * abs(log.kv_cache))
        started, fits = ("started" if log.started else "failed"), ("fits" if found.fits else "does not fit")
        bounds = f"({found.low / GIB:.1f} to {found.high / GIB:.1f})"
        lines.append(
            f"{log.model[:44]:<44} {log.gpus} x {log.gpu:<9} {log.version:<7} logged {logged:>6} GiB, "
            f"predicted {found.kv_cache_bytes / GIB:6.2f} {bounds}; {started}, {fits}"
        )
    agreed = [plan(log).fits == log.started for log in logs()]
    return [*lines, str(_score(f"KV cache within {MEASURED_NEAR:.0%}", near)), str(_score("fits or not", agreed))]


def _verdict(name: str) -> str:
    """Return the prediction in the engine's own words; empty where it says that it cannot know."""
    found = predict(real_configs()[name], load_engine(ENGINE))
    if found.supported is not Support.YES:
        return "unsupported" if found.supported is Support.NO else ""
    return "ok_needs_trust_remote_code" if found.remote_code is Support.YES else "ok"


def _model(name: str) -> ModelMemory:
    facts, table = real_configs()[name], load_engine(ENGINE)
    return model_memory(facts, predict(facts, table), table)


def _token(model: ModelMemory) -> int | None:
    cache = model.cache()
    return None if cache is None else cache.bytes_per_token


def _own(row: Row) -> float | None:
    model = _model(row.model)
    cache = model.cache()
    return None if cache is None or not model.max_model_len else cache.request_bytes(model.max_model_len)


def _weighs(model: ModelMemory, row: Row) -> bool:
    weights = model.weights()
    return weights is not None and abs(weights.total - row.param_bytes) <= NEAR * row.param_bytes


def _score(what: str, right: Sequence[bool]) -> Score:
    return Score(what=what, right=sum(right), of=len(right))


def _requests(name: str, given: Sequence[float | None]) -> Score:
    near = [
        answer is not None and abs(answer - row.request_bytes) <= NEAR * row.request_bytes
        for answer, row in zip(given, rows(), strict=True)
        if row.request_bytes
    ]
    return _score(name, near)


def _peer_answers(*, install: bool) -> dict[str, list[float | None] | None]:
    python = PEERS / "bin" / "python"
    if install and not python.exists():
        venv.create(PEERS, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)  # noqa: S603 - fixed names
    if not python.exists():
        return dict.fromkeys(NAMES)
    with tempfile.TemporaryDirectory() as folder:
        asked = "\n".join(json.dumps(_question(row, Path(folder))) for row in rows())
        done = subprocess.run(  # noqa: S603 - the environment that was just made
            [python, Path(__file__).with_name("peers.py")], input=asked, capture_output=True, text=True, check=True
        )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: [answer[name] for answer in found] for name in NAMES}


def _question(row: Row, folder: Path) -> dict[str, object]:
    home = folder / row.model.replace("/", "__")
    home.mkdir()
    for path, document in real_configs()[row.model].documents.items():
        (home / path).write_text(json.dumps(document.value))
    return {"folder": str(home), "length": row.max_model_len}


if __name__ == "__main__":
    sys.exit(main())
