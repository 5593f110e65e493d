"""What keeps a model from being split over nodes: its class, its layers, or the engine."""

from validation.engine.config import ResolvedConfig
from validation.engine.prediction import Prediction
from validation.engine.table import EngineTable, Status
from validation.fit.layertype import layer_count
from validation.fit.parallel import Obstacle
from validation.fit.shape import language

FLAG = "pp"  # of an architecture whose class implements vLLM's ``SupportsPP``
NEEDED = frozenset({"nnodes", "node-rank", "master-addr", "headless"})  # of `vllm serve`, for nodes without Ray


def class_problem(prediction: Prediction, table: EngineTable) -> Obstacle | None:
    """Return why vLLM refuses to split models of this class, or None; also where the table does not know the class."""
    known = table.architectures.get(prediction.architecture)
    if known is None or known.status is not Status.SUPPORTED or FLAG in known.flags:
        return None
    return Obstacle(
        message=f"`{prediction.architecture}` has no pipeline parallelism in vLLM {table.asked or table.version}, "
        "so one replica cannot span nodes",
        help="set nodesPerReplica to 1, and choose a GPU or a node that holds the model",
    )


def layer_problem(config: ResolvedConfig, stages: int) -> Obstacle | None:
    """Return why the layers do not go round, or None."""
    layers = layer_count(language(config))
    if not layers or layers >= stages:
        return None
    return Obstacle(
        message=f"{layers} layers cannot be split into {stages} stages", help=f"set nodesPerReplica to {layers} or less"
    )


def engine_problem(table: EngineTable) -> Obstacle | None:
    """Return why this vLLM cannot span nodes without Ray, or None."""
    known = {flag.replace("_", "-") for flag in table.serve_flags}
    missing = sorted(NEEDED - known) if known else []
    if not missing:
        return None
    return Obstacle(
        message=f"vLLM {table.asked or table.version} has no `--{missing[0]}`: it spans nodes with Ray only",
        help="choose a newer engine version, or set nodesPerReplica to 1",
    )


def pipeline_problem(
    config: ResolvedConfig, prediction: Prediction, table: EngineTable, stages: int
) -> Obstacle | None:
    """Return the first reason why the model cannot be split into so many stages, or None."""
    if stages <= 1:
        return None
    return engine_problem(table) or class_problem(prediction, table) or layer_problem(config, stages)
