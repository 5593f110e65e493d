"""What is known of one model repository at one commit: frozen data, the same from the Hub, a folder or a lock file."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from validation.data import Data, field
from validation.jsontext import JsonObject


class Origin(StrEnum):
    """Where the facts were read."""

    HUB = "hub"
    FOLDER = "folder"
    LOCK = "lock"


class RepositoryState(StrEnum):
    """Whether the repository could be read at all, and if not, why."""

    READABLE = "readable"
    NOT_FOUND = "not-found"  # or private and no token: the Hub does not tell these apart
    PRIVATE = "private"  # the token is valid and may not read it
    GATED = "gated"  # the listing answers, the files do not: access was not granted
    BAD_TOKEN = "bad-token"  # noqa: S105 - the name of a state
    REVISION_NOT_FOUND = "revision-not-found"
    DISABLED = "disabled"
    INVALID_ID = "invalid-id"
    UNREACHABLE = "unreachable"  # an outage: nothing is known


class Gating(StrEnum):
    """How the Hub guards a repository's files."""

    NONE = "none"
    AUTO = "auto"
    MANUAL = "manual"


class TokenRole(StrEnum):
    """What the Hub token in use may do."""

    NONE = "none"  # no token is set
    READ = "read"
    WRITE = "write"
    FINE_GRAINED = "fine-grained"
    UNKNOWN = "unknown"


class File(Data):
    """One file of the repository: size in bytes, sha256 for large files, git blob id for the others."""

    path: str
    size: int | None = None
    sha256: str | None = None
    blob_id: str | None = None

    @property
    def identity(self) -> str | None:
        """Return what two equal files share: the sha256, else the git blob id, else nothing."""
        return self.sha256 or self.blob_id


class Document(Data):
    """A small JSON object of the repository, or why it could not be parsed.

    ``unread`` is true when the file is there and an outage kept it from being read: then nothing is known of it.
    """

    path: str
    value: JsonObject | None = None
    problem: str = ""
    line: int | None = None
    column: int | None = None
    unread: bool = False


class Text(Data):
    """A small text file of the repository, such as chat_template.jinja, or why it could not be read."""

    path: str
    value: str | None = None
    problem: str = ""
    unread: bool = False


class Tensor(Data):
    """One tensor as a safetensors header states it; ``dtype`` in safetensors' names (``BF16``, ``F8_E4M3``)."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    size: int  # bytes
    file: str


class HeaderProblem(Data):
    """A safetensors file whose header is not what the format says, or could not be read (``unread``)."""

    path: str
    problem: str
    unread: bool = False


class SecurityScan(Data):
    """The Hub's own scan of the repository's files: finished or not, and the files it reports."""

    finished: bool
    flagged: tuple[tuple[str, str], ...] = ()  # path, level ("unsafe", "suspicious")


class Ancestor(Data):
    """A model that this one was made from, nearest first, as its own listing describes it."""

    repository: str
    architectures: tuple[str, ...] = ()
    tokenizer: str | None = None  # File.identity of its tokenizer.json
    relation: str = ""  # finetune, quantized, adapter, merge


class RepositoryFacts(Data):
    """Everything that the rules, the engine's prediction and the memory plan may know of a repository.

    ``commit`` is the full 40 hex digits the wished revision resolved to (empty for a folder). ``documents`` and
    ``texts`` hold only files that exist. ``tensors`` is empty when the headers were not needed or not read;
    ``parameters`` are the Hub's or the headers' counts by safetensors dtype.
    """

    source: str
    origin: Origin
    state: RepositoryState = RepositoryState.READABLE
    detail: str = ""  # one sentence on the state, safe to show
    repository: str = ""  # org/name; empty for a folder
    revision: str = ""  # as wished: a branch, a tag, a commit or nothing
    commit: str = ""
    private: bool = False
    gating: Gating = Gating.NONE
    token_role: TokenRole = TokenRole.NONE
    licence: str = ""  # the Hub's licence id, lower case; "other" with a name in licence_name
    licence_name: str = ""
    licence_link: str = ""
    pipeline_tag: str = ""
    library: str = ""
    tags: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    documents: Mapping[str, Document] = field(default_factory=dict)
    texts: Mapping[str, Text] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)
    tensors: tuple[Tensor, ...] = ()
    header_problems: tuple[HeaderProblem, ...] = ()
    security: SecurityScan | None = None  # None: no scan is known (a folder, an old lock)
    ancestors: tuple[Ancestor, ...] = ()
    read_at: datetime | None = None  # when the Hub was asked; a lock keeps the time of its recording
    notes: tuple[str, ...] = ()  # for the reader: "facts from the lock of 2026-11-20", ...

    def file(self, path: str) -> File | None:
        """Return the file of this path, or None."""
        return next((file for file in self.files if file.path == path), None)

    def has(self, path: str) -> bool:
        """Return whether the repository holds a file of this path."""
        return self.file(path) is not None

    def document(self, path: str) -> JsonObject:
        """Return the parsed object of a JSON file; empty when it is absent, malformed or unread."""
        found = self.documents.get(path)
        return found.value if found is not None and found.value is not None else {}

    def text(self, path: str) -> str | None:
        """Return the content of a small text file, or None."""
        found = self.texts.get(path)
        return found.value if found is not None else None

    @property
    def readable(self) -> bool:
        """Return whether the repository's files could be looked at."""
        return self.state is RepositoryState.READABLE

    @property
    def config(self) -> JsonObject:
        """Return config.json; empty when it is absent or malformed."""
        return self.document("config.json")

    @property
    def architectures(self) -> tuple[str, ...]:
        """Return the names under ``architectures`` in config.json, in order; empty when absent or malformed."""
        names = self.config.get("architectures")
        return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()
