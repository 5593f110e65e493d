"""How the server logs: one JSON object a line, by the formatter that every vLLM image has (python-json-logger)."""

import json
from typing import Any

LOG_CONFIG = "logging.json"  # the entry of the server's ConfigMap
QUIET = ("/health", "/ping", "/metrics")  # asked every few seconds, by probes and by Prometheus
FIELDS = {"asctime": "time", "levelname": "level", "name": "logger"}


def log_config() -> str:
    """Return the configuration for ``logging.config.dictConfig``, for vLLM's loggers and for its HTTP server's.

    The filter of access logs is vLLM's own; it is there in every version from 0.22.0, the oldest that is served.
    """
    handler = {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}
    quiet = {"handlers": ["access"], "level": "INFO", "propagate": False}
    plain = {"handlers": ["plain"], "level": "INFO", "propagate": False}
    content: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"quiet": {"()": "vllm.logging_utils.UvicornAccessLogFilter", "excluded_paths": list(QUIET)}},
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "fmt": "%(asctime)s %(levelname)s %(name)s %(process)d %(message)s",
                "datefmt": "%Y-%m-%dT%H:%M:%S%z",
                "rename_fields": FIELDS,
            }
        },
        "handlers": {"plain": handler, "access": {**handler, "filters": ["quiet"]}},
        "loggers": {"vllm": plain, "uvicorn": plain, "uvicorn.error": plain, "uvicorn.access": quiet},
        "root": {"handlers": ["plain"], "level": "WARNING"},
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"
