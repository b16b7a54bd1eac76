import numpy as np

from monitor.cli.picture import miniature


def test_a_picture_becomes_half_blocks_of_its_colours() -> None:
    pixels = np.zeros((120, 160, 3), np.uint8)
    pixels[:60] = (255, 0, 0)
    drawn = miniature(pixels, columns=8)
    lines = drawn.plain.splitlines()
    assert lines == ["▀" * 8] * 3
    first, last = drawn.spans[0].style, drawn.spans[-1].style
    assert first.color.triplet == (255, 0, 0)  # type: ignore[union-attr]
    assert last.bgcolor.triplet == (0, 0, 0)  # type: ignore[union-attr]
