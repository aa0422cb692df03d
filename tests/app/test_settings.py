"""Settings: which source wins, and what a wrong file says."""

from pathlib import Path

import pytest

from eventlog.errors import InputError
from hoofprint.app.settings import SETTINGS, resolve


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}


def write_user_file(environment: dict[str, str], text: str) -> None:
    folder = Path(environment["XDG_CONFIG_HOME"]) / "hoofprint"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text)


def test_each_source_wins_over_the_ones_behind_it(tmp_path: Path, environment: dict[str, str]) -> None:
    def namespace(flags: dict[str, str | None]) -> tuple[str, str]:
        value = next(v for v in resolve(flags, environment, tmp_path).all() if v.setting.key == "namespace")
        return value.text, value.origin

    assert namespace({}) == ("default", "default")
    write_user_file(environment, 'namespace = "user"')
    assert namespace({}) == ("user", str(tmp_path / "config/hoofprint/config.toml"))
    (tmp_path / "hoofprint.toml").write_text('namespace = "folder"')
    assert namespace({}) == ("folder", str(tmp_path / "hoofprint.toml"))
    environment["HOOFPRINT_NAMESPACE"] = "environment"
    assert namespace({}) == ("environment", "$HOOFPRINT_NAMESPACE")
    assert namespace({"namespace": "flag"}) == ("flag", "--namespace")


def test_log_and_views_follow_home_unless_they_are_named(tmp_path: Path, environment: dict[str, str]) -> None:
    environment["HOOFPRINT_HOME"] = "/data/hoofprint"
    environment["HOOFPRINT_VIEWS"] = "postgresql+psycopg://db/views"
    settings = resolve({}, environment, tmp_path)
    assert settings["log"] == "sqlite:/data/hoofprint/log.db"
    assert settings["views"] == "postgresql+psycopg://db/views"


def test_home_lies_in_the_users_data_folder_by_default(tmp_path: Path, environment: dict[str, str]) -> None:
    assert resolve({}, environment, tmp_path)["home"] == str(tmp_path / ".local/share/hoofprint")
    environment["XDG_DATA_HOME"] = "/data"
    assert resolve({}, environment, tmp_path)["home"] == "/data/hoofprint"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nmespace = 'x'", "unknown setting 'nmespace'"),
        ("namespace = 3", "namespace must be a text"),
        ("namespace = ", "hoofprint.toml"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(
    tmp_path: Path, environment: dict[str, str], text: str, complaint: str
) -> None:
    (tmp_path / "hoofprint.toml").write_text(text)
    with pytest.raises(InputError, match=r"hoofprint\.toml") as refused:
        resolve({}, environment, tmp_path)
    assert complaint in str(refused.value)


def test_every_setting_has_a_variable_of_its_own_and_a_meaning() -> None:
    assert len({setting.variable for setting in SETTINGS}) == len(SETTINGS)
    assert all(setting.variable.startswith("HOOFPRINT_") and setting.meaning for setting in SETTINGS)
