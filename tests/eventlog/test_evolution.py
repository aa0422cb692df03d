"""The gate: what was released once stays readable and writable, or the change is refused."""

import json
from pathlib import Path

import pytest

from eventlog.errors import InputError
from eventlog.evolution import SCHEMAS, breaking_changes, main, release, released_versions


def write(folder: Path, kind: str, **fields: str) -> None:
    """The unreleased schema of a type; a field is a type's name, with a default unless it ends in !."""
    neutral: dict[str, object] = {"string": "", "long": 0, "double": 0.0}
    made = []
    for name, word in fields.items():
        plain = word.rstrip("!")
        made.append({"name": name, "type": plain, **({"default": neutral[plain]} if plain == word else {})})
    schema = {"type": "record", "name": kind, "namespace": "hoofprint", "fields": made}
    unreleased = folder / "unreleased"
    unreleased.mkdir(exist_ok=True)
    (unreleased / f"{kind}.avsc").write_text(json.dumps(schema), encoding="utf-8")


def test_the_committed_schemas_pass_the_gate() -> None:
    assert breaking_changes(SCHEMAS) == []


def test_without_a_release_everything_may_change(tmp_path: Path) -> None:
    write(tmp_path, "JobHeld", reason="string!")
    assert released_versions(tmp_path) == []
    assert breaking_changes(tmp_path) == []


def test_a_release_keeps_the_unreleased_schemas_as_they_are(tmp_path: Path) -> None:
    write(tmp_path, "JobHeld", reason="string")
    write(tmp_path, "JobReleased", reason="string")
    folder = release("1.0.0", tmp_path)
    assert folder == tmp_path / "1.0.0"
    assert {path.name for path in folder.iterdir()} == {"JobHeld.avsc", "JobReleased.avsc"}
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "unreleased" / path.name).read_bytes()
    assert released_versions(tmp_path) == ["1.0.0"]
    assert [path.suffix for path in (tmp_path / "unreleased").iterdir()] == [".avsc", ".avsc"]


def test_versions_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    write(tmp_path, "JobHeld", reason="string")
    for version in ("0.9.0", "0.10.0", "1.0.0"):
        release(version, tmp_path)
    assert released_versions(tmp_path) == ["0.9.0", "0.10.0", "1.0.0"]


def test_a_breaking_change_is_told_for_each_version_that_it_breaks_with(tmp_path: Path) -> None:
    write(tmp_path, "JobHeld", reason="string")
    release("1.0.0", tmp_path)
    release("1.1.0", tmp_path)
    write(tmp_path, "JobHeld", reason="long")
    assert breaking_changes(tmp_path) == [
        f"JobHeld: against {version}, {why}"
        for version in ("1.0.0", "1.1.0")
        for why in (
            "the older cannot read the newer: JobHeld.reason: long was written, string is read",
            "the newer cannot read the older: JobHeld.reason: string was written, long is read",
        )
    ]


def test_a_field_that_went_and_comes_back_otherwise_is_told_across_versions(tmp_path: Path) -> None:
    write(tmp_path, "JobHeld", reason="string", code="long")
    release("1.0.0", tmp_path)
    write(tmp_path, "JobHeld", reason="string")
    release("1.1.0", tmp_path)
    write(tmp_path, "JobHeld", reason="string", code="string")
    assert len(breaking_changes(tmp_path)) == 2
    assert all("against 1.0.0" in problem for problem in breaking_changes(tmp_path))


def test_an_event_type_may_come_and_never_go(tmp_path: Path) -> None:
    write(tmp_path, "JobHeld", reason="string")
    release("1.0.0", tmp_path)
    write(tmp_path, "JobReleased", reason="string!")
    assert breaking_changes(tmp_path) == []
    (tmp_path / "unreleased" / "JobHeld.avsc").unlink()
    assert breaking_changes(tmp_path) == [
        "JobHeld: released with 1.0.0, and gone: its events must be read for ever"
    ]


def test_an_incompatible_schema_is_not_released(tmp_path: Path) -> None:
    write(tmp_path, "JobHeld", reason="string")
    release("1.0.0", tmp_path)
    write(tmp_path, "JobHeld", reason="string", code="long!")
    with pytest.raises(
        InputError, match=r"1\.1\.0 cannot be released:\nJobHeld: against 1\.0\.0, .* no default"
    ):
        release("1.1.0", tmp_path)
    assert released_versions(tmp_path) == ["1.0.0"]


@pytest.mark.parametrize("version", ["1.0.0", "0.9.9"])
def test_a_version_is_released_once_and_after_the_last(tmp_path: Path, version: str) -> None:
    write(tmp_path, "JobHeld", reason="string")
    release("1.0.0", tmp_path)
    with pytest.raises(InputError, match=r"does not come after 1\.0\.0"):
        release(version, tmp_path)


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "1.0.0-rc1", "unreleased", "../1.0.0", "01.0.0"])
def test_a_version_that_is_none_is_refused(tmp_path: Path, version: str) -> None:
    write(tmp_path, "JobHeld", reason="string")
    with pytest.raises(InputError, match=r"is no version: it reads MAJOR\.MINOR\.PATCH"):
        release(version, tmp_path)


def test_a_folder_that_no_gate_would_see_is_told(tmp_path: Path) -> None:
    write(tmp_path, "JobHeld", reason="string")
    (tmp_path / "v2").mkdir()
    with pytest.raises(InputError, match="'v2' is no version"):
        breaking_changes(tmp_path)


def test_a_file_that_is_no_schema_is_named(tmp_path: Path) -> None:
    write(tmp_path, "JobHeld", reason="string")
    (tmp_path / "unreleased" / "JobReleased.avsc").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"JobReleased\.avsc: no Avro schema in JSON"):
        breaking_changes(tmp_path)


def test_a_schema_of_another_name_than_its_file_is_told(tmp_path: Path) -> None:
    write(tmp_path, "JobHeld", reason="string")
    (tmp_path / "unreleased" / "JobHeld.avsc").rename(tmp_path / "unreleased" / "JobEvicted.avsc")
    assert breaking_changes(tmp_path) == ["unreleased/JobEvicted.avsc: must be the record JobEvicted"]


def test_an_empty_version_is_told(tmp_path: Path) -> None:
    write(tmp_path, "JobHeld", reason="string")
    (tmp_path / "1.0.0").mkdir()
    with pytest.raises(InputError, match="holds no schema"):
        breaking_changes(tmp_path)


def test_the_command_checks_releases_and_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "JobHeld", reason="string")
    assert main(["check"], tmp_path) == 0
    assert "(none yet)" in capsys.readouterr().out
    assert main(["release", "1.0.0"], tmp_path) == 0
    assert f"released: {tmp_path / '1.0.0'}" in capsys.readouterr().out
    write(tmp_path, "JobHeld", reason="long")
    assert main(["check"], tmp_path) == 1
    assert "a breaking change is a new event type" in capsys.readouterr().err
    assert main(["release", "1.1.0"], tmp_path) == 2
    assert main(["release"], tmp_path) == 2
    assert "usage:" in capsys.readouterr().err
