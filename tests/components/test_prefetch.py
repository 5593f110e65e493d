"""The prefetch, run for real: as the pod runs it, and against a Hub stand-in on loopback."""

import contextlib
import errno
import hashlib
import http.client
import io
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from components.prefetch import run as prefetch
from components.prefetch.folder import write_marker
from components.prefetch.lock import exclusive
from components.prefetch.manifest import read_manifest
from components.prefetch.problem import PrefetchError
from components.prefetch.transfer import SameHostRedirects
from components.weights.script import COMMAND, FOLDER, modules, paths

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = bytes(range(256)) * 400
CONFIG = b'{"architectures": ["LlamaForCausalLM"]}'
CANARY = "hf_canary_token"


@dataclass(slots=True)
class Hub:
    """A stand-in that serves files at the commit, by redirect where told, and keeps what it was asked."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    cut: dict[str, list[int]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


def handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    """Return the request handler of a stand-in."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition(f"/{COMMIT}/")[2]
            hub.asked.append((self.path, dict(self.headers.items())))
            if waiting := hub.statuses.get(name):
                self.answer(waiting.pop(0), b"no", {"Retry-After": "7", **hub.headers})
            elif name in hub.redirects:
                self.answer(302, b"", {"Location": hub.redirects[name]})
            elif name not in hub.files:
                self.answer(404, b"no")
            else:
                self.serve(name)

        def serve(self, name: str) -> None:
            body, start = hub.files[name], 0
            if hub.ranges and (wanted := self.headers.get("Range")):
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
            rest = body[start:]
            sent = rest[: hub.cut[name].pop(0)] if hub.cut.get(name) else rest
            self.answer(206 if start else 200, sent, length=len(rest))

        def answer(self, status: int, body: bytes, headers: Any = None, length: int | None = None) -> None:
            self.send_response(status)
            for key, value in (headers or {}).items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Return a running stand-in with two files."""
    made = Hub(files={"model.safetensors": WEIGHTS, "config.json": CONFIG})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(made))
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def entries() -> list[dict[str, Any]]:
    """Return the manifest's list of the two files, one by sha256 and one by git's blob id."""
    blob = hashlib.sha1(b"blob %d\0" % len(CONFIG) + CONFIG, usedforsecurity=False).hexdigest()
    return [
        {"path": "config.json", "size": len(CONFIG), "blob_id": blob},
        {"path": "model.safetensors", "size": len(WEIGHTS), "sha256": hashlib.sha256(WEIGHTS).hexdigest()},
    ]


def environment(
    tmp_path: Path, endpoint: str, files: list[dict[str, Any]] | None = None, **more: str
) -> dict[str, str]:
    """Write a manifest and return the variables of the pod."""
    stated = {"repository": "a/b", "commit": COMMIT, "endpoint": endpoint, "files": files or entries()}
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(stated))
    return {"SLIPWAY_MANIFEST": str(manifest), "SLIPWAY_TARGET": str(tmp_path / "volume"), **more}


@dataclass(slots=True)
class Waits:
    """Keeps how long the script would have waited."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        """Wait for nothing."""
        self.seconds.append(seconds)


def test_the_pods_own_command_fetches_and_verifies_every_file(tmp_path: Path, hub: Hub) -> None:
    """Run as a process of its own, from the mounted modules alone, as the Job does."""
    variables = environment(tmp_path, hub.address)
    for key, where in paths().items():
        path = tmp_path / "etc" / where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(modules()[key])
    done = subprocess.run(  # noqa: S603 - the project's own script
        [sys.executable, *COMMAND[1:]], cwd=tmp_path / "etc", env=variables, capture_output=True, text=True, check=False
    )

    assert (0, "") == (done.returncode, done.stderr)
    assert WEIGHTS == (tmp_path / "volume/model.safetensors").read_bytes()
    assert CONFIG == (tmp_path / "volume/config.json").read_bytes()
    assert "slipway: 2 files of commit 0123456789ab are complete and verified\n" == done.stdout


def test_a_repeat_asks_the_hub_nothing(tmp_path: Path, hub: Hub) -> None:
    """The marker of the same manifest is enough."""
    variables = environment(tmp_path, hub.address)
    assert 0 == prefetch.main(variables)
    hub.asked.clear()

    assert 0 == prefetch.main(variables)
    assert [] == hub.asked


def test_a_marker_of_another_manifest_counts_for_nothing(tmp_path: Path, hub: Hub) -> None:
    """A changed list of files is fetched again, what is right already is kept."""
    assert 0 == prefetch.main(environment(tmp_path, hub.address))
    hub.asked.clear()
    hub.files["tokenizer.json"] = b"{}"

    assert 0 == prefetch.main(environment(tmp_path, hub.address, [*entries(), {"path": "tokenizer.json", "size": 2}]))
    assert [f"/a/b/resolve/{COMMIT}/tokenizer.json"] == [path for path, _ in hub.asked]


def test_an_interrupted_transfer_resumes_where_it_stopped(tmp_path: Path, hub: Hub) -> None:
    """No byte that has arrived is fetched again."""
    hub.cut["model.safetensors"] = [1000, 2000]
    waits = Waits()

    assert 0 == prefetch.main(environment(tmp_path, hub.address), waits)
    ranges = [headers.get("Range") for path, headers in hub.asked if path.endswith("model.safetensors")]
    assert [None, "bytes=1000-", "bytes=3000-"] == ranges
    assert WEIGHTS == (tmp_path / "volume/model.safetensors").read_bytes()
    assert [2.0, 2.0] == waits.seconds


def test_a_new_pod_resumes_the_old_ones_part(tmp_path: Path, hub: Hub) -> None:
    """An evicted Job loses nothing."""
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume/model.safetensors.part").write_bytes(WEIGHTS[:5000])

    assert 0 == prefetch.main(environment(tmp_path, hub.address))
    assert "bytes=5000-" in [headers.get("Range") for _, headers in hub.asked]
    assert WEIGHTS == (tmp_path / "volume/model.safetensors").read_bytes()


def test_a_damaged_part_is_fetched_anew(tmp_path: Path, hub: Hub) -> None:
    """A part that a crash has left half written costs one more transfer, not the Job."""
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume/model.safetensors.part").write_bytes(b"x" * 5000)

    assert 0 == prefetch.main(environment(tmp_path, hub.address), Waits())
    assert WEIGHTS == (tmp_path / "volume/model.safetensors").read_bytes()


def test_a_part_that_is_too_long_is_fetched_anew(tmp_path: Path, hub: Hub) -> None:
    """A part of another commit's file is of no use."""
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume/model.safetensors.part").write_bytes(b"x" * (len(WEIGHTS) + 1))

    assert 0 == prefetch.main(environment(tmp_path, hub.address), Waits())
    assert WEIGHTS == (tmp_path / "volume/model.safetensors").read_bytes()


