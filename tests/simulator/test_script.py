"""Scripts: what they say, and every mistake in them at once."""

from datetime import UTC, datetime

import pytest

from monitor.simulator import ScriptError, demo_cameras, demo_script, demo_site, parse_script, read_script

CAMERAS = ("gate", "yard")


def test_a_script_is_read_in_every_form_in_which_yaml_gives_times(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text(
        """
start: 2026-06-01T12:00
events:
  - {at: "2026-06-01T14:00", camera: gate, do: move, dx: 0.06, dy: 0.0}
  - {at: 2026-06-01T15:00:00, camera: yard, do: flip}
  - {at: "2026-06-01T18:00+02:00", camera: gate, do: swap, with: yard}
weather:
  - {kind: rain, start: 2026-06-01T16:00, end: 2026-06-01T17:00, strength: 0.5}
"""
    )
    script = read_script(path, CAMERAS)
    assert [event.at.hour for event in script.events] == [14, 15, 16]
    assert all(event.at.tzinfo is UTC for event in script.events)
    assert script.events[0].values == {"dx": 0.06, "dy": 0.0}
    assert script.weather[0].strength_at(datetime(2026, 6, 1, 16, 30, tzinfo=UTC)) == 0.5
    assert script.start == datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_every_mistake_in_a_script_is_named_at_once_with_its_place():
    with pytest.raises(ScriptError) as caught:
        parse_script(
            {
                "speed": 3,
                "events": [
                    {"at": "2026-06-01T14:00", "camera": "door", "do": "flip"},
                    {"at": "2026-06-01T14:00", "camera": "gate", "do": "explode"},
                    {"at": "soon", "camera": "gate", "do": "flip"},
                    {"at": "2026-06-01T14:00", "camera": "gate", "do": "move", "dx": 7, "colour": 1},
                    {"at": "2026-06-01T14:00", "camera": "gate", "do": "swap", "with": "gate"},
                    "flip",
                ],
                "weather": [{"kind": "hail", "start": "2026-06-01", "end": "2026-06-02"}],
            },
            CAMERAS,
        )
    places = [problem.split(":")[0] for problem in caught.value.problems]
    assert places == [
        "speed", "events[0].camera", "events[1].do", "events[2].at", "events[3].dx", "events[3].colour",
        "events[4].with", "events[5]", "weather[0].kind",
    ]  # fmt: skip
    assert all(place in str(caught.value) for place in places)


def test_a_script_may_bring_its_own_cameras():
    script = parse_script(
        {
            "cameras": [
                {
                    "name": "dock",
                    "kind": "harbour",
                    "seed": 4,
                    "username": "u",
                    "password": "p",
                    "auth": "basic",
                }
            ],
            "events": [{"at": "2026-06-01T14:00", "camera": "dock", "do": "die", "how": "error"}],
        },
        CAMERAS,
    )
    assert script.cameras[0].credentials.scheme == "basic"
    assert script.events[0].camera == "dock"


@pytest.mark.parametrize("text", ["events: [", "- 1", "events: 5"])
def test_a_file_that_is_no_script_is_refused(tmp_path, text):
    path = tmp_path / "script.yaml"
    path.write_text(text)
    with pytest.raises(ScriptError):
        read_script(path, CAMERAS)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(ScriptError, match=r"nothing\.yaml"):
        read_script(tmp_path / "nothing.yaml", CAMERAS)


def test_the_demo_flips_one_camera_moves_another_and_leaves_the_rest_alone():
    site = demo_site(speed=0)
    end = site.clock.now().replace(day=2)
    truth = {name: found for name, found in site.truth(end).items() if found}
    assert truth == {
        "crossing": {"orientation": "flipped_180"},
        "quay": {"move": {"dx": 0.06, "dy": -0.03, "roll": 0.0, "zoom": 1.0}},
    }
    assert len(demo_script().weather) >= 2
    assert len({camera.kind for camera in demo_cameras()}) == 6


def test_more_cameras_than_kinds_have_names_and_seeds_of_their_own():
    cameras = demo_cameras(14)
    assert len({camera.name for camera in cameras}) == 14
    assert len({(camera.kind, camera.seed) for camera in cameras}) == 14
