"""Host names that several models share: what only the reports can tell of them, and what they are made from."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from components.endpoint.args import BackendArgs, HostRouteArgs, InferenceHostArgs
from components.endpoint.pool import POOL
from components.inference_endpoint import InferenceEndpoint
from deployment.endpoints import front, largest_body
from deployment.reporting import stated
from deployment.serving import Site
from stacks.host import Host, Route
from stacks.settings import Settings
from validation.report import Report


def disagreements(settings: Settings, reports: Mapping[str, Report]) -> Iterator[str]:
    """Yield where models that stand in for each other were found to answer at different paths."""
    for number, host in enumerate(settings.hosts):
        for at, route in enumerate(host.routes):
            found = [(k, reports[each.name].model.endpoints) for k, each in enumerate(route.models)]
            for k, endpoints in found:
                if endpoints and found[0][1] and set(endpoints) != set(found[0][1]):
                    path = f"slipway:hosts[{number}].routes[{at}].models[{k}].name"
                    yield _told(settings, path, f"answers at {_listed(endpoints)}", _listed(found[0][1]))


def _told(settings: Settings, path: str, is_: str, first: str) -> str:
    place = settings.places.get(path)
    where = f"\n  --> {place}" if place else ""
    return (
        f"error[settings]: `{path}` {is_}, the first model of its route at {first}{where}"
        "\n  = help: put it on another route"
    )


def _listed(endpoints: tuple[str, ...]) -> str:
    return ", ".join(f"`{path}`" for path in endpoints)


def host(
    site: Site, wished: Host, reports: Mapping[str, Report], endpoints: Mapping[str, InferenceEndpoint]
) -> InferenceHostArgs:
    """Return one host with a route to each of its models."""
    names = {each.name for route in wished.routes for each in route.models}
    served = [model for model in site.settings.models if model.name in names]
    return InferenceHostArgs(
        namespace=site.home.namespace,
        hostname=wished.hostname,
        model_header=wished.model_header,
        front=front(
            site.settings, wished, wished.name, max(largest_body(model, reports[model.name]) for model in served)
        ),
        routes=[_route(each, reports, endpoints) for each in wished.routes],
    )


def _route(wished: Route, reports: Mapping[str, Report], endpoints: Mapping[str, InferenceEndpoint]) -> HostRouteArgs:
    args = HostRouteArgs(
        backends=[_backend(endpoints[each.name], each.weight) for each in wished.models],
        endpoints=list(reports[wished.models[0].name].model.endpoints),
    )
    optional: dict[str, Any] = {"path": wished.path, "model_name": wished.model_name}
    return cast("HostRouteArgs", {**args, **stated(optional)})


def _backend(endpoint: InferenceEndpoint, weight: int) -> BackendArgs:
    kind = POOL if endpoint.resources.pool else "Service"
    return BackendArgs(name=endpoint.backend_name, kind=kind, weight=weight)
