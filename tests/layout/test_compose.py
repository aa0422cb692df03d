"""The compose file names what the code understands, and no registry."""

from pathlib import Path

import pytest
import yaml

from eventlog.kafka.location import KafkaLocation

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
