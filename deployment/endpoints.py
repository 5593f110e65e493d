"""Who may call a model, with which key, at which address: from settings and reports to the components' arguments."""

from typing import Any, cast

import pulumi

from components.api_key import ApiKeyArgs
from components.endpoint.args import FrontArgs, InferenceEndpointArgs
from components.inference_service import VllmInferenceService
from components.server.environment import BODY_MIB, MEDIA_BODY_MIB
from deployment.reporting import stated
from deployment.serving import Site
from stacks.endpoint import Address, InferencePool, Visibility
from stacks.gateway import GatewayPolicies
from stacks.model import Model
from stacks.settings import Settings
from validation.report import Report


def api_key(site: Site, model: Model) -> ApiKeyArgs:
    """Return where the model's API key comes from: a Secret of the cluster, the stack's own, else generated."""
    args = ApiKeyArgs(namespace=site.home.namespace)
    if given := model.endpoint.api_key_secret:
        args["existing_secret_name"] = given.name
        if given.key:
            args["existing_secret_key"] = given.key
    elif "apiKey" in site.settings.secrets:
        args["value"] = pulumi.Config().require_secret("apiKey")
    return args


def endpoint(site: Site, model: Model, report: Report, *, service: VllmInferenceService) -> InferenceEndpointArgs:
    """Return who may call the model, by which of the paths of its type."""
    wished, public = model.endpoint, model.endpoint.visibility is Visibility.PUBLIC
    args = InferenceEndpointArgs(
        namespace=site.home.namespace,
        service_name=service.service_name,
        visibility=wished.visibility.value,
        endpoints=list(report.model.endpoints),
        has_api_key=True,
    )
    if wished.client_namespaces:
        args["same_namespace"] = False
    optional: dict[str, Any] = {
        "hostname": wished.hostname,
        "front": front(site.settings, wished, model.name, largest_body(model, report)) if public else None,
        "shared_url": None if wished.hostname else shared_url(site.settings, model),
        "proxy_namespaces": list(site.settings.cluster.proxy_namespaces),
        "client_namespaces": list(wished.client_namespaces),
        "endpoint_picker": _picker(wished.inference_pool) if wished.inference_pool else None,
    }
    return cast("InferenceEndpointArgs", {**args, **stated(optional)})


def front(settings: Settings, address: Address, name: str, body_mib: int) -> FrontArgs:
    """Return what stands before a host name: the cluster's Gateway, or one of its own with a certificate."""
    cluster = settings.cluster
    gateway = None if address.tls_secret else cluster.gateway
    issuer = None if gateway or address.tls_secret else cluster.certificate_issuer
    found: dict[str, Any] = {
        "gateway": stated({"name": gateway.name, "namespace": gateway.namespace, "section_name": gateway.section_name})
        if gateway
        else None,
        "gateway_class": None if gateway else cluster.gateway_class,
        "tls_secret": None if gateway else address.tls_secret or f"{name}-tls",
        "certificate_issuer": {"name": issuer.name, "kind": issuer.kind.value} if issuer else None,
        "allow_from": list(address.allow_from),
        "requests_per_minute": address.requests_per_minute,
        "max_body_mib": body_mib,
        "answer_seconds": address.timeout_seconds,
        "envoy_policies": cluster.gateway_policies is GatewayPolicies.ENVOY_GATEWAY,
    }
    return cast("FrontArgs", stated(found))


def largest_body(model: Model, report: Report) -> int:
    """Return the largest body of a request in MiB that the model's servers take."""
    media = bool(report.prediction and report.prediction.multimodal)
    return model.endpoint.max_body_mib or (MEDIA_BODY_MIB if media else BODY_MIB)


def shared_url(settings: Settings, model: Model) -> str | None:
    """Return the first address of a model at a host that it shares, up to and with `/v1`; None for none."""
    for host in settings.hosts:
        for route in host.routes:
            if any(each.name == model.name for each in route.models):
                return f"https://{host.hostname}{route.path or ''}/v1"
    return None


def _picker(wished: InferencePool) -> dict[str, Any]:
    return {
        "service": wished.picker_service,
        "port": wished.picker_port,
        "pod_labels": wished.picker_labels,
        "fail_open": wished.fail_open,
    }
