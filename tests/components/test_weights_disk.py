"""The part of a node's disk that weights take."""

import pytest

from components.weights.disk import node_disk
from tests.components.examples import GIB


@pytest.mark.parametrize(
    ("store", "wanted"),
    [
        ("volume", 0),
        ("node", 22),
        ("image", 44),
    ],
)
def test_the_disk_of_a_node_holds_two_versions(store: str, wanted: int) -> None:
    """10 GiB of files twice while an update runs, an image of them pulled and unpacked, and a tenth more."""
    assert wanted * GIB == node_disk(store, 10 * GIB)


def test_no_files_take_no_disk() -> None:
    """A model whose size is not known asks for nothing."""
    assert [0, 0, 0] == [node_disk(store, 0) for store in ("volume", "node", "image")]
