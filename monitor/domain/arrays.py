"""Arrays out of bytes that this program has written."""

from __future__ import annotations

import io
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

# numpy reads the header of each array with `ast.literal_eval`, and CPython before 3.12 counts the depth of that for all
# threads together: two of them at once may end in a SystemError (python/cpython#106905).
_ONE_AT_A_TIME = threading.Lock()


def read_arrays(content: bytes, *names: str) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file by name, all or those of the names given; without pickles.

    Raises:
        KeyError: There is none of a name.
        ValueError: It holds pickles, or a header is damaged.
        OSError: It is no npz file.
        zipfile.BadZipFile: It is torn.
    """
    with _ONE_AT_A_TIME, np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in names or archive.files}
