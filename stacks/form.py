"""The forms that strings of a stack file take: one pattern for the reader and for the JSON schema."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

PROBLEM = "slipway"  # the type of every error raised here; its context holds `message` and `help`
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_ID = r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"


def refusal(message: str, help: str = "") -> PydanticCustomError:  # noqa: A002 - the word that is printed
    """Return the error that a validator raises; neither text may hold any of the value."""
    return PydanticCustomError(PROBLEM, "{message}", {"message": message, "help": help})


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a string has to look like from its first to its last character."""

    pattern: str
    message: str
    help: str = ""
    max_length: int = 253

    def check(self, value: str) -> str:
        """Return the string unchanged, or refuse it."""
        if len(value) > self.max_length:
            raise refusal(f"is longer than {self.max_length} characters", self.help)
        if re.fullmatch(self.pattern, value) is None:
            raise refusal(self.message, self.help)
        return value

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after the type was."""
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say the same to an editor."""
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$", "maxLength": self.max_length}


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        raise refusal(
            "is no network in CIDR notation", "write it like `203.0.113.0/24`, with no bits set beyond the prefix"
        ) from None
    return value


Name = Annotated[
    str,
    Form(
        pattern=r"(?!vllm$)[a-z]([-a-z0-9]*[a-z0-9])?",
        message="is no name that objects of the cluster can have",
        help="use lower-case letters, digits and hyphens, with a letter first, and not `vllm` "
        "(a Service of that name sets VLLM_PORT, which stops the server)",
        max_length=40,
    ),
]
Namespace = Annotated[
    str,
    Form(pattern=_LABEL, message="is no DNS label", help="use lower-case letters, digits and hyphens", max_length=63),
]
ObjectName = Annotated[
    str,
    Form(
        pattern=rf"{_LABEL}(\.{_LABEL})*",
        message="is no name of a Kubernetes object",
        help="use lower-case letters, digits, hyphens and dots",
    ),
]
DataKey = Annotated[
    str,
    Form(pattern=r"[A-Za-z0-9._-]+", message="is no key of a Secret", help="use the key under `data` of the Secret"),
]
PriorityClass = Annotated[
    str,
    Form(
        pattern=rf"(?!system-){_LABEL}(\.{_LABEL})*",
        message="is no name of a PriorityClass of your own",
        help="use lower-case letters, digits, hyphens and dots; `system-` is for the cluster's own pods",
    ),
]
Url = Annotated[
    str,
    Form(
        pattern=rf"https?://{_LABEL}(\.{_LABEL})*(:[0-9]{{1,5}})?(/[A-Za-z0-9._~-]+)*/?",
        message="is no address of a server",
        help="write it like `http://prometheus-operated.monitoring.svc:9090`, without user, password or query",
        max_length=512,
    ),
]
Hostname = Annotated[
    str,
    Form(
        pattern=rf"({_LABEL}\.)+[a-z]([-a-z0-9]{{0,61}}[a-z0-9])?",
        message="is no host name",
        help="write it in lower case, without scheme, port or path, like `granite.example.com`",
    ),
]
Network = Annotated[
    str, AfterValidator(_network), WithJsonSchema({"type": "string", "pattern": r"^[0-9a-fA-F.:]+(/[0-9]+)?$"})
]
PathPrefix = Annotated[
    str,
    Form(
        pattern=r"(/(?!v[0-9]+(/|$))[a-z0-9]([a-z0-9._-]*[a-z0-9])?){1,4}",
        message="is no prefix of a path",
        help="write it in lower case with a slash first and none at the end, like `/granite`, and without `/v1`",
        max_length=128,
    ),
]
HeaderName = Annotated[
    str,
    Form(
        pattern=r"(?![Hh][Oo][Ss][Tt]$)(?![Aa]uthorization$)[A-Za-z][A-Za-z0-9-]*",
        message="is no header that could name a model",
        help="write it like `X-Gateway-Model-Name`",
        max_length=64,
    ),
]
ServedName = Annotated[
    str,
    Form(
        pattern=r"[A-Za-z0-9]([A-Za-z0-9._:/-]*[A-Za-z0-9])?",
        message="is no name that clients can send as `model`",
        help="use letters, digits, `.`, `_`, `-`, `:` and `/`, like `granite` or `ibm-granite/granite-3.3-2b-instruct`",
        max_length=128,
    ),
]
Source = Annotated[
    str,
    Form(
        pattern=rf"hf://(?!.*(--|\.\.))(?!.*\.git$){_ID}/{_ID}|(?![-~])(?!.*://)[^\x00-\x1f\x7f]+",
        message="is no model source",
        help="write `hf://organisation/name` for a repository of the Hub, or the path of a folder",
        max_length=512,
    ),
]
RepositoryId = Annotated[
    str,
    Form(pattern=rf"(?!.*(--|\.\.)){_ID}/{_ID}", message="is no repository id", help="write `organisation/name`"),
]
Revision = Annotated[
    str,
    Form(
        pattern=r"(?!.*(\.\.|//))[A-Za-z0-9]([A-Za-z0-9._/-]{0,198}[A-Za-z0-9_])?",
        message="is no branch, tag or commit",
        help="write the 40 hexadecimal digits of a commit; `python -m validation pin` finds them",
        max_length=200,
    ),
]
Version = Annotated[
    str,
    Form(
        pattern=r"[0-9]+\.[0-9]+(\.[0-9]+)?(\.post[0-9]+|rc[0-9]+)?",
        message="is no vLLM version",
        help="write it like `0.33.0`",
        max_length=32,
    ),
]
Image = Annotated[
    str,
    Form(
        pattern=r"[a-z0-9][a-z0-9._-]*(:[0-9]{1,5})?(/[a-z0-9][a-z0-9._-]*)*"
        r"(:(?!latest$|latest@)[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})",
        message="is no image that names a version",
        help="write it with tag and digest, like `docker.io/vllm/vllm-openai:v0.33.0@sha256:...`",
        max_length=512,
    ),
]
PinnedImage = Annotated[
    str,
    Form(
        pattern=r"[a-z0-9][a-z0-9._-]*(:[0-9]{1,5})?(/[a-z0-9][a-z0-9._-]*)*"
        r"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?@sha256:[0-9a-f]{64}",
        message="is no image by digest",
        help="write it with its digest, like `registry.example.com/models/granite:1@sha256:...`: "
        "a tag can move after the check",
        max_length=512,
    ),
]
CachePath = Annotated[
    str,
    Form(
        pattern=r"(?!/(bin|boot|dev|etc|home|lib|lib64|proc|root|run|sbin|sys|tmp|usr)/)"
        r"(?!/var/(lib/(containerd|containers|docker|etcd|kubelet|rancher)|log|run)(/|$))"
        r"(?!.*/\.\.?(/|$))(/[A-Za-z0-9][A-Za-z0-9._-]*){2,}",
        message="is no folder that weights may fill",
        help="write an absolute path of a folder made for them, two levels deep at least and outside of the system's "
        "own, like `/mnt/models`: its group becomes that of the pods",
        max_length=253,
    ),
]
Identifier = Annotated[
    str,
    Form(
        pattern=r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?",
        message="holds characters that do not belong there",
        help="use letters, digits, `.`, `_` and `-`",
        max_length=63,
    ),
]
ClusterId = Annotated[
    str,
    Form(
        pattern=r"([a-z]{2}-[a-z]{3}/)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        message="is no id of a cluster",
        help="write the region and the UUID, like `fr-par/11111111-2222-3333-4444-555555555555`",
    ),
]
AmiAlias = Annotated[
    str,
    Form(
        pattern=r"[a-z0-9]+@(latest|v[0-9.]+)",
        message="is no alias of a machine image",
        help="write it like `al2023@v20261101`",
    ),
]
Kind = Annotated[
    str,
    Form(pattern=r"[A-Z][A-Za-z0-9]*", message="is no kind of an object", help="write it like `AWSMachineTemplate`"),
]
ResourceGroup = Annotated[
    str,
    Form(
        pattern=r"[A-Za-z0-9_().-]*[A-Za-z0-9_()-]",
        message="is no name of a resource group",
        help="use letters, digits, `_`, `-`, `.` and brackets, and no `.` at the end",
        max_length=90,
    ),
]
Role = Annotated[
    str,
    Form(
        pattern=r"(arn:aws[a-z-]*:iam::[0-9]{12}:role/)?[A-Za-z0-9]([A-Za-z0-9+=,.@_/-]*[A-Za-z0-9])?",
        message="is no IAM role",
        help="write its name, or its ARN like `arn:aws:iam::123456789012:role/gpu-nodes`",
    ),
]
ServiceAccount = Annotated[
    str,
    Form(
        pattern=r"[a-z0-9-]+@([a-z0-9-]+\.iam|developer)\.gserviceaccount\.com",
        message="is no IAM service account",
        help="write it like `gpu-nodes@project.iam.gserviceaccount.com`",
    ),
]
Subnet = Annotated[
    str,
    Form(
        pattern=r"subnet-[0-9a-f]{8,17}|/subscriptions/[^/\s]+/resourceGroups/[^/\s]+"
        r"/providers/Microsoft\.Network/virtualNetworks/[^/\s]+/subnets/[^/\s]+",
        message="is no id of a subnet",
        help="write it like `subnet-0123456789abcdef0`, or as the resource id of Azure",
        max_length=512,
    ),
]
KubernetesVersion = Annotated[
    str,
    Form(
        pattern=r"v[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?",
        message="is no version of Kubernetes",
        help="write it like `v1.35.4`",
        max_length=64,
    ),
]
LabelKey = Annotated[
    str,
    Form(
        pattern=rf"({_LABEL}(\.{_LABEL})*/)?[A-Za-z0-9]([A-Za-z0-9._-]{{0,61}}[A-Za-z0-9])?",
        message="is no label of a node",
        help="write it like `nvidia.com/gpu.product`",
        max_length=317,
    ),
]
LabelValue = Annotated[
    str,
    Form(
        pattern=r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?",
        message="is no value of a label",
        help="use at most 63 letters, digits, `.`, `_` and `-`",
        max_length=63,
    ),
]
RuleName = Annotated[
    str,
    Form(
        pattern=r"[a-z][a-z0-9]*(-[a-z0-9]+)*",
        message="is no rule's name",
        help="`python -m validation rules` lists them",
        max_length=64,
    ),
]
LicenceId = Annotated[
    str,
    Form(
        pattern=r"[a-z0-9]([a-z0-9.+_-]*[a-z0-9])?",
        message="is no licence id of the Hub",
        help="write it in lower case, like `apache-2.0`",
        max_length=64,
    ),
]
Folder = Annotated[
    str,
    Form(pattern=r"(?![-~])[^\x00-\x1f\x7f]+", message="is no path of a folder", help="write a path", max_length=512),
]
SubPath = Annotated[
    str,
    Form(
        pattern=r"(?!/)(?!(.*/)?\.\.(/|$))[^\x00-\x1f\x7f:]+",
        message="is no path inside a volume",
        help="write it relative to the volume's root, without `..`",
        max_length=512,
    ),
]
Reason = Annotated[
    str,
    Form(
        pattern=r"(?=.*\S)[^\x00-\x1f\x7f]{3,}",
        message="is no reason",
        help="say in one line why the rule does not matter here",
        max_length=300,
    ),
]
