"""The ways of the network that an organisation lays down: its proxy, its certificates, few connections."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest

from tests.commands.command import ROOT, validation
from tests.hub.fixtures import tiny_chat
from tests.hub.server import Hub, running
from tests.sources.reading import options
from validation.sources.read import SourceRequest, read_all

HOST = "hub.example.com"  # resolves nowhere: only the proxy knows the way
CANARY = "hf_canaryThatMustNotBeSeen0123456789"


class Proxy(ThreadingTCPServer):
    """A proxy that leads every tunnel to one port of loopback, and remembers what it was asked for."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.target = port
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        """Return the proxy's address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Tunnel(StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        self.server.asked.append(self.rfile.readline().decode().strip())
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with closing(socket.create_connection(("127.0.0.1", self.server.target))) as far:
            back = threading.Thread(target=_pump, args=(far, self.connection), daemon=True)
            back.start()
            _pump(self.connection, far)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a certificate that nobody's list of authorities knows, and of its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not on PATH")
    folder = tmp_path_factory.mktemp("certificate")
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
    names = ["-addext", f"subjectAltName=DNS:{HOST}"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "ca.pem")]
    subprocess.run([openssl, *request, *names, *files], check=True, capture_output=True)  # noqa: S603 - fixed arguments
    return folder


@pytest.fixture
def far(certificate: Path) -> Iterator[tuple[Hub, Proxy]]:
    """Run a Hub with TLS under another name, and the proxy that knows the way to it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "ca.pem", certificate / "key.pem")
    with running(context) as hub:
        hub.redirect_large = False
        hub.tokens[CANARY] = "read"
        hub.add(tiny_chat())
        with Proxy(int(hub.url.rpartition(":")[2])) as proxy:
            yield hub, proxy
            proxy.shutdown()


def check(home: Path, proxy: Proxy, authorities: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the command towards the far Hub."""
    settings = {
        "HF_ENDPOINT": f"https://{HOST}",
        "HF_TOKEN": CANARY,
        "HTTPS_PROXY": proxy.url,
        "NO_PROXY": "",
        "no_proxy": "",
        **({"SSL_CERT_FILE": authorities} if authorities else {}),
    }
    return validation("check", "hf://acme/tiny-chat", "--timeout", "10", home=home, cwd=ROOT, **settings)


def test_proxy_and_authorities_of_the_environment_are_taken(
    far: tuple[Hub, Proxy], certificate: Path, tmp_path: Path
) -> None:
    """The Hub behind a company's proxy, with a company's certificate."""
    hub, proxy = far
    done = check(tmp_path, proxy, str(certificate / "ca.pem"))

    assert 0 == done.returncode, done.stdout + done.stderr
    assert {f"CONNECT {HOST}:443 HTTP/1.1"} == set(proxy.asked)
    assert {CANARY} == {request.token for request in hub.requests}


@pytest.mark.fault("a certificate that no authority vouches for", "unknown, and the token is not sent")
def test_an_unknown_certificate_gets_nothing(far: tuple[Hub, Proxy], tmp_path: Path) -> None:
    """Without its authority the Hub is not believed to be the Hub: not checked, and no request arrives."""
    hub, proxy = far
    done = check(tmp_path, proxy)

    assert (3, []) == (done.returncode, hub.requests), done.stdout + done.stderr
    assert proxy.asked


def test_connections_are_used_again() -> None:
    """Ten models take fewer connections than requests."""
    with running() as hub:
        for number in range(10):
            hub.add(tiny_chat(f"acme/tiny-{number}"))
        read_all([SourceRequest(f"hf://acme/tiny-{number}") for number in range(10)], options(hub))

        assert len(hub.requests) > hub.connections > 0