def test_a_hub_that_ignores_ranges_is_served_from_the_start(tmp_path: Path, hub: Hub) -> None:
    """A whole answer replaces the part instead of being appended to it."""
    hub.ranges = False
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume/model.safetensors.part").write_bytes(WEIGHTS[:5000])

    assert 0 == prefetch.main(environment(tmp_path, hub.address))
    assert WEIGHTS == (tmp_path / "volume/model.safetensors").read_bytes()


def test_a_file_with_another_hash_is_refused_for_good(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 makes the Job fail at once; nothing of the file stays, and no marker is written."""
    hub.files["model.safetensors"] = b"x" * len(WEIGHTS)

    assert 2 == prefetch.main(environment(tmp_path, hub.address))
    assert "slipway: `model.safetensors` is not the file that was checked: its hash is another one\n" == (
        capsys.readouterr().out
    )
    assert not list((tmp_path / "volume").rglob("model.safetensors*"))
    assert not (tmp_path / "volume/.slipway/complete.json").exists()


def test_a_small_file_with_another_content_is_refused_too(tmp_path: Path, hub: Hub) -> None:
    """Git's blob id guards what the Hub states no sha256 for."""
    hub.files["config.json"] = CONFIG.replace(b"Llama", b"Evil!")

    assert 2 == prefetch.main(environment(tmp_path, hub.address))


def test_a_file_that_grew_is_refused_before_it_fills_the_volume(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """An answer longer than the stated size is cut off."""
    hub.files["config.json"] = CONFIG + b" " * 100

    assert 2 == prefetch.main(environment(tmp_path, hub.address))
    assert (
        f"slipway: `config.json` is larger than the {len(CONFIG)} bytes that were checked\n" == capsys.readouterr().out
    )
    assert not (tmp_path / "volume/config.json").exists()


def test_a_corrupt_file_on_the_volume_is_fetched_again(tmp_path: Path, hub: Hub) -> None:
    """Without a marker every file is read and compared, not trusted for its name and size."""
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume/model.safetensors").write_bytes(b"x" * len(WEIGHTS))

    assert 0 == prefetch.main(environment(tmp_path, hub.address))
    assert WEIGHTS == (tmp_path / "volume/model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "the token is missing or not valid"),
        (403, "the token may not read this repository: accept its licence, or use a token with read access"),
        (404, "not found at this commit, or private and the token may not read it"),
    ],
)
def test_a_refusal_ends_the_job_with_its_reason(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], status: int, reason: str
) -> None:
    """Trying again would change nothing."""
    hub.statuses["config.json"] = [status]

    assert 2 == prefetch.main(environment(tmp_path, hub.address))
    assert f"slipway: `config.json`: {reason} (HTTP {status})\n" == capsys.readouterr().out


