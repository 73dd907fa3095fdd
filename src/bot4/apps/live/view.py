# SPDX-License-Identifier: Apache-2.0
"""The view of a running loop: health, exposure and mode, drawn on a terminal; where there is none, a line at times.

What is earned or lost is not shown while it runs: nobody is to act on it. The report tells it afterwards.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol, final

from bot4.apps.live.vitals import Vitals

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

LINE_NS: Final = 5_000_000_000
"""Where there is no terminal, a line is written at most so often, in the machine's time."""
REFRESH: Final = 4
MODE_STYLES: Final = {"normal": "green", "reduced": "yellow", "paused": "yellow", "emergency": "red"}


class View(Protocol):
    """Show vitals as they come; ``monotonic_ns`` is the machine's time."""

    def show(self, vitals: Vitals, monotonic_ns: int) -> None:
        """Show what is so now."""
        ...

    def say(self, line: str) -> None:
        """Show one line, before there are vitals; an empty one ends it."""
        ...

    def end(self) -> None:
        """Leave the screen as it is; twice does no harm."""
        ...


@final
class NoView:
    """Show nothing."""

    def show(self, vitals: Vitals, monotonic_ns: int) -> None:
        """Show nothing."""

    def say(self, line: str) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""


@final
class LineView:
    """Write a line now and then.

    Parameters
    ----------
    console : rich.console.Console
        Where to write.
    """

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._next_ns = 0

    def show(self, vitals: Vitals, monotonic_ns: int) -> None:
        """Write a line if it is time."""
        if monotonic_ns >= self._next_ns:
            self._next_ns = monotonic_ns + LINE_NS
            self._console.print(line_of(vitals), markup=False, soft_wrap=True)

    def say(self, line: str) -> None:
        """Leave out what would only scroll by."""

    def end(self) -> None:
        """Leave the lines."""


@final
class TerminalView:
    """Draw a table that is renewed in place.

    Parameters
    ----------
    console : rich.console.Console
        A terminal.
    title : str
        What runs.
    """

    def __init__(self, console: "Console", title: str) -> None:
        self._console = console
        self._title = title
        self._live: Live | None = None
        self._is_shown = False

    def show(self, vitals: Vitals, monotonic_ns: int) -> None:
        """Draw what is so now."""
        self._is_shown = True
        self._draw(table_of(vitals, self._title))

    def _draw(self, what: "RenderableType") -> None:
        """Renew the picture."""
        from rich.live import Live

        if self._live is None:
            self._live = Live(console=self._console, refresh_per_second=REFRESH, transient=False)
            self._live.start()
        self._live.update(what)

    def say(self, line: str) -> None:
        """Draw the line in the place of the table, as long as there is none."""
        if not self._is_shown:
            self._draw(line)

    def end(self) -> None:
        """Leave the last picture."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def line_of(vitals: Vitals) -> str:
    """Return vitals in one line."""
    state = "trading" if not vitals.holds else f"no new risk: {', '.join(vitals.holds)}"
    held = ", ".join(f"{one.quantity} {one.symbol}{'' if one.is_covered else ' WITHOUT A STOP'}" for one in vitals.held)
    return (
        f"{moment(vitals.now_ns)} {vitals.mode}, {state}; market {vitals.market}, account {vitals.account}; "
        f"{vitals.orders} orders, {vitals.fills} fills, {vitals.open_orders} open, {vitals.doubtful} in doubt; "
        f"held {held or 'nothing'}, {vitals.gross:.1%} of equity{'; ' + vitals.note if vitals.note else ''}"
    )


def table_of(vitals: Vitals, title: str) -> "RenderableType":
    """Return vitals as a table."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"{title}  {moment(vitals.now_ns)}", show_header=False, title_justify="left", min_width=60)
    table.add_row("mode", Text(vitals.mode, MODE_STYLES.get(vitals.mode, "")))
    trading = (
        Text("trading", "green") if not vitals.holds else Text(f"no new risk: {', '.join(vitals.holds)}", "yellow")
    )
    table.add_row("state", trading)
    table.add_row("market", f"{vitals.market}; last bar {moment(vitals.bar_ns) if vitals.bar_ns else 'none yet'}")
    table.add_row("account", vitals.account)
    for one in vitals.held:
        cover = Text("stop at the venue", "green") if one.is_covered else Text("no stop", "red")
        table.add_row(f"held {one.symbol}", Text.assemble(f"{one.quantity} ({one.share:.2%} of equity), ", cover))
    table.add_row("exposure", f"{vitals.gross:.2%} of equity")
    doubt = f", {vitals.doubtful} in doubt" if vitals.doubtful else ""
    table.add_row("orders", f"{vitals.orders} sent, {vitals.open_orders} open{doubt}, {vitals.fills} fills")
    table.add_row("refused", f"{vitals.refused}")
    if vitals.note:
        table.add_row("note", vitals.note)
    return table


def moment(at_ns: int) -> str:
    """Return a time as a person reads it, UTC."""
    return datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
