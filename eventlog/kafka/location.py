"""How a log on Kafka is named: ``kafka://HOST:PORT[,HOST:PORT]/TOPIC?option=value``."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import parse_qsl

from eventlog.errors import InputError

FORM = "kafka://HOST:PORT[,HOST:PORT]/TOPIC"
_LOCATION = re.compile(r"kafka://(?P<servers>[^/?#]+)/(?P<topic>[^/?#]*)(?:\?(?P<options>[^#]*))?")
_SERVER = re.compile(r"(?P<host>\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+):(?P<port>\d{1,5})", re.ASCII)
# Kafka's rule for names, less the length of ".meta"
_TOPIC = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,244}", re.ASCII)
_SECRETS = frozenset({"sasl.password", "ssl.key.password"})

# what Kafka's clients call it, and what the library does
_CLIENT_SETTINGS = {
    "security.protocol": "security_protocol",
    "sasl.mechanism": "sasl_mechanism",
    "sasl.username": "sasl_plain_username",
    "sasl.password": "sasl_plain_password",
    "sasl.kerberos.service.name": "sasl_kerberos_service_name",
    "ssl.ca.location": "ssl_cafile",
    "ssl.certificate.location": "ssl_certfile",
    "ssl.key.location": "ssl_keyfile",
    "ssl.key.password": "ssl_password",
    "client.id": "client_id",
}

_OWN_OPTIONS = frozenset(
    {"partitions", "replication", "compression.type", "bootstrap.timeout.ms", "delivery.timeout.ms"}
)

_COMPRESSION = "lz4"
_BOOTSTRAP_TIMEOUT = 10.0
_DELIVERY_TIMEOUT = 30.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KafkaLocation:
    """Where a log lies on Kafka, and how it is reached.

    ``partitions`` and ``replication`` are for the topic when it is made; None takes what is there, or the
    default. ``bootstrap_timeout`` (until a first broker answers) and ``delivery_timeout`` (until an append is
    durable, or a read got on) are seconds. ``client`` holds the library's settings for security.
    """

    servers: tuple[str, ...]
    topic: str
    partitions: int | None = None
    replication: int | None = None
    compression: str = _COMPRESSION
    bootstrap_timeout: float = _BOOTSTRAP_TIMEOUT
    delivery_timeout: float = _DELIVERY_TIMEOUT
    client: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, location: str) -> Self:
        """Read a location; its option ``properties=FILE`` names a file with more options, a line each.

        Raises InputError for what names no log, an unknown option, or a password outside the file.
        """
        parts = _LOCATION.fullmatch(location)
        servers = parts["servers"].split(",") if parts else []
        if not parts or not all(_SERVER.fullmatch(server) for server in servers):
            raise InputError(f"{location.partition('?')[0]!r} names no log on Kafka: it is written {FORM}")
        if not _TOPIC.fullmatch(parts["topic"]):
            raise InputError(f"{parts['topic']!r} is no topic's name: up to 244 letters, digits, . _ and -")
        options = _read_options(parts["options"] or "")
        return cls(
            servers=tuple(servers),
            topic=parts["topic"],
            partitions=_value(options, "partitions", _count, None),
            replication=_value(options, "replication", _count, None),
            compression=_value(options, "compression.type", _compression, _COMPRESSION),
            bootstrap_timeout=_value(options, "bootstrap.timeout.ms", _seconds, _BOOTSTRAP_TIMEOUT),
            delivery_timeout=_value(options, "delivery.timeout.ms", _seconds, _DELIVERY_TIMEOUT),
            client={_CLIENT_SETTINGS[n]: value for n, value in options.items() if n in _CLIENT_SETTINGS},
        )

    @property
    def name(self) -> str:
        """The location without its options, for messages."""
        return f"kafka://{','.join(self.servers)}/{self.topic}"


def server_address(server: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``."""
    host, _, port = server.rpartition(":")
    return host.strip("[]"), int(port)


def _read_options(query: str) -> dict[str, str]:
    """The options of a location, over those of the properties file that it names."""
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name in sorted(_SECRETS & options.keys()):
        raise InputError(
            f"{name} does not belong into HOOFPRINT_LOG, which others can read: write it into a file, and "
            "name that with ?properties=FILE"
        )
    path = options.pop("properties", None)
    _refuse_unknown(options, "HOOFPRINT_LOG")
    return options if path is None else {**_read_properties(Path(path).expanduser()), **options}


def _read_properties(path: Path) -> dict[str, str]:
    """The options of a properties file: ``name=value`` lines, ``#`` before comments."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the properties of the log on Kafka cannot be read: {path}: {error}") from error
    options = {}
    for number, line in enumerate(lines, start=1):
        name, equals, value = line.partition("=")
        if not line.strip() or line.lstrip().startswith(("#", "!")):
            continue
        if not equals:
            raise InputError(f"{path}, line {number}: a property is written name=value")
        options[name.strip()] = value.strip()
    _refuse_unknown(options, str(path))
    return options


def _refuse_unknown(options: Mapping[str, str], place: str) -> None:
    known = _CLIENT_SETTINGS.keys() | _OWN_OPTIONS
    for name in options:
        if name not in known:
            raise InputError(
                f"{place}: unknown option {name!r} of a log on Kafka: it is one of {', '.join(sorted(known))}"
            )


def _value(options: Mapping[str, str], name: str, read: Callable[[str], T], default: T) -> T:
    """The value of an option, or the default where it is not given."""
    if name not in options:
        return default
    try:
        return read(options[name])
    except ValueError as error:
        raise InputError(f"the log on Kafka has {name}={options[name]}: {error}") from error


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise ValueError("it is a number from 1 to 10000")
    return int(text)


def _seconds(text: str) -> float:
    if not text.isascii() or not text.isdecimal() or not 100 <= int(text) <= 3_600_000:
        raise ValueError("it is a number of milliseconds from 100 to 3600000")
    return int(text) / 1000


def _compression(text: str) -> str:
    if text not in ("lz4", "zstd", "gzip"):
        raise ValueError("it is lz4, zstd or gzip")
    return text
