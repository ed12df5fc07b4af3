"""``assert_type``, as type checkers have it: where a program runs, it holds for the value, too."""

from typing import TYPE_CHECKING, Any, get_args, get_origin

if TYPE_CHECKING:
    from typing_extensions import assert_type as assert_type
else:
    import collections.abc

    import numpy as np
    from numpy.typing import NDArray

    def assert_type(value, expected):
        origin = get_origin(expected)
        if isinstance(value, np.ndarray) and expected is not Any:
            assert NDArray[value.dtype.type] == expected
        elif origin is collections.abc.Callable:
            assert callable(value)
        elif origin is tuple and Ellipsis not in get_args(expected):
            for part, wanted in zip(value, get_args(expected), strict=True):
                assert_type(part, wanted)
        elif expected is not Any:
            assert type(value) is (origin or expected)
