"""Who may call a model, with which key, at which address: from settings and reports to the components' arguments."""

from typing import Any, cast

import pulumi

from components.api_key import ApiKeyArgs
from components.endpoint.args import InferenceEndpointArgs
from components.inference_service import VllmInferenceService
from deployment.reporting import stated
from deployment.serving import Site
from stacks.endpoint import Visibility
from stacks.model import Model
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
    args = InferenceEndpointArgs(
        namespace=site.home.namespace,
        service_name=service.service_name,
        visibility=model.endpoint.visibility.value,
        endpoints=list(report.model.endpoints),
        has_api_key=True,
    )
    gateway = None if model.endpoint.tls_secret else site.settings.cluster.gateway
    certificate = model.endpoint.tls_secret or (None if gateway else f"{model.name}-tls")
    optional: dict[str, Any] = {
        "hostname": model.endpoint.hostname,
        "allow_from": list(model.endpoint.allow_from),
        "tls_secret": certificate if model.endpoint.visibility is Visibility.PUBLIC else None,
        "gateway": stated({"name": gateway.name, "namespace": gateway.namespace, "section_name": gateway.section_name})
        if gateway
        else None,
    }
    return cast("InferenceEndpointArgs", {**args, **stated(optional)})
