"""Why vLLM refuses architecture names: dropped, only by plugin, or never heard of."""

from validation.data import Data
from validation.engine.table import EngineTable, Status
from validation.engine.tables import advisories_of, available_versions, versions_knowing, versions_with


class Refusal(Data):
    """A reason with what to do, and for a name what became of it and which versions have it."""

    reason: str
    help: str = ""
    status: str = ""
    versions: tuple[str, ...] = ()


def refusal(names: tuple[str, ...], table: EngineTable) -> Refusal:
    """Return vLLM's refusal of these names, in its order: dropped, by plugin, unknown."""
    if not names:
        reason = "`config.json` names no `architectures`, and its model type has no class of its own"
        return Refusal(reason=reason, help="take the model's original `config.json`, which names them")
    for name in names:
        entry = table.architectures.get(name)
        if entry is not None and entry.status is Status.REMOVED:
            return _dropped(name, entry.last_version, table)
        if entry is not None and entry.status is Status.PLUGIN:
            reason = f"vLLM {table.version} has `{name}` only by a plugin"
            return Refusal(reason=reason, help=f"choose another model: the plugin is {entry.plugin}", status="plugin")
    return _unknown(names[0], table)


def unknown_type(model_type: str, problem: str, table: EngineTable) -> Refusal:
    """Return the refusal of a configuration whose model type the engine does not know, with a version that does."""
    versions = versions_knowing(model_type) if model_type else ()
    newer = f"choose a model whose type the engine knows{_or_version(versions)}"
    if not versions and table.version == available_versions()[-1]:
        newer = f"{newer}, or wait for an engine newer than {table.version}"
    return Refusal(reason=problem, help=newer, versions=versions)


def _dropped(name: str, last_version: str, table: EngineTable) -> Refusal:
    versions = versions_with(name)
    return Refusal(
        reason=f"`{name}` was removed from vLLM after {last_version}; this is {table.version}",
        help=f"choose a model of another architecture{_or_version(versions or (last_version,))}",
        status="removed",
        versions=versions,
    )


def _unknown(name: str, table: EngineTable) -> Refusal:
    versions = versions_with(name)
    reason = f"vLLM {table.version} has no architecture `{name[:80]}`"
    if not versions:
        reason = f"{reason}, nor has any version from {available_versions()[0]}"
    text = f"choose a model of an architecture that the engine has{_or_version(versions)}"
    return Refusal(reason=reason, help=text, status="unknown", versions=versions)


def _or_version(versions: tuple[str, ...]) -> str:
    """Return the advice to take a version that has the name, unless all of them are open to an attack."""
    if not versions:
        return ""
    weaknesses = advisories_of(versions[-1])
    if weaknesses:
        return f"; vLLM {versions[-1]}, which had it, is open to {weaknesses[0].id}"
    return f", or set engine.version to {versions[-1]}"
