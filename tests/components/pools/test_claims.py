"""Devices that pods claim, instead of a resource that they ask for."""

from typing import Any

import pytest

from tests.components.pools.making import make


@pytest.mark.parametrize(
    ("changes", "device_class", "selectors"),
    [
        ({}, "", []),
        ({"allocation": "device-plugin"}, "", []),
        (
            {"allocation": "dra"},
            "gpu.nvidia.com",
            ['device.attributes["gpu.nvidia.com"].productName.replace(" ", "-") == "NVIDIA-L4"'],
        ),
        (
            {"allocation": "dra", "gpu_product_label": "NVIDIA-A100-SXM4-40GB", "mig_profile": "1g.5gb"},
            "mig.nvidia.com",
            [
                'device.attributes["gpu.nvidia.com"].productName.replace(" ", "-") == "NVIDIA-A100-SXM4-40GB"',
                'device.attributes["gpu.nvidia.com"].profile == "1g.5gb"',
            ],
        ),
    ],
)
def test_claims_name_the_product_and_the_profile(
    changes: dict[str, Any], device_class: str, selectors: list[str]
) -> None:
    """The driver says the product with spaces where the label of the nodes has hyphens."""
    _, outputs = make(**changes)

    assert (device_class, selectors) == (outputs["device_class"], outputs["device_selectors"])
