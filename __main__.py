"""The whole program on one page: settings -> checks -> components -> outputs."""

import os
from collections.abc import Mapping
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi.runtime.config import CONFIG, get_config_env, get_config_secret_keys_env, is_config_secret

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
from components.observability import Observability
from components.pools.pool import GpuNodePoolArgs
from components.request_queue import RequestQueue
from deployment import checks, endpoints, files, hosts, pools, reporting, scaling, serving, telemetry
from stacks.model import Model
from stacks.problem import SettingsError
from stacks.reader import read_config
from stacks.settings import Settings
from validation.check import check_models
from validation.contracts.load import ContractError
from validation.engine.tables import EngineError
from validation.report import Report


def read_settings() -> Settings:
    """Return the stack's settings; raise RunError with every problem in them."""
    values = {**get_config_env(), **CONFIG.get()}
    sealed = {*get_config_secret_keys_env(), *filter(is_config_secret, values)}
    stack_file = os.environ.get("SLIPWAY_STACK_FILE") or f"stacks/Pulumi.{pulumi.get_stack()}.yaml"
    try:
        return read_config(values, secret_keys=sealed, stack_file=Path(stack_file))
    except SettingsError as error:
        raise pulumi.RunError(error.render()) from None


def check(settings: Settings) -> tuple[Report, ...]:
    """Check every model before anything is registered; raise RunError for a contract or engine that there is not."""
    try:
        return check_models(checks.requests(settings), checks.policy(settings))
    except ContractError as error:
        raise pulumi.RunError(f"`slipway:validation.contract`: {error}") from None
    except EngineError as error:
        raise pulumi.RunError(f"`slipway:engine.version` {error}") from None


def build(
    settings: Settings, wished: Mapping[str, GpuNodePoolArgs], served: list[tuple[Model, Report]]
) -> serving.Site:
    """Make what models share: the provider, the namespace, the GPU nodes and what these keep on their disks."""
    cluster = kubernetes.Provider(
        "cluster",
        context=settings.cluster.kubeconfig_context,
        render_yaml_to_directory=settings.cluster.render_to,
    )
    options = pulumi.ResourceOptions(providers=[cluster])
    home = ModelNamespace(settings.cluster.namespace, serving.namespace(settings), options)
    nodes = pools.providers(settings, cluster)
    made = {name: GpuNodePool(name, args, nodes) for name, args in wished.items()}
    kept = files.caches(settings, served, home=home, pools=made)
    caches = {name: NodeCache(name, args, options) for name, args in kept.items()}
    return serving.Site(settings=settings, home=home, pools=made, caches=caches, options=options)


def serve(site: serving.Site, model: Model, report: Report) -> InferenceEndpoint:
    """Deploy one model exactly as it was checked and planned."""
    name, options = model.name, site.options
    weights = ModelWeights(name, serving.weights(site, model, report), options)
    key = ApiKey(name, endpoints.api_key(site, model), options)
    service = VllmInferenceService(name, serving.service(site, model, report, weights=weights, key=key), options)
    queue = scale(site, model, report, service=service)
    way = endpoints.endpoint(site, model, report, service=service)
    return InferenceEndpoint(name, scaling.behind(site.settings, model, report, queue, way), options)


def scale(site: serving.Site, model: Model, report: Report, *, service: VllmInferenceService) -> RequestQueue | None:
    """Let the number of servers follow the load; return the queue in front of a model that may have none."""
    settings, space, options = site.settings, site.home.namespace, site.options
    if not model.replicas.scale:
        return None
    queue: RequestQueue | None = None
    if model.replicas.min == 0:
        waiting = scaling.request_queue(settings, model, report, namespace=space, service=service)
        queue = RequestQueue(model.name, waiting, options)
    wished = scaling.autoscaler(settings, model, report, namespace=space, service=service, queue=queue)
    Autoscaler(model.name, wished, options)
    return queue


def watch(site: serving.Site, served: list[tuple[Model, Report]]) -> None:
    """Let Prometheus and Grafana see the models, where the stack says that they are there."""
    if wished := site.settings.cluster.monitoring:
        args = telemetry.observability(site.settings, wished, served, site.home.namespace)
        Observability(site.settings.cluster.namespace, args, site.options)


def share(site: serving.Site, reports: Mapping[str, Report], ways: Mapping[str, InferenceEndpoint]) -> None:
    """Put what is served behind the host names that are shared; a host waits until none of its models is refused."""
    for wished in site.settings.hosts:
        if all(each.name in ways for route in wished.routes for each in route.models):
            host = InferenceHost(wished.name, hosts.host(site, wished, reports, ways), site.options)
            pulumi.export(wished.name, {"url": host.url})


def main() -> None:
    """Check everything first; deploy what may be deployed; end in an error when a model was refused."""
    settings = read_settings()
    checked = list(zip(settings.models, check(settings), strict=True))
    shown = {report.name: ModelValidation(report.name, reporting.validation(settings, report)) for _, report in checked}
    refused = [report for _, report in checked if shown[report.name].blocks]
    reports = {report.name: report for _, report in checked}
    reasons = list(hosts.disagreements(settings, reports))
    reasons += [reporting.refusal(refused, len(checked))] if refused else []
    if not reasons or pulumi.runtime.is_dry_run():
        served = [(model, report) for model, report in checked if not shown[report.name].blocks]
        site = build(settings, pools.all_pools(settings, checked, [report.name for report in refused]), served)
        ways: dict[str, InferenceEndpoint] = {}
        for model, report in served:
            ways[model.name] = serve(site, model, report)
            pulumi.export(model.name, {"url": ways[model.name].url, **reporting.derived(report)})
        share(site, reports, ways)
        watch(site, served)
        scaling.warn(settings, site.pools, shown)
    if reasons:
        raise pulumi.RunError("\n\n".join(reasons))


if __name__ == "__main__":
    main()
