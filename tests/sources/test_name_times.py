from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.errors import InvalidOption
from monitor.sources.name_times import NameFormat, time_from_name

IN_UTC = NameFormat.of(None, "UTC")
IN_VIENNA = NameFormat.of(None, "Europe/Vienna")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2026-06-01T14_00_00.jpg", "2026-06-01T14:00:00"),
        ("2026-06-01T14:00:00Z.jpg", "2026-06-01T14:00:00"),
        ("2026-06-01T14:00:00+02:00.jpg", "2026-06-01T12:00:00"),
        ("2026-06-01T14-00-00+0530.jpg", "2026-06-01T08:30:00"),
        ("2026-06-01 14.00.00.jpg", "2026-06-01T14:00:00"),
        ("20260601T140000Z.jpg", "2026-06-01T14:00:00"),
        ("20260601T140000.250Z.jpg", "2026-06-01T14:00:00.250"),
        ("1444314601.Thu.Oct.08_14_30_01.GMT.2015.argus02b.c5.timex.jpg", "2015-10-08T14:30:01"),
        ("1660122000.jpg", "2022-08-10T09:00:00"),
        ("1660122000123.jpg", "2022-08-10T09:00:00.123"),
        ("625_201707211410_f000.jpg", "2017-07-21T14:10:00"),
        ("20130502_071500.jpg", "2013-05-02T07:15:00"),
        ("day_20151102_060941.jpg", "2015-11-02T06:09:41"),
        ("katkam-20161107150000.jpg", "2016-11-07T15:00:00"),
        ("2020-02-05-09-04.jpg", "2020-02-05T09:04:00"),
        ("2701_1200_20200320120200_0331e7.jpg", "2020-03-20T12:02:00"),
        ("TL-405960_2016-08-10T09-26-34.417Z.jpg", "2016-08-10T09:26:34.417"),
        ("192.168.1.64_01_20170721141000123_MOTION_DETECTION.jpg", "2017-07-21T14:10:00.123"),
        ("2026-06-01_14-00-00-0001.jpg", "2026-06-01T14:00:00"),
        ("cam1/2026-06-01/14_00_00.jpg", "2026-06-01T14:00:00"),
        ("2026/06/01/140000.png", "2026-06-01T14:00:00"),
        ("without-suffix-20260601T140000", "2026-06-01T14:00:00"),
        ("img00093.jpg", None),
        ("moving_f00131.jpg", None),
        ("latest.jpg", None),
        ("cam_20481536_00001.jpg", None),
        ("20261301_250000.jpg", None),
        ("20260230_120000.jpg", None),
        ("99999999999999.jpg", None),
        ("2026-06-01/0014.jpg", None),
        ("20260601.jpg", None),
    ],
)
def test_reads_the_time_in_a_name(name, expected):
    moment = time_from_name(name, IN_UTC)
    assert moment == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)


def test_names_without_a_zone_are_in_the_configured_one():
    assert time_from_name("20260601_140000.jpg", IN_VIENNA) == datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert time_from_name("20260101_140000.jpg", IN_VIENNA) == datetime(2026, 1, 1, 13, tzinfo=UTC)
    assert time_from_name("20260601_140000Z.jpg", IN_VIENNA) == datetime(2026, 6, 1, 14, tzinfo=UTC)


def test_a_date_alone_counts_only_where_that_is_enough():
    assert time_from_name("20260601.jpg", IN_UTC, day_is_enough=True) == datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time_format", "name", "expected"),
    [
        ("%y-%m-%d_%H-%M-%S-00", "17-07-21_14-10-00-00.jpg", datetime(2017, 7, 21, 14, 10, tzinfo=UTC)),
        ("%d.%m.%Y %H.%M", "03.05.2026 07.30.jpg", datetime(2026, 5, 3, 7, 30, tzinfo=UTC)),
        ("%Y-%m-%d/%H/%M", "cam/2026-05-03/07/30.jpg", datetime(2026, 5, 3, 7, 30, tzinfo=UTC)),
        ("%Y%m%d%z", "20260503+0200.jpg", datetime(2026, 5, 2, 22, tzinfo=UTC)),
        ("%Y%m%d", "2026-05-03.jpg", None),
    ],
)
def test_a_format_of_ones_own_counts_alone(time_format, name, expected):
    assert time_from_name(name, NameFormat.of(time_format, "UTC")) == expected


@pytest.mark.parametrize(
    ("time_format", "zone"),
    [
        (None, "Europe/Atlantis"),
        (None, ""),
        (None, "../../etc/passwd"),
        ("photo", "UTC"),
        ("%Q", "UTC"),
        ("%Y%m%d_%Y", "UTC"),
        ("", "UTC"),
    ],
)
def test_refuses_zones_and_formats_that_do_not_exist(time_format, zone):
    with pytest.raises(InvalidOption):
        NameFormat.of(time_format, zone)


@given(st.integers(1_000_080_000, 3_786_912_000))
def test_reads_back_what_common_formats_write(epoch):
    expected = moment = datetime.fromtimestamp(epoch, UTC)
    for text in ("%Y%m%d_%H%M%S", "%Y-%m-%dT%H:%M:%SZ", "cam3_%Y-%m-%d-%H-%M-%S", "%Y/%m/%d/%H%M%S"):
        assert time_from_name(moment.strftime(text) + ".jpg", IN_UTC) == expected
    assert time_from_name(f"{epoch}.jpg", IN_UTC) == expected
    assert time_from_name(f"{epoch}250.jpg", IN_UTC) == expected + timedelta(milliseconds=250)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1))
def test_no_name_breaks_it(name):
    time_from_name(name, IN_UTC, day_is_enough=True)
