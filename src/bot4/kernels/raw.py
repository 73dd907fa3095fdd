# SPDX-License-Identifier: Apache-2.0
"""Memory as compiled kernels see it best: one address, an index, nothing checked.

numba's own arrays travel as seven words, count their references and take an index below zero as from the end: two
instructions for each access and a wall before the vectoriser. Inside the indicator machine, where every index comes
from `graph`, a `Raw` is the address alone. It reads and writes
as an array does, so interpreted kernels, which have no addresses, are handed the array itself.
"""

# mypy: disallow-untyped-calls=False
# numba's machinery of extensions has no types of its own.

import operator
from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, overload, register_model

from bot4.kernels.jit import Floats


class RawType(types.Type):
    """The type that numba gives an address of float64, or of int64."""

    def __init__(self, item: types.Type) -> None:
        self.item = item
        super().__init__(name=f"Raw({item})")


RAW = RawType(types.float64)
RAW_INTS = RawType(types.int64)


@register_model(RawType)
class _RawModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, dmm.lookup(fe_type.item).get_data_type().as_pointer())


@infer_global(operator.getitem)
class _RawLoad(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        """Type `memory[index]`."""
        if not kws and isinstance(args[0], RawType) and isinstance(args[1], types.Integer):
            return signature(args[0].item, args[0], types.intp)
        return None


@infer_global(operator.setitem)
class _RawStore(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        """Type `memory[index] = value`, of float64 only."""
        if not kws and args[0] == RAW and isinstance(args[1], types.Integer):
            return signature(types.none, RAW, types.intp, types.float64)
        return None


@lower_builtin(operator.getitem, RawType, types.Integer)
def _load(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001 - numba fixes the signature
    return builder.load(builder.gep(args[0], [args[1]]))


@lower_builtin(operator.setitem, RawType, types.Integer, types.Float)
def _store(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
    builder.store(args[2], builder.gep(args[0], [args[1]]))
    return context.get_dummy_value()


@cast("Callable[[Any], Callable[[int], Floats]]", intrinsic)
def raw_at(typing_context: Any, address: Any) -> Any:  # noqa: ARG001
    """Return the memory at an address; only inside compiled kernels."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.inttoptr(args[0], ir.DoubleType().as_pointer())

    return RAW(types.intp), codegen


@cast("Callable[[Any], Callable[..., None]]", intrinsic)
def call_apart(typing_context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any) -> Any:  # noqa: ARG001
    """Call the function at an address with seven integers or addresses; only inside compiled kernels."""
    given = [one if isinstance(one, RawType) else types.intp for one in (a, b, c, d, e, f, g)]

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        form = ir.FunctionType(ir.VoidType(), [one.type for one in args[1:]])
        builder.call(builder.inttoptr(args[0], form.as_pointer()), args[1:])
        return context.get_dummy_value()

    return types.none(types.intp, *given), codegen


def raw(array: Floats) -> Floats:
    """Return the memory of a contiguous float64 array; whoever keeps it must keep the array."""
    return array.ravel()


@overload(raw, inline="always")
def _raw(array: Any) -> Any:
    def read(array: Any) -> Any:
        return raw_at(array.ctypes.data)

    return read if isinstance(array, types.Array) else None