def test_a_busy_hub_is_asked_again_after_the_time_it_names(tmp_path: Path, hub: Hub) -> None:
    """429 and 503 are waited out, by Retry-After."""
    hub.statuses["config.json"] = [429, 503]
    waits = Waits()

    assert 0 == prefetch.main(environment(tmp_path, hub.address), waits)
    assert [7.0, 7.0] == waits.seconds


def test_an_address_of_the_storage_that_ran_out_is_asked_for_again(tmp_path: Path, hub: Hub) -> None:
    """The Hub signs addresses for a while only; a refusal there says nothing about access."""
    hub.files["signed"] = WEIGHTS
    hub.statuses["signed"] = [403]
    hub.redirects["model.safetensors"] = hub.address.replace("127.0.0.1", "localhost") + f"/x/{COMMIT}/signed"

    assert 0 == prefetch.main(environment(tmp_path, hub.address), Waits())


def test_an_outage_that_lasts_is_left_to_the_next_try_of_the_job(tmp_path: Path, hub: Hub) -> None:
    """After six attempts without a byte the pod gives its place back, with exit 1."""
    hub.statuses["config.json"] = [503] * 99
    waits = Waits()

    assert 1 == prefetch.main(environment(tmp_path, hub.address), waits)
    assert 5 == len(waits.seconds)


