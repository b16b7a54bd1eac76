from __future__ import annotations

from monitor.service.faults import Faults


def caught(raise_it) -> Exception:
    try:
        raise_it()
    except Exception as error:
        return error
    raise AssertionError


def full_disk(who: str) -> Exception:
    def write() -> None:
        raise OSError(f"no space left for {who}")

    return caught(write)


def bug() -> Exception:
    return caught(lambda: 1 / 0)


def test_the_same_fault_of_many_is_news_once():
    faults: Faults[str] = Faults()
    assert [faults.report(who, full_disk(who)) for who in "abc"] == [True, False, False]


def test_a_fault_that_lasts_is_no_news():
    faults: Faults[str] = Faults()
    assert [faults.report("a", full_disk("a")) for _ in range(3)] == [True, False, False]


def test_another_fault_is_news_even_of_the_same():
    faults: Faults[str] = Faults()
    assert faults.report("a", full_disk("a"))
    assert faults.report("a", bug())
    assert faults.report("b", full_disk("b"))


def test_clearing_names_the_others_with_the_same_fault_until_none_is_left():
    faults: Faults[str] = Faults()
    for who in "abc":
        faults.report(who, full_disk(who))
    faults.report("d", bug())
    assert faults.clear("a") == {"b", "c"}
    assert not faults.failing("a")
    assert faults.clear("a") == frozenset()
    assert faults.clear("b") == {"c"}
    assert faults.clear("c") == frozenset()
    assert faults.failing("d")
    assert faults.report("a", full_disk("a"))
