# SPDX-License-Identifier: Apache-2.0
"""Commands that read a journal: why an order was, why nothing trades, and whether the journal is genuine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from bot4.apps.cli.options import JournalPath, Screen, chosen_journal
from bot4.apps.cli.reply import ANSWER_IS_NO, DONE, Reply
from bot4.apps.output import journal_of
from bot4.record.counts import count_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from bot4.domain.instrument import Instrument
    from bot4.record.header import JournalHeader
    from bot4.record.wording import Names


def verify(
    journal: Annotated[Path, Parameter(name="PATH", help="A journal, or the folder of its run.")],
    /,
    *,
    head: Annotated[
        Path | None, Parameter(name="--head", help="Its sidecar; journal.head beside it where there is one.")
    ] = None,
    anchor: Annotated[
        str | None, Parameter(name="--anchor", help="A head of the chain that was noted elsewhere, 64 hex characters.")
    ] = None,
    public_key: Annotated[
        str | None, Parameter(name="--public-key", help="The key that must have signed, 64 hex characters.")
    ] = None,
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Follow a journal's chain from the first byte and say whether anything contradicts it."""
    from bot4.adapters.stores import journal_audit

    path = journal_of(journal)
    result = journal_audit.verify(path, head, anchor=anchor, public_key=public_key)

    def show(console: "Console") -> None:
        if result.ok:
            console.print(f"[green]ok[/]: {count_text(result.records, 'record')} in a chain")
        else:
            where = "" if result.first_bad is None else f" at byte {result.first_bad:,}"
            console.print(f"[red]not ok[/]{where}:", end=" ")
            console.print(result.reason, markup=False)
        ended = "its run ended" if result.closed else "its run did not end"
        console.print(f"head  {result.head}\nrun   {result.run}, {ended}", markup=False, soft_wrap=True)
        for note in result.notes:
            console.print(f"note: {note}", markup=False, soft_wrap=True)

    return Reply({"journal": str(path), **result.fields()}, show, DONE if result.ok else ANSWER_IS_NO, screen.as_json)


def explain(
    order: Annotated[str, Parameter(name="ORDER", help="The order's number, or the client order id the venue knows.")],
    /,
    *,
    journal: JournalPath = None,
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Tell the chain behind one order: market row, signal, evidence, intent, verdict, and what came of it."""
    from bot4.adapters.stores.journal_reader import open_journal
    from bot4.record.explain import explain as chain_behind
    from bot4.record.phrases import explanation_lines

    path = chosen_journal(journal)
    reader = open_journal(path)
    explanation = chain_behind(reader, order)

    def show(console: "Console") -> None:
        show_lines(explanation_lines(explanation, names_of(reader.header)), console)

    return Reply({"journal": str(path), **explanation.told()}, show, as_json=screen.as_json)


def why(*, journal: JournalPath = None, screen: Screen = Screen()) -> Reply:  # noqa: B008 - frozen
    """Tell why nothing trades now: safety mode, evidence of each strategy, refusals by rule, the last order."""
    from bot4.adapters.stores.journal_reader import open_journal
    from bot4.record.why import why as reasons_in
    from bot4.record.why import why_lines

    path = chosen_journal(journal)
    reader = open_journal(path)
    found = reasons_in(reader)

    def show(console: "Console") -> None:
        show_lines([f"Journal {path}", *why_lines(found, names_of(reader.header))], console)

    return Reply({"journal": str(path), **found.told()}, show, as_json=screen.as_json)


def show_lines(lines: "Sequence[str]", console: "Console") -> None:
    """Print lines as they are, however long."""
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def names_of(header: "JournalHeader") -> "Names":
    """Return the names of a run's strategies and its instruments."""
    from bot4.record.wording import Names

    strategies = header.config.get("strategies")
    kinds = [str(one["kind"]) for one in strategies] if isinstance(strategies, list) else []
    return Names([kind.rpartition(":")[2] for kind in kinds], instruments_of(header))


def instruments_of(header: "JournalHeader") -> "list[Instrument]":
    """Return the instruments a journal's header describes, to tell prices by; none for one that does not."""
    from decimal import Decimal

    from bot4.domain.instrument import Instrument

    if not all(data.tick_size and data.lot_size for data in header.data):
        return []  # written before headers told them
    return [
        Instrument(
            i,
            data.symbol,
            base=data.base,
            quote=data.quote,
            tick_size=Decimal(data.tick_size),
            lot_size=Decimal(data.lot_size),
        )
        for i, data in enumerate(header.data)
    ]
