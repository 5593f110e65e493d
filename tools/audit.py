"""Ask for known weaknesses of the packages in requirements.lock, by pip-audit (``make audit``).

pip-audit is installed into build/audit. Exit codes are the project's own: 0 nothing is known against any package,
1 something is, 3 it could not be asked for all of them (an index without advisories, no network), which is no "clean".
"""

import json
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "audit"
LOCK = ROOT / "requirements.lock"
PACKAGE = "pip-audit==2.10.1"
CLEAN, WEAK, UNKNOWN = 0, 1, 3
SECONDS = 300


def main() -> int:
    """Install, ask and print; return the exit code."""
    try:
        _install()
        code, text = verdict(_ask())
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        code, text = UNKNOWN, f"could not audit: {type(error).__name__}"
    print(text)
    return code


def verdict(dependencies: Sequence[Mapping[str, Any]]) -> tuple[int, str]:
    """Return the exit code and what to print for pip-audit's list of dependencies."""
    asked = [each for each in dependencies if "skip_reason" not in each]
    weak = [f"{each['name']} {each['version']}: {found['id']}" for each in asked for found in each["vulns"]]
    if weak:
        return WEAK, "\n".join(["known weaknesses:", *sorted(weak)])
    if len(asked) < len(dependencies) or not dependencies:
        left = len(dependencies) - len(asked)
        return UNKNOWN, f"could not audit {left} of {len(dependencies)} packages: nobody here has their advisories"
    return CLEAN, f"nothing is known against {len(asked)} packages"


def _install() -> None:
    if not (FOLDER / "bin" / "pip-audit").exists():
        venv.create(FOLDER, with_pip=True, clear=True)
        pip = [str(FOLDER / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, PACKAGE], check=True)  # noqa: S603 - a pinned package


def _ask() -> Sequence[Mapping[str, Any]]:
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    done = subprocess.run(  # noqa: S603 - installed above
        [str(FOLDER / "bin" / "pip-audit"), *options, "--requirement", str(LOCK)],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    found: Sequence[Mapping[str, Any]] = json.loads(done.stdout)["dependencies"]
    return found


if __name__ == "__main__":
    sys.exit(main())
