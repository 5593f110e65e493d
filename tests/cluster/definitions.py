"""The custom resource definitions: those of Go modules, and those written from documentation."""

import re
from collections.abc import Mapping
from pathlib import Path

from tests.cluster.control_plane import TOOLS, ControlPlane, until

OWN = Path(__file__).parent / "crds"
NAME = re.compile(r"^  name: (\S+)$", re.MULTILINE)


def definitions() -> Mapping[str, Path]:
    """Return the file of each definition by its name, like `gateways.gateway.networking.k8s.io`."""
    files = [*sorted((TOOLS / "crds").glob("*.yaml")), *sorted(OWN.glob("*.yaml"))]
    return {name[1]: path for path in files if (name := NAME.search(path.read_text(encoding="utf-8")))}


def define(plane: ControlPlane) -> list[Path]:
    """Install the definitions that are not there yet, and return their files."""
    known = {name.partition("/")[2] for name in plane.kubectl("get", "crd", "-o", "name").stdout.split()}
    missing = [path for name, path in definitions().items() if name not in known]
    if missing:
        plane.kubectl("apply", "--server-side", *_options(missing))
        until("definitions are not served", lambda: _established(plane))
    return missing


def forget(plane: ControlPlane, files: list[Path]) -> None:
    """Remove definitions again."""
    if files:
        plane.kubectl("delete", *_options(files), "--ignore-not-found", check=False)


def _established(plane: ControlPlane) -> bool:
    waited = plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s", check=False)
    return waited.returncode == 0


def _options(files: list[Path]) -> list[str]:
    return [part for path in files for part in ("-f", str(path))]
