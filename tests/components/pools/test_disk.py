"""The disk of a node, from what runs on it."""

import pytest

from components.pools.disk import node_disk_gib
from tests.components.examples import GIB


@pytest.mark.parametrize(
    ("servers", "weights", "expected"),
    [
        (1, 0, 140),  # (20 + 2 x 40 + 17) / 0.85
        (8, 0, 280),  # (20 + 2 x 40 + 8 x 17) / 0.85
        (1, 100 * GIB, 260),  # (20 + 2 x 40 + 17 + 100) / 0.85
    ],
)
def test_a_disk_holds_images_caches_and_the_weights_of_the_node(servers: int, weights: int, expected: int) -> None:
    """With the part free below which the kubelet evicts pods, in steps of ten."""
    assert expected == node_disk_gib(servers, weights)
