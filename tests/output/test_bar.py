"""The picture of a GPU's memory."""

from dataclasses import replace

from validation.fit.catalogue import GIB, find_gpu
from validation.fit.plan import MemoryPlan
from validation.output.bar import WIDTH, bar, picture, table, verdict

PLAN = MemoryPlan(
    gpu=replace(find_gpu("A100-80"), memory=80 * GIB),
    tensor_parallel=2,
    pipeline_parallel=1,
    gpu_memory_utilization=0.9,
    max_model_len=8192,
    longest_that_fits=8192,
    max_num_batched_tokens=2048,
    max_num_seqs=256,
    kv_cache_dtype="auto",
    dtype="bfloat16",
    weights_bytes=40 * GIB,
    overhead_bytes=8 * GIB,
    kv_cache_bytes=24 * GIB,
    kv_cache_bytes_per_token=131072,
    kv_cache_bytes_per_request=1 << 30,
    kv_cache_tokens=196608,
    max_concurrency=24.0,
    fits=True,
    low=20 * GIB,
    high=28 * GIB,
)
FULL = replace(
    PLAN,
    weights_bytes=90 * GIB,
    kv_cache_bytes=-20 * GIB,
    fits=False,
    reason="weights need 90.0 GiB, one A100-80 offers 71.3 GiB",
)


def test_a_bar_shows_each_part_in_its_share() -> None:
    """Half weights, three tenths cache, a tenth overhead, a tenth free."""
    assert f"[{'#' * 25}{'=' * 15}{'+' * 5}{'.' * 5}]" == bar(PLAN)


def test_a_bar_never_grows_beyond_its_width() -> None:
    """What does not fit ends in a mark and keeps the line's length."""
    assert f"[{'#' * (WIDTH - 1)}!" == bar(FULL)


def test_every_gpu_has_a_bar_and_the_signs_are_explained() -> None:
    """Two GPUs, then a line that names the parts with their sizes."""
    assert [
        f"GPU 0  {bar(PLAN)} 80.0 GiB",
        f"GPU 1  {bar(PLAN)} 80.0 GiB",
        "       # weights 40.0 GiB   = KV cache 24.0 GiB   + overhead 8.0 GiB   . free 8.0 GiB",
    ] == list(picture(PLAN))


def test_the_verdict_is_one_sentence() -> None:
    """It names the GPUs, the context and how many requests of it run at once."""
    assert "fits 2 x A100-80 with a context of 8,192 tokens, 24.0 requests of that length at once" == verdict(PLAN)
    assert "does not fit 2 x A100-80: weights need 90.0 GiB, one A100-80 offers 71.3 GiB" == verdict(FULL)


def test_a_close_call_says_so() -> None:
    """Where the error of the estimate could eat what is left, the sentence adds it."""
    assert verdict(replace(PLAN, low=-GIB)).endswith(
        "though only just: the estimate may be off by more than what is left"
    )


def test_nothing_that_fits_is_said_in_words() -> None:
    """An empty table is a sentence."""
    assert ["nothing in the catalogue holds this model"] == list(table(()))
