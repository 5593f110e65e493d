"""The types of arguments; what is wrong with one is said without repeating it."""

import argparse
import math

MAX_COUNT = 1 << 31  # GPUs or tokens; the longest context of a real model is ten million
MAX_SECONDS = 3600.0
_TOKEN_PREFIXES = ("hf_", "api_org_")


def looks_secret(value: str) -> bool:
    """Return whether a value may be a token of the Hub, or an address with a password in it."""
    return value.startswith(_TOKEN_PREFIXES) or "@" in value.partition("://")[2].partition("/")[0]


def plain(typed: str) -> str:
    """Return a text that may be repeated in messages."""
    if looks_secret(typed):
        raise argparse.ArgumentTypeError("holds what looks like a token; set HF_TOKEN instead")
    return typed


def count(typed: str) -> int:
    """Return a whole number of at least one."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= len(str(MAX_COUNT)) and 0 < int(typed) <= MAX_COUNT):
        raise argparse.ArgumentTypeError("takes a whole number of at least 1")
    return int(typed)


def seconds(typed: str) -> float:
    """Return a number of seconds above zero, an hour at most."""
    try:
        value = float(typed)
    except ValueError:
        value = math.nan
    if not 0 < value <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"takes seconds, above 0 and at most {MAX_SECONDS:g}")
    return value
