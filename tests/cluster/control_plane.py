"""A Kubernetes API server to talk to, by its own kubectl."""

import json
import os
import subprocess
import time
import urllib.error
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cluster.choice import Choice

TOOLS = Path(
    os.environ.get("SLIPWAY_CLUSTER_TOOLS")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway" / "cluster"
)
PATIENCE = 120.0  # seconds: a machine of two cores may be busy


class NotReadyError(RuntimeError):
    """Something did not happen in time."""


def until(what: str, ready: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Return what ``ready`` returns as soon as it is true; raise NotReadyError when time is over."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while True:
        with suppress(OSError, urllib.error.URLError, subprocess.CalledProcessError, KeyError, IndexError):
            if answer := ready():
                return answer
        if time.monotonic() > deadline:
            raise NotReadyError(f"{what} after {seconds:.0f} s")
        time.sleep(pause)
        pause = min(0.5, pause * 1.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """A running control plane, as its administrator sees it."""

    choice: Choice
    kubeconfig: Path
    cache: Path
    made: set[str] = field(default_factory=set)
    """The titles of all objects that were applied."""

    @property
    def runs_pods(self) -> bool:
        """Return whether pods become ready: there are controllers, a scheduler and nodes."""
        return self.choice.runs_pods

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as administrator of this control plane and return what it printed."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("KUBE", "HTTP", "http"))}
        return subprocess.run(  # noqa: S603 - the chosen binary, arguments of the tests
            [str(self.choice.kubectl), f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.cache}", *arguments],
            input=stdin,
            env=environment,
            capture_output=True,
            text=True,
            check=check,
        )

    def get(self, *arguments: str) -> Any:
        """Return objects as the API server holds them."""
        return json.loads(self.kubectl("get", "-o", "json", *arguments).stdout)

    def apply(self, objects: Sequence[Mapping[str, Any]], *options: str) -> subprocess.CompletedProcess[str]:
        """Apply objects server-side and strictly; return what kubectl printed, warnings on stderr."""
        self.made.update(title(each) for each in objects)
        return self.kubectl(
            "apply", "--server-side", "--validate=strict", *options, "-f", "-", stdin=as_list(objects), check=False
        )

    def version(self) -> str:
        """Return the API server's version."""
        return str(json.loads(self.kubectl("get", "--raw", "/version").stdout)["gitVersion"])


def title(each: Mapping[str, Any]) -> str:
    """Return ``kind apiVersion namespace name`` of an object."""
    metadata = each["metadata"]
    return f"{each['kind']} {each['apiVersion']} {metadata.get('namespace', '<none>')} {metadata['name']}"


def as_list(objects: Sequence[Mapping[str, Any]]) -> str:
    """Return the objects as the one document that kubectl reads from its standard input."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
