"""Secrets that are known by their value are taken out of every text."""

from pathlib import Path

import pytest

from dryrun.redaction import Redaction, environment_secrets


def test_secrets_are_replaced_everywhere() -> None:
    """In texts, keys and lists of JSON."""
    redaction = Redaction(["canary-token"])
    value = {"a canary-token": ["x canary-token y", 1, {"b": None}]}
    assert {"a [secret]": ["x [secret] y", 1, {"b": None}]} == redaction.json(value)


def test_the_longest_secret_wins() -> None:
    """No rest of a longer secret is left over."""
    assert "[secret]" == Redaction(["canary-token", "canary-token-long"]).text("canary-token-long")


def test_short_values_are_no_secrets() -> None:
    """Else ordinary words would vanish."""
    assert "true and 1" == Redaction(["true", "1", ""]).text("true and 1")


def test_names_of_the_environment_give_secrets_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tokens, passwords and keys; not paths, and not everything."""
    monkeypatch.setattr(
        "os.environ",
        {
            "HF_TOKEN": "hf_canary",
            "AWS_SECRET_ACCESS_KEY": "aws_canary",
            "HF_TOKEN_PATH": str(tmp_path / "none"),
            "HOME": "/home/someone",
        },
    )
    assert {"hf_canary", "aws_canary"} == environment_secrets()


def test_the_hub_s_stored_token_is_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The client library would use it without being asked."""
    (tmp_path / "token").write_text("hf_stored_canary\n")
    monkeypatch.setattr("os.environ", {"HF_HOME": str(tmp_path)})
    assert {"hf_stored_canary"} == environment_secrets()
