"""Values of the wire: what is secret or unknown stays marked, and is never shown."""

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from dryrun.value import (
    SECRET_SIGNATURE,
    SIGNATURE,
    UNKNOWN,
    Secret,
    decode,
    path_text,
    shown,
    withheld,
    withholds,
)


def wire(**fields: object) -> struct_pb2.Struct:
    """Return a message as the SDK sends it."""
    message = struct_pb2.Struct()
    message.update(fields)
    return message


def sealed(value: object) -> dict[str, object]:
    """Return a secret as the SDK sends it."""
    return {SIGNATURE: SECRET_SIGNATURE, "value": value}


def test_plain_values_arrive_as_json() -> None:
    """Whole numbers are integers again, and nulls are left out."""
    message = wire(count=3, share=0.92, on=True, name="x", none=None, items=[1, {"a": "b"}])
    assert {"count": 3, "share": 0.92, "on": True, "name": "x", "items": [1, {"a": "b"}]} == decode(message)


def test_a_whole_number_is_an_integer() -> None:
    """YAML would write 3.0 otherwise."""
    assert int is type(decode(wire(count=3))["count"])


def test_secrets_stay_marked_at_their_place() -> None:
    """A secret deep inside does not make its neighbours secret, nor lose its mark."""
    decoded = decode(wire(spec={"key": sealed("canary"), "name": "x"}))
    assert {"spec": {"key": Secret(value="canary"), "name": "x"}} == decoded


def test_secrets_are_never_shown() -> None:
    """Neither the shown form nor the repr holds the value."""
    decoded = decode(wire(spec=sealed({"key": "canary"})))
    assert "canary" not in f"{decoded!r} {shown(decoded)}"


def test_unknown_values_are_unknown() -> None:
    """The SDK's own mark for a value that only a deployment knows is understood."""
    assert {"id": UNKNOWN} == decode(wire(id=rpc.UNKNOWN))


def test_withheld_names_every_place() -> None:
    """The paths of secrets and unknowns are found in mappings and lists."""
    value = {"a": [Secret(value=1), {"b": UNKNOWN}], "c": 1}
    assert [("a", 0), ("a", 1, "b")] == list(withheld(value))


def test_a_bare_secret_withholds() -> None:
    """A value that is secret as a whole withholds something too."""
    assert withholds(Secret(value="x"))


def test_paths_are_written_as_people_write_them() -> None:
    """Keys with dots and slashes go into brackets."""
    assert 'spec.items[0]["app.kubernetes.io/name"].x' == path_text(("spec", "items", 0, "app.kubernetes.io/name", "x"))
