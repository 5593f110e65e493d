"""A whole stack of one model as the program would make it, with canaries where secrets go."""

from typing import Any

import pulumi

from components.api_key import ApiKey
from components.endpoint.args import FrontArgs, InferenceEndpointArgs
from components.gpu_node_pool import GpuNodePool
from components.inference_endpoint import InferenceEndpoint
from components.inference_service import VllmInferenceService
from components.model_namespace import ModelNamespace
from components.model_validation import ModelValidation
from components.model_weights import ModelWeights
from components.pools.pool import GpuNodePoolArgs
from components.server.args import VllmInferenceServiceArgs
from components.weights.args import ModelWeightsArgs

GIB = 1 << 30
COMMIT = "0123456789abcdef0123456789abcdef01234567"
IMAGE = "docker.io/vllm/vllm-openai:v0.33.0@sha256:" + "a" * 64
HUB_CANARY = "hf_canary_of_the_hub_token"
KEY_CANARY = "sk-canary-of-the-api-key"
CANARIES = (HUB_CANARY, KEY_CANARY)


def pool_args(**changes: Any) -> GpuNodePoolArgs:
    """Return the arguments of an existing pool of one L4, with changes."""
    args: Any = {"platform": "existing", "gpu": "L4", "gpu_product_label": "NVIDIA-L4", **changes}
    found: GpuNodePoolArgs = args
    return found


def weights_args(**changes: Any) -> ModelWeightsArgs:
    """Return the arguments of 5 GiB of weights from the Hub, with changes; None leaves a key out."""
    args: Any = {
        "namespace": "inference",
        "repository": "ibm-granite/granite-3.3-2b-instruct",
        "commit": COMMIT,
        "image": IMAGE,
        "files": [
            {"path": "model.safetensors", "size": 5 * GIB, "sha256": "b" * 64},
            {"path": "config.json", "size": 700, "blob_id": "c" * 40},
        ],
        **changes,
    }
    found: ModelWeightsArgs = {key: value for key, value in args.items() if value is not None}  # type: ignore[assignment]  # a literal with changes
    return found


def service_args(**changes: Any) -> VllmInferenceServiceArgs:
    """Return the arguments of a server on one GPU, with changes; None leaves a key out."""
    args: Any = {
        "namespace": "inference",
        "image": IMAGE,
        "served_model_name": "granite",
        "claim_name": "granite-weights",
        "model_path": "0123456789ab",
        "weights_bytes": 5 * GIB,
        "max_model_len": 8192,
        **changes,
    }
    found: VllmInferenceServiceArgs = {key: value for key, value in args.items() if value is not None}  # type: ignore[assignment]  # a literal with changes
    return found


def endpoint_args(**changes: Any) -> InferenceEndpointArgs:
    """Return the arguments of a public chat endpoint with a Gateway of its own, with changes; None leaves a key out.

    What stands before the host name may be among the changes by its own name.
    """
    args: Any = {
        "namespace": "inference",
        "service_name": "granite",
        "visibility": "public",
        "endpoints": ["/v1/chat/completions"],
        "hostname": "granite.example.com",
        "tls_secret": "granite-tls",
        "has_api_key": True,
        **changes,
    }
    stated = {key: value for key, value in args.items() if value is not None}
    front = {key: stated.pop(key) for key in FrontArgs.__annotations__ if key in stated}
    found: InferenceEndpointArgs = {**stated, **({"front": front} if front else {})}  # type: ignore[typeddict-item]  # a literal with changes
    return found


def stack(key_value: str = KEY_CANARY, hub_token: str = HUB_CANARY) -> None:
    """Make everything for one model, joined as the program joins it."""
    space = ModelNamespace("models", {"namespace": "inference", "hub_token": pulumi.Output.secret(hub_token)})
    ModelValidation("granite", {"model": "granite", "source": "hf://a/b", "verdict": "compatible", "commit": COMMIT})
    nodes = GpuNodePool("l4", pool_args())
    key = ApiKey("granite", {"namespace": space.namespace, "value": pulumi.Output.secret(key_value)})
    weights = ModelWeights(
        "granite",
        weights_args(
            namespace=space.namespace,
            token_secret_name=space.hub_token_secret_name,
            node_selector=nodes.node_selector,
            tolerations=nodes.tolerations,
        ),
    )
    server = VllmInferenceService(
        "granite",
        service_args(
            namespace=space.namespace,
            claim_name=weights.claim_name,
            model_path=weights.model_path,
            manifest_digest=weights.manifest_digest,
            commit=COMMIT,
            source="hf://ibm-granite/granite-3.3-2b-instruct",
            gpu_resource=nodes.gpu_resource,
            node_selector=nodes.node_selector,
            tolerations=nodes.tolerations,
            api_key_secret_name=key.secret_name,
            api_key_secret_key=key.secret_key,
        ),
    )
    InferenceEndpoint(
        "granite",
        endpoint_args(namespace=space.namespace, service_name=server.service_name, allow_from=["203.0.113.0/24"]),
    )
