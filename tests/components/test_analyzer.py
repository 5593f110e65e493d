"""Every component can be offered to other languages: Pulumi's analyzer reads it."""

import pytest
from pulumi import ComponentResource
from pulumi.provider.experimental.analyzer import Analyzer, ComponentDefinition

from components.api_key import ApiKey
from components.autoscaler import Autoscaler
from components.gpu_node_pool import GpuNodePool
from components.inference_endpoint import InferenceEndpoint
from components.inference_host import InferenceHost
from components.inference_service import VllmInferenceService
from components.model_namespace import ModelNamespace
from components.model_validation import ModelValidation
from components.model_weights import ModelWeights
from components.node_cache import NodeCache
from components.request_queue import RequestQueue

COMPONENTS: list[type[ComponentResource]] = [
    ApiKey,
    Autoscaler,
    GpuNodePool,
    InferenceEndpoint,
    InferenceHost,
    ModelNamespace,
    ModelValidation,
    ModelWeights,
    NodeCache,
    RequestQueue,
    VllmInferenceService,
]


@pytest.fixture(scope="module")
def definitions() -> dict[str, ComponentDefinition]:
    """Return what the analyzer makes of all components together."""
    return Analyzer("slipway").analyze(COMPONENTS)["component_definitions"]


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_the_analyzer_reads_the_component(
    component: type[ComponentResource], definitions: dict[str, ComponentDefinition]
) -> None:
    """Inputs, outputs and every docstring are understood."""
    found = definitions[component.__name__]

    assert found.description
    assert [] == [name for name, each in found.inputs.items() if not each.description]
    assert found.outputs
    assert [] == [name for name, each in found.outputs.items() if not each.description]


def test_optional_arguments_are_optional(definitions: dict[str, ComponentDefinition]) -> None:
    """What is NotRequired in Python is optional in the schema."""
    inputs = definitions["VllmInferenceService"].inputs
    required = sorted(name for name, each in inputs.items() if not each.optional)

    assert ["image", "modelPath", "namespace", "servedModelName"] == required


def test_records_of_resources_are_no_outputs(definitions: dict[str, ComponentDefinition]) -> None:
    """The frozen record of children stays inside Python."""
    assert {"serviceName", "deploymentName", "scaleTarget", "url", "loadSeconds"} == set(
        definitions["VllmInferenceService"].outputs
    )
