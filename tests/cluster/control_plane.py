"""A real control plane on loopback: etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok."""

import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOOLS = Path(
    os.environ.get("SLIPWAY_CLUSTER_TOOLS")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway" / "cluster"
)
USERS = {
    "admin": "system:masters",
    "controller-manager": "",
    "scheduler": "",
    "kwok": "system:masters",
}
SYSTEM_NAMES = {"controller-manager": "system:kube-controller-manager", "scheduler": "system:kube-scheduler"}
START_SECONDS = 60.0


class NotReadyError(RuntimeError):
    """A part of the control plane did not answer in time."""


def missing_tools() -> str:
    """Return why no control plane can be started, or nothing."""
    if not (TOOLS / "stamp").is_file():
        return "no control plane was built: `make cluster-tools` builds one from Go modules"
    if shutil.which("openssl") is None:
        return "openssl is not on PATH"
    return ""


def free_ports(count: int) -> list[int]:
    """Return loopback ports that nothing listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def until(what: str, ready: Callable[[], Any], seconds: float = START_SECONDS) -> Any:
    """Return what ``ready`` returns as soon as it is true; raise NotReadyError when time is over."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while True:
        with suppress(OSError, urllib.error.URLError, subprocess.CalledProcessError, KeyError, IndexError):
            if answer := ready():
                return answer
        if time.monotonic() > deadline:
            raise NotReadyError(f"{what} after {seconds:.0f} s")
        time.sleep(pause)
        pause = min(0.5, pause * 1.3)


@dataclass(kw_only=True)
class ControlPlane:
    """A running control plane; its state, keys and logs live in ``folder``."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start every part and return when all of them answer."""
        for name in ("pki", "log", "etcd"):
            (self.folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        etcd, peer, api, controllers, scheduler, kwok = free_ports(6)
        self._keys()
        self._run(
            "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls=http://127.0.0.1:{etcd}",
            f"--advertise-client-urls=http://127.0.0.1:{etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        )
        until("etcd is not healthy", lambda: _get(f"http://127.0.0.1:{etcd}/health"))
        self._run("kube-apiserver", *self._api_arguments(etcd, api))
        for user in USERS:
            self._kubeconfig(user, api)
        until("kube-apiserver is not ready", lambda: self.kubectl("get", "--raw", "/readyz").stdout == "ok")
        self._run("kube-controller-manager", *self._controller_arguments(controllers))
        self._run("kube-scheduler", *self._scheduler_arguments(scheduler))
        self._run(
            "kwok",
            f"--kubeconfig={self.folder / 'kwok.kubeconfig'}",
            "--manage-all-nodes=true",
            "--node-ip=127.0.0.1",
            f"--server-address=127.0.0.1:{kwok}",
            "--node-lease-duration-seconds=40",
            f"--config={TOOLS / 'stages.yaml'}",
        )
        until("no default service account", lambda: self.kubectl("-n", "default", "get", "sa", "default").stdout)
        until("kube-scheduler is not healthy", lambda: _get(f"https://127.0.0.1:{scheduler}/healthz"))
        until("kwok is not healthy", lambda: _get(f"http://127.0.0.1:{kwok}/healthz"))

    def stop(self) -> None:
        """Stop every part, the API server's clients first."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes):
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            if process.poll() is None:
                process.kill()
                process.wait()

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run the control plane's own kubectl as administrator and return what it printed."""
        return subprocess.run(  # noqa: S603 - the binary that cluster-tools built, arguments of the tests
            [str(TOOLS / "bin" / "kubectl"), f"--kubeconfig={self.folder / 'admin.kubeconfig'}", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=check,
        )

    def get(self, *arguments: str) -> Any:
        """Return objects as the API server holds them."""
        return json.loads(self.kubectl("get", "-o", "json", *arguments).stdout)

    def apply(self, objects: Sequence[Mapping[str, Any]], *options: str) -> subprocess.CompletedProcess[str]:
        """Apply objects server-side and return what kubectl printed, warnings on stderr."""
        body = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        return self.kubectl("apply", "--server-side", *options, "-f", "-", stdin=body, check=False)

    def _run(self, name: str, *arguments: str) -> None:
        with (self.folder / "log" / f"{name}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(  # noqa: S603 - a binary that cluster-tools built
                    [str(TOOLS / "bin" / name), *arguments], stdout=log, stderr=log, start_new_session=True
                )
            )

    def _keys(self) -> None:
        private, public = self.folder / "pki" / "sa.key", self.folder / "pki" / "sa.pub"
        openssl = shutil.which("openssl") or "openssl"
        for arguments in (
            ["genrsa", "-out", str(private), "2048"],
            ["rsa", "-in", str(private), "-pubout", "-out", str(public)],
        ):
            subprocess.run([openssl, *arguments], check=True, capture_output=True)  # noqa: S603 - fixed arguments
        lines = []
        for user, group in USERS.items():
            token = secrets.token_hex(24)
            (self.folder / "pki" / f"{user}.token").write_text(token)
            lines.append(",".join([token, SYSTEM_NAMES.get(user, user), user, *([group] if group else [])]))
        (self.folder / "pki" / "tokens.csv").write_text("\n".join(lines) + "\n")

    def _kubeconfig(self, user: str, port: int) -> None:
        pki = self.folder / "pki"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "local",
                    "cluster": {
                        "server": f"https://127.0.0.1:{port}",
                        "certificate-authority": str(pki / "apiserver.crt"),
                    },
                }
            ],
            "users": [{"name": user, "user": {"token": (pki / f"{user}.token").read_text()}}],
            "contexts": [{"name": "local", "context": {"cluster": "local", "user": user}}],
            "current-context": "local",
        }
        (self.folder / f"{user}.kubeconfig").write_text(json.dumps(config))

    def _api_arguments(self, etcd: int, port: int) -> list[str]:
        pki = self.folder / "pki"
        return [
            f"--etcd-servers=http://127.0.0.1:{etcd}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={pki}",
            f"--service-account-key-file={pki / 'sa.pub'}",
            f"--service-account-signing-key-file={pki / 'sa.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--api-audiences=https://kubernetes.default.svc",
            f"--token-auth-file={pki / 'tokens.csv'}",
            "--authorization-mode=Node,RBAC",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--endpoint-reconciler-type=none",
            "--enable-priority-and-fairness=false",
            "--allow-privileged=true",
            "--profiling=false",
        ]

    def _controller_arguments(self, port: int) -> list[str]:
        pki, config = self.folder / "pki", self.folder / "controller-manager.kubeconfig"
        return [
            *_client_arguments(config, port, pki / "controllers"),
            f"--service-account-private-key-file={pki / 'sa.key'}",
            f"--root-ca-file={pki / 'apiserver.crt'}",
            "--use-service-account-credentials=true",
        ]

    def _scheduler_arguments(self, port: int) -> list[str]:
        return _client_arguments(self.folder / "scheduler.kubeconfig", port, self.folder / "pki" / "scheduler")


def _client_arguments(kubeconfig: Path, port: int, certificates: Path) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={certificates}",
        "--leader-elect=false",
        "--profiling=false",
    ]


def _get(url: str) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # a certificate that the part has just signed itself, on loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with opener.open(url, timeout=2) as answer:
        return bool(answer.status == 200)
