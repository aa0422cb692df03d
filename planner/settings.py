"""The choices of one planning, resolved once from options and properties, each checked."""

from collections.abc import Mapping
from dataclasses import dataclass

from eventlog.errors import InputError
from planner.request import PlanRequest

TRUE_WORDS = frozenset({"true", "yes", "1", "on"})
FALSE_WORDS = frozenset({"false", "no", "0", "off"})

CLEANUP_STRATEGIES = ("none", "leaf", "inplace")
REUSE_SCOPES = ("full", "partial", "none")
DUPLICATE_PRODUCERS = ("refuse", "last")
ARGV_RULES = ("shell", "literal")
EXECUTABLE_RULES = ("staged", "in-place")
REPLICA_SELECTORS = ("Default", "Regex")
TRANSFORMATION_MAPPERS = ("All", "Installed", "Staged", "Submit")


@dataclass(frozen=True, slots=True)
class Settings:
    """Resolved choices; numbers are None where the default depends on the workflow."""

    cleanup: str
    reuse_scope: str
    duplicate_producers: str
    literal_arguments: bool
    executables: str
    transformation_mapper: str
    replica_selector: str
    link_inputs: bool
    infer_data_edges: bool
    register_outputs: bool
    stage_in_clusters: int | None
    stage_out_clusters: int | None
    cleanup_clusters: int | None
    cleanup_cluster_size: int
    retries: int
    throttles: Mapping[str, int]


DEFAULT_THROTTLES: Mapping[str, int] = {"cleanup": 4, "registration": 1, "stagein": 10, "stageout": 10}
DEFAULT_RETRIES = 1
JOBS_PER_CLEANUP = 5


def resolve_settings(request: PlanRequest) -> Settings:
    """The settings of a request; raises InputError that names the option or property and what is allowed."""
    options, properties = request.options, request.properties
    return Settings(
        cleanup=_choice("--cleanup", options.cleanup or "inplace", CLEANUP_STRATEGIES),
        reuse_scope=_property_choice(properties, "pegasus.data.reuse.scope", "full", REUSE_SCOPES),
        duplicate_producers=_choice(
            "--duplicate-producers", options.duplicate_producers, DUPLICATE_PRODUCERS
        ),
        literal_arguments=_choice("--argv", options.argv, ARGV_RULES) == "literal",
        executables=_choice("--executables", options.executables or "staged", EXECUTABLE_RULES),
        transformation_mapper=_property_choice(
            properties, "pegasus.catalog.transformation.mapper", "All", TRANSFORMATION_MAPPERS
        ),
        replica_selector=_property_choice(
            properties, "pegasus.selector.replica", "Default", REPLICA_SELECTORS
        ),
        link_inputs=_flag(properties, "pegasus.transfer.links", default=False),
        infer_data_edges=_flag(properties, "pegasus.parser.dax.data.dependencies", default=True),
        register_outputs=_flag(properties, "pegasus.register", default=True),
        stage_in_clusters=_count(properties, "pegasus.stagein.clusters"),
        stage_out_clusters=_count(properties, "pegasus.stageout.clusters"),
        cleanup_clusters=_count(properties, "pegasus.file.cleanup.clusters.num"),
        cleanup_cluster_size=_count(properties, "pegasus.file.cleanup.clusters.size") or JOBS_PER_CLEANUP,
        retries=_retries(properties),
        throttles=_throttles(properties),
    )


def is_true(text: str, *, where: str) -> bool:
    """The truth of a flag's text; raises InputError, naming ``where`` it stands, for any other word."""
    word = text.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise InputError(f"{where} is {text!r}: it must be true or false")


def whole_number(text: str, *, where: str, least: int = 0) -> int:
    """A whole number of at least ``least``; raises InputError naming ``where`` it stands."""
    try:
        number = int(text.strip())
    except ValueError:
        number = least - 1
    if number < least:
        raise InputError(f"{where} is {text!r}: it must be a whole number of at least {least}")
    return number


def _choice(where: str, value: str, allowed: tuple[str, ...]) -> str:
    for word in allowed:
        if word.lower() == value.lower():
            return word
    raise InputError(f"{where} is {value!r}: it must be one of {', '.join(allowed)}")


def _property_choice(properties: Mapping[str, str], key: str, default: str, allowed: tuple[str, ...]) -> str:
    return _choice(f"property {key}", properties.get(key, default), allowed)


def _flag(properties: Mapping[str, str], key: str, *, default: bool) -> bool:
    text = properties.get(key)
    return default if text is None else is_true(text, where=f"property {key}")


def _count(properties: Mapping[str, str], key: str) -> int | None:
    text = properties.get(key)
    return None if text is None else whole_number(text, where=f"property {key}", least=1)


def _retries(properties: Mapping[str, str]) -> int:
    text = properties.get("dagman.retry", properties.get("dagman.RETRY"))
    return DEFAULT_RETRIES if text is None else whole_number(text, where="property dagman.retry")


def _throttles(properties: Mapping[str, str]) -> Mapping[str, int]:
    throttles = dict(DEFAULT_THROTTLES)
    for key, text in properties.items():
        namespace, _, rest = key.partition(".")
        category, _, limit = rest.rpartition(".")
        if namespace == "dagman" and category and limit.lower() == "maxjobs":
            throttles[category] = whole_number(text, where=f"property {key}", least=1)
    return throttles
