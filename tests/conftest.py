"""What every test shares: an environment in which no setting of the developer's machine is felt."""

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

# huggingface_hub reads these once, at import: so they are set before any test imports it.
for _name in [name for name in os.environ if name.startswith(("HF_", "HUGGING", "PULUMI_")) and name != "PULUMI_HOME"]:
    del os.environ[_name]
os.environ["HF_HOME"] = str(Path(tempfile.gettempdir()) / f"slipway-tests-hf-{os.getuid()}")
os.environ["SLIPWAY_CACHE"] = "off"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "0"
for _name in (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "NO_COLOR",
    "FORCE_COLOR",
):
    os.environ.pop(_name, None)
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

# The same examples in every run, and no time limits: a busy machine is no failure.
settings.register_profile("slipway", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("slipway")
