"""A part of the control plane outlives nobody: neither a test run that ends, nor one that is killed."""

import os
import signal
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cluster.control_plane import until

LEASH = Path(__file__).parent / "leash.py"
HOLDER = """
    import subprocess, sys
    held = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, start_new_session=True)
    sys.stdin.read()
"""
TELLS_ITS_PID = "import os, sys, time; open(sys.argv[1], 'w').write(f'{os.getpid()}.'); time.sleep(600)"


def test_the_exit_code_is_the_commands_own() -> None:
    """So that a part that fails at its start is told from one that runs."""
    command = [sys.executable, str(LEASH), sys.executable, "-c", "raise SystemExit(7)"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as held:  # noqa: S603 - the script under test
        assert 7 == held.wait()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_command_ends_with_the_process_that_holds_its_leash(tmp_path: Path, how: signal.Signals) -> None:
    """The holder is killed without a chance to tidy up, and the command goes all the same."""
    told = tmp_path / "pid"
    command = [sys.executable, str(LEASH), sys.executable, "-c", TELLS_ITS_PID, str(told)]
    holding = [sys.executable, "-c", textwrap.dedent(HOLDER), *command]
    with subprocess.Popen(holding, stdin=subprocess.PIPE) as holder:  # noqa: S603 - the script under test
        until("the command has not started", lambda: told.read_text().endswith("."))
        pid = int(told.read_text().rstrip("."))

        holder.send_signal(how)
        holder.wait()

    until("the command is still there", lambda: not runs(pid))


def runs(pid: int) -> bool:
    """Return whether there is a process of this id."""
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
