"""Start and stop a control plane of one's own on loopback: etcd, kube-apiserver, controllers, scheduler and kwok."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster import parts
from tests.cluster.choice import Choice, Kind
from tests.cluster.control_plane import ControlPlane, NotReadyError, until

LEASH = Path(__file__).parent / "leash.py"
GRACE = 20.0  # seconds to stop, above the leash's own
LAST_LINES = 5
PRIVATE = 0o077


@contextmanager
def running(choice: Choice, folder: Path, stages: Path) -> Iterator[ControlPlane]:
    """Run a control plane whose state lies in ``folder``; it ends with the block, and with this process."""
    own = _OwnControlPlane(choice=choice, folder=folder)
    try:
        own.start(stages)
        yield own.plane
    finally:
        own.stop()


@dataclass(slots=True, kw_only=True)
class _OwnControlPlane:
    choice: Choice
    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def plane(self) -> ControlPlane:
        """Return how to talk to it."""
        return ControlPlane(
            choice=self.choice, kubeconfig=self.folder / "admin.kubeconfig", cache=self.folder / "cache"
        )

    def start(self, stages: Path) -> None:
        """Start every part and return when all of them answer; raise NotReadyError with a part's last words."""
        self.folder.chmod(0o700)
        for name in ("pki", "log"):
            (self.folder / name).mkdir(mode=0o700)
        self._keys()
        alone = self.choice.kind is Kind.ENVTEST
        with _held_ports(3) as (api, controllers, scheduler):
            for user in parts.USERS:
                self._kubeconfig(user, api)
            self._run("etcd", parts.etcd())
            self._until("the store has no socket", (self.folder / "etcd:1").is_socket)
            self._run("kube-apiserver", parts.api_server(api, alone=alone))
            self._until("kube-apiserver is not ready", lambda: self._answers("/readyz"))
            if alone:
                return
            self._run("kube-controller-manager", parts.controller_manager(controllers))
            self._run("kube-scheduler", parts.scheduler(scheduler))
            self._run("kwok", parts.kwok(stages))
            self._until("no default service account", lambda: self._exists("serviceaccount", "default"))

    def stop(self) -> None:
        """Let go of one leash after the other, the store's last: the API server says goodbye to it."""
        for process in reversed(self.processes.values()):
            if process.stdin:
                with suppress(OSError):
                    process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=GRACE)
        shutil.rmtree(self.folder / "etcd", ignore_errors=True)

    def _run(self, name: str, arguments: Sequence[str]) -> None:
        with (self.folder / "log" / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(  # noqa: S603 - a binary that was chosen on purpose
                [sys.executable, "-I", "-S", str(LEASH), str(self.choice.binaries / name), *arguments],
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop the parts in their order
                umask=PRIVATE,
            )

    def _until(self, what: str, ready: Callable[[], bool]) -> None:
        def checked() -> bool:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    lines = (self.folder / "log" / f"{name}.log").read_text(errors="replace").splitlines()
                    raise NotReadyError("\n".join([f"{name} ended:", *lines[-LAST_LINES:]]))
            return ready()

        until(what, checked)

    def _answers(self, path: str) -> bool:
        return self.plane.kubectl("get", "--raw", path).stdout == "ok"

    def _exists(self, kind: str, name: str) -> bool:
        return self.plane.kubectl("get", "-n", "default", kind, name, check=False).returncode == 0

    def _keys(self) -> None:
        openssl = shutil.which("openssl")
        if openssl is None:
            raise NotReadyError("openssl is not on PATH: it makes the key that signs service accounts' tokens")
        for arguments in (["genrsa", "-out", "sa.key", "2048"], ["rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub"]):
            subprocess.run(  # noqa: S603 - fixed arguments
                [openssl, *arguments], cwd=self.folder / "pki", check=True, capture_output=True, umask=PRIVATE
            )
        lines = []
        for user, group in parts.USERS.items():
            token = secrets.token_hex(24)
            _write_private(self.folder / "pki" / f"{user}.token", token)
            lines.append(",".join([token, parts.SYSTEM_NAMES.get(user, user), user, *([group] if group else [])]))
        _write_private(self.folder / "pki" / "tokens.csv", "\n".join(lines) + "\n")

    def _kubeconfig(self, user: str, port: int) -> None:
        pki = self.folder / "pki"
        cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(pki / "apiserver.crt")}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "tests", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": (pki / f"{user}.token").read_text()}}],
            "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": user}}],
            "current-context": "tests",
        }
        _write_private(self.folder / f"{user}.kubeconfig", json.dumps(config))


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


@contextmanager
def _held_ports(count: int) -> Iterator[list[int]]:
    """Hold loopback ports that nothing listens on, so that nobody else gets them before the parts share them."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            each.bind(("127.0.0.1", 0))
        yield [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()
