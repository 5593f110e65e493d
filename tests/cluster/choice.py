"""Which control plane the tests run against: one that a user names, the one that was built, or envtest's."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

NAMED = "SLIPWAY_TEST_KUBECONFIG"  # never KUBECONFIG: that one may lead to a cluster that serves people
ENVTEST = "KUBEBUILDER_ASSETS"
SERVER_BINARIES = ("etcd", "kube-apiserver", "kubectl")
ALL_BINARIES = (*SERVER_BINARIES, "kube-controller-manager", "kube-scheduler", "kwok")
NOTHING = f"no control plane was built: `make cluster-tools` builds one from Go modules; {ENVTEST} or {NAMED} serve too"


class Kind(Enum):
    """Where a control plane comes from."""

    NAMED = "the cluster of SLIPWAY_TEST_KUBECONFIG"
    BUILT = "the control plane that `make cluster-tools` built"
    ENVTEST = "envtest's API server"


class NoControlPlaneError(Exception):
    """No control plane can be had; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The control plane of a run: the folder of its binaries, and a kubeconfig where it runs already."""

    kind: Kind
    binaries: Path
    kubeconfig: Path | None = None

    @property
    def runs_pods(self) -> bool:
        """Return whether there are controllers, a scheduler and fake GPU nodes, so that pods become ready."""
        return self.kind is Kind.BUILT

    @property
    def kubectl(self) -> Path:
        """Return the kubectl to talk to it with."""
        return self.binaries / "kubectl"


def choose(environment: Mapping[str, str], tools: Path) -> Choice:
    """Return the control plane: a named cluster first, then what can do most. Raise NoControlPlaneError."""
    if named := environment.get(NAMED):
        return _named(Path(named), environment, tools)
    if (tools / "stamp").is_file():
        return Choice(kind=Kind.BUILT, binaries=_complete(tools / "bin", ALL_BINARIES))
    if assets := environment.get(ENVTEST):
        return Choice(kind=Kind.ENVTEST, binaries=_complete(Path(assets), SERVER_BINARIES))
    raise NoControlPlaneError(NOTHING)


def _named(kubeconfig: Path, environment: Mapping[str, str], tools: Path) -> Choice:
    if not kubeconfig.is_file():
        raise NoControlPlaneError(f"{NAMED} names {kubeconfig}, which is no file")
    on_path = shutil.which("kubectl", path=environment.get("PATH", ""))
    folders = [tools / "bin", Path(environment.get(ENVTEST, "")), *([Path(on_path).parent] if on_path else [])]
    for folder in folders:
        if (folder / "kubectl").is_file():
            return Choice(kind=Kind.NAMED, binaries=folder.resolve(), kubeconfig=kubeconfig.resolve())
    raise NoControlPlaneError(f"{NAMED} needs kubectl on PATH")


def _complete(folder: Path, binaries: tuple[str, ...]) -> Path:
    if missing := [name for name in binaries if not (folder / name).is_file()]:
        raise NoControlPlaneError(f"{folder} lacks {', '.join(missing)}")
    return folder.resolve()
