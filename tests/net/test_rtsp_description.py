"""What a session's description means, where it is not what it should be."""

import pytest

from monitor.net.rtsp.sdp import control_url


@pytest.mark.parametrize(("base", "control"), [("rtsp://h/a", "//[::1"), ("rtsp://[h/a", "/track1")])
def test_a_control_that_is_no_url_means_the_whole_presentation(base, control):
    assert control_url(base, control) == base
