"""GPUs by claim (dynamic resource allocation): each pod gets a claim of its own from one template a model."""

import json

import pulumi
from pulumi_kubernetes.core.v1 import PodResourceClaimArgsDict
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.resource.v1 import ExactDeviceRequestArgsDict, ResourceClaimTemplate

from components.naming import digest, object_name
from components.server.args import VllmInferenceServiceArgs

CLAIM = "gpus"  # the claim's name in the pod, and its request's


def is_claiming(args: VllmInferenceServiceArgs) -> bool:
    """Return whether pods claim their GPUs instead of asking for the device plugin's resource."""
    return bool(args.get("device_class", ""))


def template_name(model: str, args: VllmInferenceServiceArgs) -> str:
    """Return the template's name, which changes with its content: the API lets no template be changed."""
    return object_name(model, CLAIM, digest(json.dumps(_request(args), sort_keys=True)))


def pod_claims(model: str, args: VllmInferenceServiceArgs) -> list[PodResourceClaimArgsDict]:
    """Return the pod's claims: one of all GPUs of the replica on this node."""
    return [{"name": CLAIM, "resource_claim_template_name": template_name(model, args)}]


def claim_template(
    model: str, args: VllmInferenceServiceArgs, metadata: ObjectMetaArgsDict, options: pulumi.ResourceOptions
) -> ResourceClaimTemplate:
    """Make the template that the model's pods refer to."""
    return ResourceClaimTemplate(
        f"{model}-{CLAIM}",
        metadata={**metadata, "name": template_name(model, args)},
        spec={"spec": {"devices": {"requests": [{"name": CLAIM, "exactly": _request(args)}]}}},
        opts=options,
    )


def _request(args: VllmInferenceServiceArgs) -> ExactDeviceRequestArgsDict:
    request: ExactDeviceRequestArgsDict = {
        "device_class_name": args.get("device_class", ""),
        "allocation_mode": "ExactCount",
        "count": args.get("tensor_parallel_size", 1),
    }
    if selectors := args.get("device_selectors"):
        request["selectors"] = [{"cel": {"expression": expression}} for expression in selectors]
    return request
