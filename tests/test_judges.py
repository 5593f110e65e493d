"""What `make judges` makes of the judges' answers, and what it lets them judge."""

from pathlib import Path

import pytest
import yaml

from tools.judges import peers
from tools.judges.kept import KEPT, document
from tools.judges.stacks import rendered
from tools.judges.verdict import (
    CRITICAL,
    WARNING,
    Verdict,
    checkov_report,
    faults,
    head,
    kube_score_report,
    line,
    suppressions,
)
from tools.rendering import PLACEHOLDER, ROOT, Rendering, judged, stack_files


def test_only_the_judged_prod_has_the_placeholder_digest() -> None:
    """Every other key of every stack is judged as it ships."""
    changed = {}
    for stack, path in stack_files().items():
        text = path.read_text()
        shipped = yaml.safe_load(text)["config"]
        found = judged(stack, text)["config"]
        changed[stack] = {key: value for key, value in found.items() if value != shipped[key]}

    image = f"docker.io/vllm/vllm-openai:v0.33.0@{PLACEHOLDER}"
    assert {"slipway:engine": {"version": "0.33.0", "image": image}} == changed.pop("prod")
    assert {"demo": {}, "dev": {}, "staging": {}} == {stack: changed.pop(stack) for stack in ("demo", "dev", "staging")}
    assert not any(changed.values())


def test_every_stack_that_ships_is_rendered_whole(tmp_path: Path) -> None:
    """Each model passes all checks against the stand-ins of the Hub, and is deployed."""
    servers = {stack: len(Rendering.read(folder).of_kind("Deployment")) for stack, folder in rendered(tmp_path).items()}

    assert {"demo": 2, "dev": 1, "staging": 3, "prod": 3} == {
        stack: servers[stack] for stack in ("demo", "dev", "staging", "prod")
    }


def test_checkov_is_counted_by_check() -> None:
    """The same check on two objects is one line with a two."""
    failed = {"check_id": "CKV_K8S_43", "check_name": "Image should use digest"}
    report = {"results": {"failed_checks": [failed, failed]}, "summary": {"passed": 7}}

    assert (7, {"CKV_K8S_43 Image should use digest": 2}) == checkov_report(report)


def test_kube_score_is_counted_by_grade_without_what_it_skipped() -> None:
    """A skipped check has a grade too, which says nothing."""
    checks = [
        {"check": {"id": "a"}, "grade": 1, "skipped": False},
        {"check": {"id": "b"}, "grade": 5, "skipped": False},
        {"check": {"id": "c"}, "grade": 1, "skipped": True},
        {"check": {"id": "d"}, "grade": 10, "skipped": False},
    ]

    assert {CRITICAL: {"a": 1}, WARNING: {"b": 1}} == kube_score_report([{"checks": checks}, {"checks": None}])


@pytest.mark.parametrize("judge", ["checkov", "critical", "warning"])
def test_one_failed_check_of_any_judge_is_a_fault(judge: str) -> None:
    """A warning of kube-score counts as well."""
    counts: dict[str, dict[str, int]] = {"checkov": {}, "critical": {}, "warning": {}}
    counts[judge] = {"a-check": 1}
    verdict = Verdict(
        name="prod", passed=1, checkov=counts["checkov"], critical=counts["critical"], warning=counts["warning"]
    )

    assert ["prod fails `a-check`"] == list(faults([verdict], {}))


def test_what_is_kept_is_kept_for_the_named_stack_only() -> None:
    """Leave for dev is none for prod."""
    verdicts = [Verdict(name=name, passed=1, checkov={"a-check": 1}) for name in ("dev", "prod")]

    assert ["prod fails `a-check`"] == list(faults(verdicts, {"a-check": ["dev"]}))


def test_leave_that_nobody_needs_is_a_fault() -> None:
    """So the list cannot be longer than the truth."""
    (fault,) = faults([Verdict(name="dev", passed=1)], {"a-check": ["dev"]})

    assert fault.startswith("dev does not fail `a-check` any more")


def test_a_suppression_is_a_fault_at_whatever_depth() -> None:
    """An annotation that tells a judge to look away would make the figures worthless."""
    template = {"metadata": {"annotations": {"checkov.io/skip1": "CKV_K8S_43", "other": "x"}}}
    deployment = {"metadata": {"annotations": {"kube-score/ignore": "y"}}, "spec": {"template": template}}

    assert (2, 0) == (suppressions(deployment), suppressions({"metadata": {"labels": {"a": "b"}}}))
    assert ["dev: 2 annotations ask a judge to look away"] == list(
        faults([Verdict(name="dev", passed=1, suppressed=2)], {})
    )


def test_each_peer_is_judged_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file a peer, whatever its ending; what lies beside is left alone."""
    for name in ("a.yaml", "b.yml", "README.md"):
        (tmp_path / name).write_text(name)
    seen = []

    def judge(name: str, folder: Path) -> Verdict:
        seen.append((name, [path.read_text() for path in folder.iterdir()]))
        return Verdict(name=name, passed=1)

    monkeypatch.setattr(peers, "judge", judge)

    assert ["a", "b"] == [verdict.name for verdict in peers.judged_now(tmp_path)]
    assert [("a", ["a.yaml"]), ("b", ["b.yml"])] == seen


def test_what_was_measured_stands_in_the_same_columns() -> None:
    """So that ours can be read beside theirs."""
    columns = {len(each) for each in (head().splitlines()[1], *peers.measured(), line("prod", 1, 0, 0, 0))}

    assert len(list(peers.measured())) > 5
    assert 1 == len(columns)


def test_nothing_is_kept_for_production() -> None:
    """Every check passes there."""
    assert set() == {check for check, leave in KEPT.items() if "prod" in leave.stacks}


def test_the_page_says_what_is_kept() -> None:
    """docs/judges.md is made from the list that `make judges` compares with the judges' answers."""
    page = (ROOT / "docs" / "judges.md").read_text(encoding="utf-8")

    assert document(page) == page