def test_the_token_comes_from_a_file_and_goes_to_the_hub_only(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """The storage that the Hub redirects to never sees it, and neither does the log."""
    token = tmp_path / "token"
    token.write_text(f"{CANARY}\n")
    other = hub.address.replace("127.0.0.1", "localhost")
    hub.files["signed"] = WEIGHTS
    hub.redirects["model.safetensors"] = f"{other}/x/{COMMIT}/signed"

    assert 0 == prefetch.main(environment(tmp_path, hub.address, HF_TOKEN_PATH=str(token)))
    seen = {path.rpartition("/")[2]: headers.get("Authorization") for path, headers in hub.asked}
    assert {"config.json": f"Bearer {CANARY}", "model.safetensors": f"Bearer {CANARY}", "signed": None} == seen
    assert CANARY not in capsys.readouterr().out


def test_a_redirect_never_leaves_encryption() -> None:
    """Neither token nor content goes over the wire in the clear once it was sealed."""
    asked = urllib.request.Request("https://hub.example.com/a", headers={"Authorization": CANARY})

    with pytest.raises(PrefetchError, match="redirected from https to http"):
        SameHostRedirects().redirect_request(
            asked, io.BytesIO(), 302, "Found", http.client.HTTPMessage(), "http://hub.example.com/a"
        )


def test_a_secret_that_is_no_token_is_refused_without_showing_it(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line break in a header would be a second header."""
    token = tmp_path / "token"
    token.write_text(f"{CANARY}\nX-Evil: yes")

    assert 2 == prefetch.main(environment(tmp_path, hub.address, HF_TOKEN_PATH=str(token)))
    assert CANARY not in capsys.readouterr().out
    assert [] == hub.asked


@pytest.mark.parametrize("path", ["../evil", "/etc/passwd", "a/../../evil", ".slipway/complete.json", "..\\evil", ""])
def test_a_path_outside_the_folder_is_refused(tmp_path: Path, hub: Hub, path: str) -> None:
    """A hostile listing writes nowhere else, and cannot forge the marker."""
    assert 2 == prefetch.main(environment(tmp_path, hub.address, [{"path": path, "size": 1}]))
    assert [] == hub.asked


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": [{"path": 3}]}', '{"files": 1}'])
def test_a_malformed_manifest_is_refused_without_a_traceback(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what is wrong."""
    variables = environment(tmp_path, "http://127.0.0.1:1")
    Path(variables["SLIPWAY_MANIFEST"]).write_text(text)

    assert 2 == prefetch.main(variables)
    assert "slipway: the manifest is malformed\n" == capsys.readouterr().out


def test_weights_of_somebody_else_in_the_folder_are_refused(tmp_path: Path, hub: Hub) -> None:
    """VLLM would load every safetensors file that it finds."""
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume/extra.safetensors").write_bytes(b"x")

    assert 2 == prefetch.main(environment(tmp_path, hub.address))
    assert [] == hub.asked


def test_a_volume_that_is_too_small_is_said_before_the_first_byte(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sizes are known, so nobody waits for a full disk."""
    assert 2 == prefetch.main(environment(tmp_path, hub.address, [{"path": "model.safetensors", "size": 1 << 60}]))
    assert "enlarge it" in capsys.readouterr().out
    assert [] == hub.asked


def test_verifying_a_claim_reads_it_and_writes_nothing(tmp_path: Path) -> None:
    """Files that no Hub has are compared with what was checked."""
    volume = tmp_path / "volume"
    volume.mkdir()
    (volume / "config.json").write_bytes(CONFIG)
    (volume / "model.safetensors").write_bytes(WEIGHTS)
    before = sorted(volume.rglob("*"))

    assert 0 == prefetch.main(environment(tmp_path, "http://127.0.0.1:1", SLIPWAY_MODE="verify"))
    assert before == sorted(volume.rglob("*"))


def test_verifying_finds_a_file_that_is_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The claim was filled with something else than what was checked."""
    volume = tmp_path / "volume"
    volume.mkdir()
    (volume / "config.json").write_bytes(CONFIG)
    (volume / "model.safetensors").write_bytes(WEIGHTS[::-1])

    assert 2 == prefetch.main(environment(tmp_path, "http://127.0.0.1:1", SLIPWAY_MODE="verify"))
    assert "slipway: `model.safetensors` is missing or not the file that was checked\n" == capsys.readouterr().out


def test_an_empty_file_is_a_file_too(tmp_path: Path, hub: Hub) -> None:
    """Repositories hold empty files."""
    hub.files["empty.txt"] = b""
    variables = environment(tmp_path, hub.address, [{"path": "empty.txt", "size": 0}])

    assert [0, 0] == [prefetch.main(variables), prefetch.main(variables)]
    assert b"" == (tmp_path / "volume/empty.txt").read_bytes()


def test_two_pods_in_one_folder_go_one_after_the_other(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two models of one commit on one volume share its folder: the second waits, and then finds everything there."""
    variables = environment(tmp_path, hub.address)
    first = contextlib.ExitStack()
    first.enter_context(exclusive(tmp_path / "volume", Waits()))

    def finish(seconds: float) -> None:
        assert 5.0 == seconds
        first.close()
        for name, body in hub.files.items():
            (tmp_path / "volume" / name).write_bytes(body)
        manifest = read_manifest(Path(variables["SLIPWAY_MANIFEST"]))
        write_marker(manifest, tmp_path / "volume")

    assert 0 == prefetch.main(variables, finish)
    assert [] == hub.asked
    assert [
        "slipway: another pod is at work in this folder; waiting for it",
        "slipway: 2 files of commit 0123456789ab are there already",
    ] == capsys.readouterr().out.splitlines()


def test_a_volume_without_locks_is_used_all_the_same(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some network file systems know none; the log says so."""

    def none(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", none)

    assert 0 == prefetch.main(environment(tmp_path, hub.address))
    assert "slipway: the volume knows no locks" in capsys.readouterr().out


def image(tmp_path: Path) -> Path:
    """Make the folder of an image with the two files, a marker, and what vLLM does not look at."""
    folder = tmp_path / "volume"
    (folder / ".slipway").mkdir(parents=True)
    (folder / "config.json").write_bytes(CONFIG)
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    (folder / "README.md").write_text("a card")
    (folder / "onnx").mkdir()
    (folder / "onnx/config.json").write_text("{}")
    return folder


@pytest.mark.parametrize("mode", ["prove", "glance"])
def test_an_image_with_the_files_that_were_checked_is_taken(tmp_path: Path, mode: str) -> None:
    """Nothing is written: an image is read-only."""
    folder = image(tmp_path)
    before = sorted(folder.rglob("*"))

    assert 0 == prefetch.main(environment(tmp_path, "http://127.0.0.1:1", SLIPWAY_MODE=mode))
    assert before == sorted(folder.rglob("*"))


@pytest.mark.parametrize("mode", ["prove", "glance"])
@pytest.mark.parametrize("name", ["extra.safetensors", "original/extra.safetensors", "chat_template.jinja"])
def test_an_image_with_more_than_was_checked_is_refused(
    tmp_path: Path, mode: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """VLLM would load further weights, and take a template that nobody has looked at."""
    path = image(tmp_path) / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"{}")

    assert 2 == prefetch.main(environment(tmp_path, "http://127.0.0.1:1", SLIPWAY_MODE=mode))
    assert f"slipway: the folder holds `{name}`, which is not part of the commit\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    ("mode", "name", "content", "wanted"),
    [
        ("prove", "model.safetensors", WEIGHTS[::-1], 2),
        ("prove", "config.json", CONFIG.replace(b"Llama", b"Evil!"), 2),
        ("glance", "model.safetensors", WEIGHTS[::-1], 0),
        ("glance", "model.safetensors", WEIGHTS[1:], 2),
        ("glance", "config.json", CONFIG.replace(b"Llama", b"Evil!"), 2),
    ],
)
def test_the_job_reads_every_byte_of_an_image_and_a_server_the_small_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, mode: str, name: str, content: bytes, wanted: int
) -> None:
    """A marker inside the image is believed by neither."""
    monkeypatch.setattr("components.prefetch.folder.SMALL", len(CONFIG))
    variables = environment(tmp_path, "http://127.0.0.1:1", SLIPWAY_MODE=mode)
    folder = image(tmp_path)
    write_marker(read_manifest(Path(variables["SLIPWAY_MANIFEST"])), folder)
    (folder / name).write_bytes(content)

    assert wanted == prefetch.main(variables)


def test_the_script_needs_nothing_but_the_standard_library() -> None:
    """It has to run in any image with Python."""
    code = "import prefetch.run, sys; print(*(set(n.partition('.')[0] for n in sys.modules)))"
    done = subprocess.run(  # noqa: S603 - the project's own script
        [sys.executable, "-E", "-s", "-S", "-c", code], cwd=FOLDER.parent, capture_output=True, text=True, check=True
    )

    assert set() == set(done.stdout.split()) - sys.stdlib_module_names - {"__main__", "prefetch"}


def test_an_adapter_comes_from_its_own_repository_at_its_own_commit(tmp_path: Path, hub: Hub) -> None:
    """It lies beside the model, under another path than it has there; the model's files come from the model's."""
    body, other = b'{"r": 8}', COMMIT[::-1]
    hub.files[f"/acme/sql/resolve/{other}/adapter_config.json"] = body
    adapter = {
        "path": ".adapters/sql/adapter_config.json",
        "size": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "repository": "acme/sql",
        "commit": other,
        "source": "adapter_config.json",
    }

    assert 0 == prefetch.main(environment(tmp_path, hub.address, [*entries(), adapter]))
    assert body == (tmp_path / "volume/.adapters/sql/adapter_config.json").read_bytes()
    assert {"a/b", "acme/sql"} == {path[1:].partition("/resolve/")[0] for path, _ in hub.asked}


def test_an_adapter_cannot_be_asked_for_outside_of_its_repository(tmp_path: Path, hub: Hub) -> None:
    """Neither the path on the volume nor the one on the Hub may climb."""
    adapter = {"path": ".adapters/sql/a.json", "size": 1, "repository": "a/c", "commit": COMMIT, "source": "../x"}

    assert 2 == prefetch.main(environment(tmp_path, hub.address, [adapter]))
    assert [] == hub.asked
