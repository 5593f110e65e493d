"""The list of files that the prefetch brings and verifies, and how much room they take."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.hardening import GIB, MIB
from components.naming import COMMIT_DIGITS, DIGEST_DIGITS, digest
from components.weights.args import ModelWeightsArgs, WeightFileArgs
from components.weights.disk import NODE

HUB = "https://huggingface.co"
MAX_BYTES = 900_000  # a ConfigMap holds 1 MiB with its metadata
HEAD_ROOM = 0.10  # file systems keep a part for themselves
SLOWEST = 20 * MIB  # bytes a second that a download may be as slow as
JOB_BASE = 20 * 60  # a node that is made first, and the image


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The manifest file's text and its sha256, the sum of the sizes, and the folder inside the volume.

    ``version`` tells what is fetched from what was fetched before: the model's commit, with a digest of its adapters.
    """

    text: str
    digest: str
    size: int
    folder: str
    version: str = ""

    @property
    def volume(self) -> int:
        """Return the bytes of a volume for the files: a tenth and 1 GiB more, in whole GiB."""
        return -(-int(self.size * (1 + HEAD_ROOM) + GIB) // GIB) * GIB

    @property
    def seconds(self) -> int:
        """Return how long the Job may take."""
        return fetch_seconds(self.size)


def fetch_seconds(size: int) -> int:
    """Return how long files of this size may take to fetch: 20 min, and all of it twice at 20 MiB/s."""
    return JOB_BASE + 2 * size // SLOWEST


def manifest(name: str, args: ModelWeightsArgs) -> Manifest:
    """Return the manifest; raise RunError when there is no file, no full commit, or too many files for a ConfigMap."""
    files = args.get("files", [])
    commit = args.get("commit", "")
    if not files:
        raise pulumi.RunError(f"model `{name}`: no file to fetch is known")
    if "repository" in args and len(commit) != len(hashlib.sha1(usedforsecurity=False).hexdigest()):
        raise pulumi.RunError(f"model `{name}`: the weights need a full commit of 40 hex digits")
    content = {
        "repository": args.get("repository", ""),
        "commit": commit,
        "endpoint": args.get("endpoint", HUB),
        "files": _entries(files),
    }
    text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    if len(text) > MAX_BYTES:
        raise pulumi.RunError(
            f"model `{name}`: the list of its {len(files)} files has {len(text)} bytes, a ConfigMap holds {MAX_BYTES}"
        )
    whole = hashlib.sha256(text.encode()).hexdigest()
    version = _version(args, files, whole)
    parts = [args.get("path", "").strip("/"), version if "weights_image" not in args else ""]
    return Manifest(
        text=text,
        digest=whole,
        size=sum(each["size"] for each in files),
        folder="/".join(part for part in parts if part),
        version=version,
    )


def _version(args: ModelWeightsArgs, files: Sequence[WeightFileArgs], whole: str) -> str:
    """Return the commit's first digits: on a node with a digest of all files, else with one of the adapters."""
    if "repository" not in args:
        return ""
    commit = args.get("commit", "")[:COMMIT_DIGITS]
    if args.get("store") == NODE:
        return f"{commit}-{whole[:DIGEST_DIGITS]}"
    adapters = sorted(f"{each['path']}@{each['commit']}" for each in files if "commit" in each)
    return f"{commit}-{digest(*adapters)}" if adapters else commit


def _entries(files: Sequence[WeightFileArgs]) -> list[WeightFileArgs]:
    entries: list[WeightFileArgs] = []
    for each in sorted(files, key=lambda file: file["path"]):
        entry: WeightFileArgs = {"path": each["path"], "size": each["size"]}
        if each.get("sha256"):
            entry["sha256"] = each["sha256"]
        elif each.get("blob_id"):
            entry["blob_id"] = each["blob_id"]
        if "repository" in each:
            entry |= {"repository": each["repository"], "commit": each["commit"], "source": each["source"]}
        entries.append(entry)
    return entries
