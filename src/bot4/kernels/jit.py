# SPDX-License-Identifier: Apache-2.0
"""How bot4 compiles a kernel, stated once: which numba options, and how a kernel reads an array by its address.

No fastmath, so that the same bars give the same bits in every form of a kernel; `error_model="numpy"` so that a
division costs no branch; `cache=True` with the folder keyed by `sources.kernels_key()`, because numba's cache does not
see edits in the other modules a kernel calls.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy as np
from numba import config, njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
F = TypeVar("F", bound=Callable[..., Any])

#: False when NUMBA_DISABLE_JIT was set: kernels are then ordinary Python and cannot read raw addresses.
IS_COMPILED: Final = not vars(config)["DISABLE_JIT"]  # set when numba is imported, unknown to its stubs


def kernel(function: F) -> F:
    """Compile `function` with the options every kernel of bot4 shares; its type stays as written."""
    return cast("F", njit(cache=True, error_model="numpy")(function))


def fused(function: F) -> F:
    """Compile `function` into whatever kernel calls it.

    A call that is not inlined hands over an array as seven words and counts its references: the indicator machine took
    1,260 ns a bar with plain calls between its parts, 385 with these (36 outputs), and compiles no slower. It is not
    cached by itself: the kernel that calls it is.
    """
    return cast("F", cast("Any", njit)(error_model="numpy", forceinline=True)(function))  # the stubs lack forceinline


def address_of(array: Floats | Ints) -> int:
    """Return the address of the first element of `array`; whoever keeps the address must keep the array."""
    return int(array.ctypes.data)


@cast("Callable[[Any], Callable[[int], Any]]", intrinsic)  # the first parameter is numba's own
def pointer(typing_context: Any, address: Any) -> Any:  # noqa: ARG001 - numba fixes the signature
    """Turn an integer address into a pointer for `numba.carray`; only inside compiled kernels.

    One integer is the cheapest thing to hand to compiled code: 0.15 us a call, where each array adds 0.05 to 0.4 us.
    """

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

    return types.voidptr(types.intp), codegen
