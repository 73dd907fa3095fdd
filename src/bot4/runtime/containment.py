# SPDX-License-Identifier: Apache-2.0
"""Containment: a strategy that raises is stopped and recorded; nothing else notices.

One of the two places that may catch broadly (the other is the outermost edge of
the command line). A user's code may fail in any way; the engine may not.
"""

from collections.abc import Callable
from math import nan
from typing import TypeVar, final

import numpy as np
from numpy.typing import NDArray

from bot4.decision.strategies.protocol import Columns, Strategy, View
from bot4.decision.strategies.stage import Fault, Voice
from bot4.decision.strategies.tick_protocol import TickStrategy, TickView
from bot4.decision.strategies.ticks import TickVoice
from bot4.domain.signal import NEVER, Signal

T = TypeVar("T")


@final
class Contained(Voice):
    """Speak for a strategy, turning whatever it raises, or says that is no signal, into a fault value.

    Parameters
    ----------
    strategy : Strategy
        Whose voice this is.
    is_shipped : bool
        Whether it is one of ours: compiled, it is called directly. A user's is
        called as Python calls, so that what it returns is looked at here and not by
        compiled code, whose words for a wrong type are others.
    """

    def __init__(self, strategy: Strategy, *, is_shipped: bool = False) -> None:
        self.strategy = strategy
        self.is_shipped = is_shipped
        self.on_bar: Callable[[View], object] = strategy.on_bar

    def speak(self, view: View) -> Signal | Fault | None:
        """Return the strategy's signal, or the fault it died of."""
        try:
            if self.is_shipped:
                return self.strategy.on_bar(view)
            return judged(self.strategy, self.on_bar(view))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return Fault(f"{self.strategy.name}: {described(error)}")

    def may_speak(self, columns: Columns, position: float) -> NDArray[np.bool_] | None:
        """Return what the strategy promises; None where that is no array of one truth a bar."""
        told = attempt(lambda: self.strategy.may_speak(columns, position))
        if isinstance(told, np.ndarray) and told.dtype == np.bool_ and told.shape == columns.close.shape:
            return told
        return None

    def state(self) -> tuple[float, ...]:
        """Return the strategy's memory; one that cannot tell it is hashed as a single NaN."""
        return told_state(self.strategy)


@final
class ContainedTicks(TickVoice):
    """Speak for a tick strategy as :class:`Contained` does for one that is asked about bars."""

    def __init__(self, strategy: TickStrategy, *, is_shipped: bool = False) -> None:
        self.strategy = strategy
        self.is_shipped = is_shipped
        self.on_tick: Callable[[TickView], object] = strategy.on_tick

    def speak(self, view: TickView) -> Signal | Fault | None:
        """Return the strategy's signal, or the fault it died of."""
        try:
            if self.is_shipped:
                return self.strategy.on_tick(view)
            return judged(self.strategy, self.on_tick(view))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return Fault(f"{self.strategy.name}: {described(error)}")

    def state(self) -> tuple[float, ...]:
        """Return the strategy's memory; one that cannot tell it is hashed as a single NaN."""
        return told_state(self.strategy)


def judged(strategy: Strategy, said: object) -> Signal | Fault | None:
    """Return what a user's strategy said if it can be taken as it is, else the fault that it is none."""
    if said is None:
        return None
    wrong = objection(said)
    if isinstance(said, Signal) and not wrong:
        return said
    return Fault(f"{strategy.name}: {wrong}")


def told_state(strategy: Strategy) -> tuple[float, ...]:
    """Return a strategy's memory; one that cannot tell it is hashed as a single NaN."""
    told = attempt(lambda: tuple(float(number) for number in strategy.state()))
    return (nan,) if isinstance(told, Fault) else told


def attempt(call: Callable[[], T]) -> T | Fault:
    """Call a user's code; return what it returns, or the fault it died of.

    Whatever it raises is its own fault, ``sys.exit`` and bot4's own errors included;
    only an interruption by the user goes through.
    """
    try:
        return call()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Fault(described(error))


def objection(said: object) -> str:
    """Return why what a strategy returned cannot be taken and journaled as a signal; empty if it can.

    Types only: the stage looks at ranges. What is checked here is what a user's
    code can get wrong without Python noticing.
    """
    if not isinstance(said, Signal):
        return f"returned {type(said).__name__}; allowed: Signal or None"
    strength: object = said.strength
    reason: object = said.reason
    expires_ns: object = said.expires_ns
    if not isinstance(strength, float | int):
        return f"strength is a {type(strength).__name__}; allowed: a number in [-1, 1]"
    if not isinstance(expires_ns, int) or expires_ns > NEVER:
        return f"expires_ns is {str(expires_ns)[:40]}; allowed: whole nanoseconds, such as view.after(10)"
    if not isinstance(reason, str):
        return f"reason is a {type(reason).__name__}; allowed: a text"
    reason.encode("utf-8")
    return ""


def described(error: BaseException) -> str:
    """Return an error's kind and words as text that can be written, even where it has no such words."""
    kind = type(error).__name__
    try:
        return f"{kind}: {error}".encode("utf-8", "replace").decode("utf-8")
    except Exception:
        return kind
