"""A rendering's folder is replaced as a whole, and nothing foreign is ever lost."""

from pathlib import Path

import pytest

from dryrun.folder import FolderError, last_steps, refuse_foreign, write_folder
from dryrun.plan import Op, Plan, Result, Step


def plan(*manifests: str, left_out: tuple[str, ...] = ()) -> Plan:
    """Return the plan of a rendering with these files."""
    step = Step(op=Op.CREATE, urn="urn:a", type="t", name="a", inputs={"x": 1})
    gone = Step(op=Op.DELETE, urn="urn:b", type="t", name="b")
    return Plan(stack="dev", result=Result.PASSED, steps=(step, gone), manifests=manifests, left_out=left_out)


def names(folder: Path) -> set[str]:
    """Return what the folder holds."""
    return {path.name for path in folder.iterdir()}


def test_a_folder_is_written_with_its_plan(tmp_path: Path) -> None:
    """Also where its parents are not there yet."""
    out = tmp_path / "deep" / "out"
    write_folder(out, plan("01-a.yaml"), {"01-a.yaml": "a: 1\n"})
    assert ({"01-a.yaml", ".plan"}, "a: 1\n") == (names(out), (out / "01-a.yaml").read_text())


def test_nothing_else_stays_behind(tmp_path: Path) -> None:
    """Neither scratch folders nor the old rendering."""
    for _ in range(2):
        write_folder(tmp_path / "out", plan("01-a.yaml"), {"01-a.yaml": "a: 1\n"})
    assert {"out"} == names(tmp_path)


def test_stale_files_of_ours_are_removed(tmp_path: Path) -> None:
    """A renamed object leaves no second one to apply."""
    write_folder(tmp_path / "out", plan("01-a.yaml", "02-b.yaml"), {"01-a.yaml": "", "02-b.yaml": ""})
    write_folder(tmp_path / "out", plan("01-b.yaml"), {"01-b.yaml": ""})
    assert {"01-b.yaml", ".plan"} == names(tmp_path / "out")


def test_what_must_be_made_by_hand_stands_beside(tmp_path: Path) -> None:
    """In a file that kubectl does not take for a manifest."""
    write_folder(tmp_path / "out", plan(left_out=("Secret a/b: keys c",)), {})
    assert "\nSecret a/b: keys c\n" in (tmp_path / "out" / "secrets.txt").read_text()


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    """Before anything is run, and they are untouched."""
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(FolderError, match=r"holds files that no rendering wrote \(`mine\.txt`\)"):
        refuse_foreign(tmp_path)
    assert "precious" == (tmp_path / "mine.txt").read_text()


def test_foreign_files_among_ours_are_refused(tmp_path: Path) -> None:
    """What was added to a rendering by hand is not lost."""
    write_folder(tmp_path / "out", plan("01-a.yaml"), {"01-a.yaml": ""})
    (tmp_path / "out" / "kustomization.yaml").write_text("")
    with pytest.raises(FolderError, match=r"kustomization\.yaml"):
        write_folder(tmp_path / "out", plan("01-a.yaml"), {"01-a.yaml": ""})
    assert {"01-a.yaml", ".plan", "kustomization.yaml"} == names(tmp_path / "out")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """And stays what it is."""
    (tmp_path / "out").write_text("x")
    with pytest.raises(FolderError, match="is not a folder"):
        refuse_foreign(tmp_path / "out")
    assert "x" == (tmp_path / "out").read_text()


def test_the_old_rendering_survives_a_failed_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk loses nothing."""
    out = tmp_path / "out"
    write_folder(out, plan("01-a.yaml"), {"01-a.yaml": "old"})

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(FolderError, match="cannot be written: No space left on device"):
        write_folder(out, plan("01-a.yaml"), {"01-a.yaml": "new"})
    assert ("old", {"out"}) == ((out / "01-a.yaml").read_text(), names(tmp_path))


def test_the_old_rendering_comes_back_when_the_exchange_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader finds either the old folder or the new one."""
    out = tmp_path / "out"
    write_folder(out, plan("01-a.yaml"), {"01-a.yaml": "old"})
    rename = Path.rename

    def refuse_new(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(FolderError, match="Permission denied"):
        write_folder(out, plan("01-a.yaml"), {"01-a.yaml": "new"})
    assert ("old", {"out"}) == ((out / "01-a.yaml").read_text(), names(tmp_path))


def test_the_last_steps_are_found_again(tmp_path: Path) -> None:
    """By URN, without what was deleted then."""
    write_folder(tmp_path / "out", plan(), {})
    found = last_steps(tmp_path / "out")
    assert found is not None
    assert {"urn:a": {"x": 1}} == {urn: step["inputs"] for urn, step in found.items()}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2}', '{"version": 1}', '{"version": 1, "steps": 3}'])
def test_a_broken_plan_counts_as_none(tmp_path: Path, text: str) -> None:
    """A plan file that was cut or is of another version does not stop a preview."""
    (tmp_path / ".plan").write_text(text)
    assert last_steps(tmp_path) is None
