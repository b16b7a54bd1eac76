import random

from monitor.onvif.profiles import Profile, best_first, by_source

MAIN = Profile("1", "main", "v", 3840, 2160)
MIDDLE = Profile("2", "middle", "v", 1280, 720)
SUB = Profile("3", "sub", "v", 640, 360)
TINY = Profile("4", "tiny", "v", 320, 180)
UNKNOWN = Profile("5", "unknown", "v")


def test_the_smallest_that_suffices_comes_first_and_those_too_small_last() -> None:
    profiles = [MAIN, MIDDLE, SUB, TINY, UNKNOWN]
    for _ in range(10):
        random.shuffle(profiles)
        assert best_first(profiles, 480) == [SUB, MIDDLE, MAIN, TINY, UNKNOWN]


def test_profiles_are_kept_apart_by_what_they_show() -> None:
    other = Profile("6", "main", "w")
    assert by_source([MAIN, other, SUB]) == {"v": (MAIN, SUB), "w": (other,)}
