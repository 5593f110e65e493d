"""Which control plane is taken, and what is said where there is none."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cluster.choice import ALL_BINARIES, SERVER_BINARIES, Choice, Kind, NoControlPlaneError, choose
from tests.cluster.definitions import definitions


def binaries(folder: Path, names: Sequence[str]) -> Path:
    """Make a folder with empty files of these names."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return the cache folder of tools that were built."""
    binaries(tmp_path / "tools" / "bin", ALL_BINARIES)
    (tmp_path / "tools" / "stamp").write_text("v1.35.4")
    return tmp_path / "tools"


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """Return a folder as envtest fills it."""
    return binaries(tmp_path / "assets", SERVER_BINARIES)


def test_without_anything_the_reason_says_what_to_do(tmp_path: Path) -> None:
    """Each of the three ways is named."""
    with pytest.raises(NoControlPlaneError) as caught:
        choose({}, tmp_path)

    parts = ("make cluster-tools", "KUBEBUILDER_ASSETS", "SLIPWAY_TEST_KUBECONFIG")
    assert [] == [part for part in parts if part not in str(caught.value)]


def test_what_was_built_can_do_most(tools: Path, assets: Path) -> None:
    """It comes before envtest's binaries, which have neither controllers nor nodes."""
    chosen = choose({"KUBEBUILDER_ASSETS": str(assets)}, tools)

    assert Choice(kind=Kind.BUILT, binaries=tools / "bin") == chosen
    assert chosen.runs_pods


def test_a_build_that_was_cut_short_is_not_taken(tools: Path) -> None:
    """The stamp is written last."""
    (tools / "stamp").unlink()

    with pytest.raises(NoControlPlaneError):
        choose({}, tools)


def test_envtests_binaries_serve_without_pods(tmp_path: Path, assets: Path) -> None:
    """Only an API server is there."""
    chosen = choose({"KUBEBUILDER_ASSETS": str(assets)}, tmp_path)

    assert Choice(kind=Kind.ENVTEST, binaries=assets) == chosen
    assert not chosen.runs_pods


def test_binaries_that_lack_are_named(tmp_path: Path) -> None:
    """A folder that is not envtest's is told from one that is."""
    folder = binaries(tmp_path / "assets", ["etcd"])

    with pytest.raises(NoControlPlaneError, match="lacks kube-apiserver, kubectl"):
        choose({"KUBEBUILDER_ASSETS": str(folder)}, tmp_path)


def test_a_named_cluster_comes_first(tmp_path: Path, tools: Path) -> None:
    """Whoever names one means it; it is talked to with the kubectl that was built."""
    (tmp_path / "config").touch()

    chosen = choose({"SLIPWAY_TEST_KUBECONFIG": str(tmp_path / "config")}, tools)

    assert Choice(kind=Kind.NAMED, binaries=tools / "bin", kubeconfig=tmp_path / "config") == chosen
    assert not chosen.runs_pods


def test_a_named_cluster_takes_the_kubectl_on_path(tmp_path: Path) -> None:
    """Nothing has to be built for it."""
    (tmp_path / "config").touch()
    folder = binaries(tmp_path / "path", ["kubectl"])
    (folder / "kubectl").chmod(0o755)

    chosen = choose({"SLIPWAY_TEST_KUBECONFIG": str(tmp_path / "config"), "PATH": str(folder)}, tmp_path)

    assert folder == chosen.binaries


def test_a_named_cluster_that_is_not_there_is_an_error(tmp_path: Path, tools: Path) -> None:
    """Another one is not taken in its stead."""
    with pytest.raises(NoControlPlaneError, match="is no file"):
        choose({"SLIPWAY_TEST_KUBECONFIG": str(tmp_path / "none")}, tools)


def test_the_users_own_kubeconfig_is_never_taken(tmp_path: Path) -> None:
    """It may lead to a cluster that serves people."""
    (tmp_path / "config").touch()

    with pytest.raises(NoControlPlaneError):
        choose({"KUBECONFIG": str(tmp_path / "config")}, tmp_path)


def test_definitions_are_known_by_their_own_names() -> None:
    """A named cluster's are told apart by them, so that none that was there before is taken away at the end."""
    assert {
        "aksnodeclasses.karpenter.azure.com",
        "gcenodeclasses.karpenter.k8s.gcp",
        "leaderworkersets.leaderworkerset.x-k8s.io",
    } <= set(definitions())
