"""Every setting, where it may come from, and which one wins.

Flag, environment, ``./hoofprint.toml``, ``$XDG_CONFIG_HOME/hoofprint/config.toml``, default: the first wins.
"""

import getpass
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eventlog.errors import InputError


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its key in a file, its environment variable, and what it is for."""

    key: str
    variable: str
    meaning: str


SETTINGS = (
    Setting("home", "HOOFPRINT_HOME", "folder for the log, the views and everything kept between commands"),
    Setting("log", "HOOFPRINT_LOG", "the event log, sqlite:PATH or kafka://HOST:PORT/TOPIC"),
    Setting(
        "archive", "HOOFPRINT_ARCHIVE", "folder of the log's archive, where the log let go of its beginning"
    ),
    Setting(
        "views", "HOOFPRINT_VIEWS", "the views, sqlite:FOLDER or postgresql+psycopg://USER@HOST/DATABASE"
    ),
    Setting(
        "spool", "HOOFPRINT_SPOOL", "file on a local disk where events wait while a log on Kafka is away"
    ),
    Setting("spool_events", "HOOFPRINT_SPOOL_EVENTS", "how many events may wait there"),
    Setting("spool_bytes", "HOOFPRINT_SPOOL_BYTES", "how many bytes of events may wait there"),
    Setting("plans", "HOOFPRINT_PLANS", "folder for new plan directories"),
    Setting("namespace", "HOOFPRINT_NAMESPACE", "project or group whose facts these are"),
    Setting("actor", "HOOFPRINT_ACTOR", "on whose behalf facts are stated"),
    Setting("server", "HOOFPRINT_SERVER", "address of a Hoofprint server, used where a command talks to one"),
    Setting("token_file", "HOOFPRINT_TOKEN_FILE", "file with the tokens that a server accepts"),
)
_BY_KEY = {setting.key: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value and where it came from."""

    setting: Setting
    text: str
    origin: str


class Settings:
    """All settings, resolved once per command."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values

    def __getitem__(self, key: str) -> str:
        return self._values[key].text

    def all(self) -> list[Value]:
        """Every value in the order of ``SETTINGS``."""
        return [self._values[setting.key] for setting in SETTINGS]

    def count(self, key: str) -> int:
        """A setting that is a whole number of 1 or more; raises InputError where it is none."""
        value = self._values[key]
        if not (value.text.isascii() and value.text.isdecimal() and int(value.text)):
            raise InputError(
                f"{value.origin}: {key} is {value.text!r}; it must be a whole number of 1 or more"
            )
        return int(value.text)

    @property
    def home(self) -> Path:
        """The folder of everything that is kept."""
        return Path(self["home"])

    @property
    def plans(self) -> Path:
        """Where new plan directories go."""
        return Path(self["plans"])


def resolve(
    flags: Mapping[str, str | None], environment: Mapping[str, str], folder: Path | None = None
) -> Settings:
    """Resolve every setting.

    Raises InputError for an unreadable configuration file or an unknown key in it.
    """
    folder = folder or Path.cwd()
    files = [_read(folder / "hoofprint.toml"), _read(_user_file(environment))]
    values: dict[str, Value] = {}
    for setting in SETTINGS:
        values[setting.key] = _first(setting, flags, environment, files) or Value(
            setting, _default(setting.key, environment, folder, values), "default"
        )
    return Settings(values)


def _first(
    setting: Setting,
    flags: Mapping[str, str | None],
    environment: Mapping[str, str],
    files: list[tuple[str, dict[str, str]]],
) -> Value | None:
    flag = flags.get(setting.key)
    if flag:
        return Value(setting, flag, f"--{setting.key.replace('_', '-')}")
    if environment.get(setting.variable):
        return Value(setting, environment[setting.variable], f"${setting.variable}")
    for name, content in files:
        if setting.key in content:
            return Value(setting, content[setting.key], name)
    return None


def _user_file(environment: Mapping[str, str]) -> Path:
    return _xdg(environment, "XDG_CONFIG_HOME", ".config") / "hoofprint" / "config.toml"


def _xdg(environment: Mapping[str, str], variable: str, fallback: str) -> Path:
    named = environment.get(variable)
    return Path(named) if named else Path(environment.get("HOME", "~")).expanduser() / fallback


def _read(path: Path) -> tuple[str, dict[str, str]]:
    try:
        content = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return str(path), {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f'{path}: {error}; a line reads, for example, home = "/data/hoofprint"') from error
    for key, value in content.items():
        if key not in _BY_KEY:
            raise InputError(f"{path}: unknown setting {key!r}; known are {', '.join(_BY_KEY)}")
        if not isinstance(value, str):
            raise InputError(f"{path}: {key} must be a text in quotes")
    return str(path), content


def _default(key: str, environment: Mapping[str, str], folder: Path, known: Mapping[str, Value]) -> str:
    match key:
        case "home":
            return str(_xdg(environment, "XDG_DATA_HOME", ".local/share") / "hoofprint")
        case "log":
            return f"sqlite:{Path(known['home'].text) / 'log.db'}"
        case "views":
            return f"sqlite:{Path(known['home'].text) / 'views'}"
        case "spool":
            return str(Path(known["home"].text) / "spool.db")
        case "spool_events":
            return "1000000"
        case "spool_bytes":
            return "2000000000"
        case "plans":
            return str(folder / "plans")
        case "namespace":
            return "default"
        case "actor":
            return _user_name()
        case _:
            return ""


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # a uid without a passwd entry, as containers have
        return f"uid-{os.getuid()}"
