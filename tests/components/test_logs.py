"""The server's log configuration, loaded by the standard library and written by the formatter of vLLM's image."""

import json
import logging
import logging.config
import sys
from collections.abc import Iterator
from io import StringIO
from types import ModuleType
from typing import Any

import pytest

from components.inference_service import VllmInferenceService
from components.telemetry.logs import log_config
from tests.components.examples import service_args
from tests.components.recording import record

PATH = "VLLM_LOGGING_CONFIG_PATH"


class Filter(logging.Filter):
    """Leaves out the paths that vLLM's own filter would leave out."""

    def __init__(self, excluded_paths: list[str]) -> None:
        """Keep the paths."""
        super().__init__()
        self.paths = excluded_paths

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the request is logged; the path is the third argument of the HTTP server's record."""
        arguments: Any = record.args
        return arguments[2] not in self.paths


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """Load the configuration, with vLLM's filter as this test has it, and leave no logger changed."""
    package, module = ModuleType("vllm"), ModuleType("vllm.logging_utils")
    module.UvicornAccessLogFilter = Filter  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "vllm", package)
    monkeypatch.setitem(sys.modules, "vllm.logging_utils", module)
    package.logging_utils = module  # type: ignore[attr-defined]  # as above
    content = json.loads(log_config())
    names = [*content["loggers"]]
    root = logging.getLogger()
    out = StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    before = (list(root.handlers), root.level)
    logging.config.dictConfig(content)
    yield out
    root.handlers[:], root.level = before
    for name in names:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def test_a_line_is_one_json_object(written: StringIO) -> None:
    """Also where the message has line breaks; with time, level, logger and message."""
    logging.getLogger("vllm.engine").info("loaded\nin %d s", 7)
    found = json.loads(written.getvalue())

    assert {"time", "level", "logger", "process", "message"} == set(found)
    assert ("INFO", "vllm.engine", "loaded\nin 7 s") == (found["level"], found["logger"], found["message"])


def test_probes_are_not_logged_and_requests_are(written: StringIO) -> None:
    """Every few seconds a line about nothing would hide the others."""
    access = logging.getLogger("uvicorn.access")
    form = '%s - "%s %s HTTP/%s" %d'
    access.info(form, "10.0.0.1:1", "GET", "/health", "1.1", 200)
    access.info(form, "10.0.0.1:1", "POST", "/v1/chat/completions", "1.1", 200)
    lines = written.getvalue().splitlines()

    assert ['10.0.0.1:1 - "POST /v1/chat/completions HTTP/1.1" 200'] == [json.loads(line)["message"] for line in lines]


def variables(**changes: Any) -> dict[str, Any]:
    """Return the server's environment."""
    recording = record(lambda: VllmInferenceService("granite", service_args(**changes)))
    (server,) = recording.one("Deployment")["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value") for each in server["env"]}


def test_the_server_is_told_where_its_configuration_lies() -> None:
    """In the ConfigMap that carries its arguments; vLLM's own text needs no file."""
    recording = record(lambda: VllmInferenceService("granite", service_args(log_format="json")))

    assert log_config() == recording.one("ConfigMap")["data"]["logging.json"]
    assert "/etc/slipway/logging.json" == variables(log_format="json")[PATH]
    assert PATH not in variables()
