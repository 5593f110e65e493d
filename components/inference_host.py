"""InferenceHost: one host name before several models, told apart by path or by name, and shared out by weight."""

from collections.abc import Iterator

import pulumi

from components.endpoint import route
from components.endpoint.args import HostRouteArgs, InferenceHostArgs
from components.endpoint.front import Front
from components.naming import object_name
from components.paths import METHODS

TOKEN = "slipway:index:InferenceHost"  # noqa: S105 - a type token of Pulumi, no secret
PART = "host"
MOST_RULES = 16  # of an HTTPRoute


class InferenceHost(pulumi.ComponentResource):
    """A host name with a route to each of its models, TLS, an allow-list and limits; the models ask for their keys."""

    url: pulumi.Output[str]
    """The address, without a path."""

    def __init__(self, name: str, args: InferenceHostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the way; raise RunError for a host without TLS, and for routes that would take each other's requests."""
        super().__init__(TOKEN, name, {**args}, opts)
        for problem in _problems(args):
            raise pulumi.RunError(f"host `{name}`: {problem}")
        front = Front(
            parent=self,
            owner=object_name(name),
            part=PART,
            hostname=args["hostname"],
            namespace=args["namespace"],
            args=args.get("front", {}),
        )
        self.resources = front.build(args["routes"], args.get("model_header", route.MODEL_HEADER))
        self.url = pulumi.Output.from_input(f"https://{args['hostname']}")
        self.register_outputs({"url": self.url})


def _problems(args: InferenceHostArgs) -> Iterator[str]:
    routes = args["routes"]
    if not routes:
        yield "has no route; add one to `routes`"
    front = args.get("front", {})
    if "gateway" not in front and not front.get("tls_secret"):
        yield "needs TLS; set `tlsSecret` or `cluster.gateway`"
    places = [(each.get("path", ""), each.get("model_name", "")) for each in routes]
    for place in sorted({place for place in places if places.count(place) > 1}):
        yield f"two routes have the path `{place[0]}` and the model name `{place[1]}`"
    rules = sum(len(each["endpoints"]) if each.get("path") else 1 for each in routes)
    if rules > MOST_RULES:
        yield f"its routes need {rules} rules, and an HTTPRoute holds {MOST_RULES}; make another host"
    for each in routes:
        yield from _route_problems(each)


def _route_problems(found: HostRouteArgs) -> Iterator[str]:
    where = found.get("path") or found.get("model_name") or "/"
    if not found["endpoints"]:
        yield f"the type of the models at `{where}` has no path that could be public"
    if unknown := [path for path in found["endpoints"] if path not in METHODS]:
        yield f"no route is made for {', '.join(unknown)}"
    if not sum(each.get("weight", 1) for each in found["backends"]):
        yield f"no model at `{where}` has a weight above 0"
