"""The compose file names what the code understands, and no registry."""

import re
from pathlib import Path

import pytest
import yaml

from eventlog.kafka.location import KafkaLocation

# what of the Compose Specification a service here may say
SERVICE = {
    "image",
    "build",
    "command",
    "environment",
    "ports",
    "volumes",
    "healthcheck",
    "depends_on",
    "restart",
}
HEALTH = {"test", "interval", "timeout", "retries", "start_period"}
DURATION = re.compile(r"\d+(ms|s|m|h)")
VARIABLE = re.compile(r"\$\{[A-Z_]+:-[^}]+\}")

COMPOSE = Path(__file__).parents[2] / "deploy" / "compose.yaml"


@pytest.fixture
def services() -> dict[str, dict[str, object]]:
    return yaml.safe_load(COMPOSE.read_text())["services"]


def test_the_server_finds_its_log_on_the_broker_beside_it(services: dict[str, dict[str, object]]) -> None:
    environment = services["hoofprint"]["environment"]
    assert isinstance(environment, dict)
    location = KafkaLocation.parse(environment["HOOFPRINT_LOG"])
    listeners = services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]  # type: ignore[index]
    assert f"INSIDE://{location.servers[0]}" in listeners.split(",")


def test_images_have_their_usual_names_and_ports_are_open_to_this_machine_alone(
    services: dict[str, dict[str, object]],
) -> None:
    images = [str(service["image"]) for service in services.values() if "image" in service]
    assert images
    assert not [image for image in images if "." in image.partition("/")[0].partition(":")[0]]
    ports = [str(port) for service in services.values() for port in service.get("ports", ())]  # type: ignore[attr-defined]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_room_is_in_the_image(services: dict[str, dict[str, object]]) -> None:
    recipe = services["hoofprint"]["build"]["dockerfile_inline"]  # type: ignore[index]
    rooms = [path.parent.name for path in COMPOSE.parents[1].glob("*/py.typed")]
    assert "eventlog" in rooms
    assert all(f"COPY {room} {room}\n" in recipe for room in rooms)


def test_services_say_what_the_specification_knows(services: dict[str, dict[str, object]]) -> None:
    document = yaml.safe_load(COMPOSE.read_text())
    assert document.keys() == {"name", "services", "volumes"}
    for name, service in services.items():
        assert service.keys() <= SERVICE, name
        assert ("image" in service) != ("build" in service), name
        assert service["restart"] in ("no", "always", "on-failure", "unless-stopped")
        health = service.get("healthcheck", {})
        assert isinstance(health, dict)
        assert health.keys() <= HEALTH
        assert all(
            DURATION.fullmatch(str(health[each])) for each in ("interval", "timeout") if each in health
        )
        for volume in service["volumes"]:  # type: ignore[attr-defined]
            kept, _, place = str(volume).partition(":")
            assert kept in document["volumes"]
            assert place.startswith("/")


def test_values_are_texts_and_what_comes_from_outside_has_a_default(
    services: dict[str, dict[str, object]],
) -> None:
    for service in services.values():
        environment = service["environment"]
        assert isinstance(environment, dict)
        assert all(
            isinstance(value, str | int) and not isinstance(value, bool) for value in environment.values()
        )
    outside = re.findall(r"\$\{[^}]*\}", COMPOSE.read_text())
    assert outside
    assert all(VARIABLE.fullmatch(each) for each in outside)


def test_whoever_waits_for_health_waits_for_somebody_who_tells_it(
    services: dict[str, dict[str, object]],
) -> None:
    for service in services.values():
        for name, wanted in service.get("depends_on", {}).items():  # type: ignore[attr-defined]
            assert wanted == {"condition": "service_healthy"}
            assert "healthcheck" in services[name]


def test_images_name_their_versions(services: dict[str, dict[str, object]]) -> None:
    images = [str(service["image"]) for service in services.values() if "image" in service]
    images += re.findall(r"^FROM (\S+)", str(services["hoofprint"]["build"]), re.MULTILINE)
    assert all(re.fullmatch(r"[a-z/]+:\d[\w.-]*", image) for image in images)
    broker = (COMPOSE.parent / "kafka" / "broker.sh").read_text()
    assert f"KAFKA_VERSION:-{services['kafka']['image'].removeprefix('apache/kafka:')}" in broker  # type: ignore[attr-defined]


def test_everything_that_is_copied_into_the_image_is_there(services: dict[str, dict[str, object]]) -> None:
    recipe = str(services["hoofprint"]["build"]["dockerfile_inline"])  # type: ignore[index]
    sources = [word for line in re.findall(r"^COPY (.*) \S+$", recipe, re.MULTILINE) for word in line.split()]
    assert "pyproject.toml" in sources
    assert not [source for source in sources if not (COMPOSE.parents[1] / source).exists()]
