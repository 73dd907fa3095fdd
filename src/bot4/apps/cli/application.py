# SPDX-License-Identifier: Apache-2.0
"""The tree of commands, and the translation of what cyclopts says into our errors."""

import os
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from cyclopts import App, CycloptsError
from cyclopts.exceptions import (
    CoercionError,
    MissingArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

import bot4
from bot4.apps.cli import (
    configure,
    demo,
    fetching,
    journals,
    keys,
    live,
    machine,
    market,
    record,
    runs,
    search,
    status,
    venue,
)
from bot4.apps.cli.reply import Reply
from bot4.apps.kernel_cache import set_kernel_cache
from bot4.domain.errors import BadInput

EPILOGUE: Final = (
    "Trading can lose all the money it is given. Nothing here is advice. "
    "Exit codes: 0 done, 1 the answer is no, 2 bad input, 3 a fault outside, 70 a bug of bot4, 130 interrupted."
)

KINDS: Final[tuple[tuple[type[CycloptsError], str], ...]] = (
    (UnknownCommandError, "unknown_command"),
    (UnknownOptionError, "unknown_flag"),
    (UnusedCliTokensError, "unknown_word"),
    (MissingArgumentError, "missing"),
    (CoercionError, "flag_value"),
)


NEAR: Final = 0.7
"""How alike a flag must be to what was typed before it is proposed, as a ratio of difflib."""


def build() -> App:
    """Return the command line with every command in its place."""
    app = App(
        name="bot4",
        help="An autonomous trading system that lets no order out without evidence and can prove what it did.",
        help_epilogue=EPILOGUE,
        help_format="plaintext",
        version=lambda: bot4.__version__,
        suppress_keyboard_interrupt=False,
        result_action="return_value",
    )
    for command in (demo.demo, runs.backtest, runs.paper, live.live, runs.replay, journals.explain, journals.why):
        app.command(command)
    audit = App(name="audit", help="Prove that a journal is what was written.")
    audit.command(journals.verify)
    features = App(name="features", help="The features: which there are, and their values over recorded bars or ticks.")
    features.command(market.list_features, name="list")
    features.command(market.compute_features, name="compute")
    data = App(name="data", help="Recorded market data.")
    data.command(market.check)
    data.command(fetching.fetch)
    data.command(record.replay)
    config = App(name="config", help="The settings.")
    config.command(configure.show)
    config.command(configure.schema)
    simulated = App(name="venue", help="A simulated venue over a real venue's protocols.")
    simulated.command(venue.serve)
    kept = App(name="keys", help="The encrypted file of keys that bot4 live reads.")
    kept.command(keys.add)
    kept.command(keys.list_keys, name="list")
    kept.command(keys.remove)
    for part in (features, data, audit, config, simulated, kept):
        app.command(part)
    app.command(record.record)
    app.command(search.sweep)
    app.command(machine.doctor)
    app.command(status.status)
    app.command(machine.bench)
    return app


def carry_out(words: Sequence[str]) -> Reply | None:
    """Carry out the command that words ask for; None where they asked for help or the version.

    Raises
    ------
    BadInput
        If the words are no command; the message is what cyclopts found.
    """
    set_kernel_cache(os.environ)  # before any command imports a kernel
    app = build()
    try:
        reply: object = app(list(words), exit_on_error=False, print_error=False, help_on_error=False, verbose=False)
    except CycloptsError as error:
        raise usage(error) from None
    return reply if isinstance(reply, Reply) else None


def _is_near(typed: str, flag: str) -> bool:
    """Return whether a flag may be what was meant; cyclopts takes --ticks for --strict."""
    return SequenceMatcher(None, typed, flag).ratio() >= NEAR


def usage(error: CycloptsError) -> BadInput:
    """Return what is wrong with the words, in the shape of every other bad input."""
    error.verbose = False
    code = next((code for kind, code in KINDS if isinstance(error, kind)), "usage")
    chain = " ".join(error.command_chain or ())
    command = f"bot4 {chain}".strip()
    said, _, mend = str(error).partition("Did you mean")
    if isinstance(error, UnknownOptionError) and not _is_near(error.token.value.partition("=")[0], mend.strip(" ?.")):
        mend = ""
    if isinstance(error, UnusedCliTokensError):
        said = f"more words than it takes: {' '.join(error.unused_tokens or ())}"
    argument = error.argument
    allowed = f"what {command} --help lists"
    if argument is not None and argument.parameter.help:
        allowed = f"{argument.name}: {argument.parameter.help}"
    if isinstance(error, CoercionError) and error.target_type is int:
        allowed = "a whole number"
    mend = f"Did you mean{mend}" if mend else "Correct it."
    return BadInput(command, " ".join(said.split()) or "not understood", allowed, mend, code)
