# SPDX-License-Identifier: Apache-2.0
"""Why a start is refused: a key that can do too much or too little, a venue that says no or nothing. In plain words.

Each objection is an error with place, value, what is allowed and what to do; the app raises it. A right that
cannot be read counts as given.
"""

from typing import Any

from bot4.adapters.venues.binance.wire.replies import AccountReply, ApiRestrictions, ServerTime
from bot4.adapters.venues.binance.wire.requests import account, api_restrictions, server_time
from bot4.adapters.venues.binance.wire.rest import BinanceRest, Told
from bot4.adapters.venues.kit.answers import Answer, Outcome, Remedy
from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.adapters.venues.kit.limiter import Hold
from bot4.domain.errors import BadInput, OutsideFault, TheirFault
from bot4.domain.ports import Clock

PLACE = "API key"


async def check_key(
    rest: BinanceRest, *, clock: Clock, offset: ClockOffset, needs_address: bool, tells_rights: bool = True
) -> list[TheirFault]:
    """Return why trading must not start with this key and this machine's clock; nothing where it may.

    The first thing that fails ends the asking, since what follows could not be believed; all that is wrong with the
    rights of a key is told together.

    Parameters
    ----------
    rest : BinanceRest
        The account's, with its signer.
    clock, offset : Clock, ClockOffset
        The machine's clock, and what ``rest`` learns of the venue's.
    needs_address : bool
        Whether a key that works from anywhere is refused: yes for live trading.
    tells_rights : bool
        False for the venue's test networks, which do not say what a key may do.
    """
    reached = await rest.ask(server_time(), "time", ServerTime)
    fault = fault_in(reached, "Binance, time")
    if fault is not None:
        return [fault]
    await rest.learn_time()
    fault = offset.objection(int(clock.now_ns()), int(clock.monotonic_ns()))
    if fault is not None:
        return [fault]
    member = await rest.ask(account(), "account", AccountReply)
    fault = fault_in(member, "Binance, account")
    if fault is not None or isinstance(member, Hold) or member.value is None:
        return [fault or unreadable("Binance, account")]
    found: list[TheirFault] = []
    if not member.value.can_trade:
        mend = "Ask the venue why the account is closed to trading, or use another account."
        found.append(BadInput("Binance, account", "may not trade", "an account that may trade", mend, "account_closed"))
    if tells_rights:
        rights = await rest.ask(api_restrictions(), "restrictions", ApiRestrictions)
        fault = fault_in(rights, "Binance, API key")
        if fault is not None or isinstance(rights, Hold) or rights.value is None:
            return [*found, fault or unreadable("Binance, API key")]
        found.extend(key_objections(rights.value, needs_address=needs_address))
    return found


def fault_in(told: Told[Any] | Hold, place: str) -> TheirFault | None:
    """Return what came of a first request as an error, None for a success."""
    if isinstance(told, Hold):
        mend = f"Wait until {told.until_ms} ms UTC; do not start again before."
        return OutsideFault(place, told.rule, "room within the venue's limits", mend, "limit")
    return fault_of(told.answer, place)


def unreadable(place: str) -> TheirFault:
    """Return the error of a success that says nothing."""
    return OutsideFault(place, "an empty reply", "the documented reply", "Start again; report it if it stays.", "drift")


def key_objections(rights: ApiRestrictions, *, needs_address: bool) -> list[BadInput]:
    """Return what is wrong with a key's rights: it must trade, and must not be able to move money away.

    Parameters
    ----------
    rights : ApiRestrictions
        As the venue tells them.
    needs_address : bool
        Whether a key that works from anywhere is refused: yes for live trading.
    """
    found: list[BadInput] = []
    forbidden = (
        (rights.enable_withdrawals, "may withdraw", "Enable Withdrawals"),
        (rights.permits_universal_transfer, "may transfer between accounts", "Permits Universal Transfer"),
        (rights.enable_internal_transfer, "may transfer to other users", "Enable Internal Transfer"),
    )
    for is_given, value, box in forbidden:
        if is_given:
            mend = f"Switch off '{box}' for this key, or make another one for bot4."
            found.append(BadInput(PLACE, value, "a key that can only trade", mend, "key_too_strong"))
    if not rights.enable_spot_and_margin_trading:
        mend = "Switch on 'Enable Spot & Margin Trading' for this key."
        found.append(BadInput(PLACE, "may not trade", "a key that may trade spot", mend, "key_too_weak"))
    if needs_address and not rights.ip_restrict:
        mend = "Restrict the key to the address of this machine."
        found.append(BadInput(PLACE, "works from any address", "a restricted key", mend, "key_unrestricted"))
    return found


def fault_of(answer: Answer, place: str) -> TheirFault | None:
    """Return an answer that ends a start as an error, None for one that does not.

    Parameters
    ----------
    answer : Answer
        To one of the first requests.
    place : str
        What was asked, for a person: ``"Binance, account"``.
    """
    if answer.outcome in (Outcome.ACCEPTED, Outcome.FOUND, Outcome.NOT_FOUND):
        return None
    said = f"{answer.rule} {answer.code} {answer.text}".strip() if answer.code else answer.rule
    if answer.remedy is Remedy.FATAL:
        return BadInput(place, said, "a key that the venue takes", answer.mend, answer.rule)
    if answer.remedy is Remedy.CORRECT:
        return BadInput(place, said, "a request that the venue takes", "Correct what was asked for.", answer.rule)
    if answer.remedy is Remedy.BACK_OFF:
        mend = f"Wait until {answer.until_ms} ms UTC; do not start again before."
        return OutsideFault(place, said, "an address that may ask", mend, answer.rule)
    mend = "Check the network and the venue's status page, then start again."
    return OutsideFault(place, said or "no answer", "an answer within 10 s", mend, answer.rule or "unreachable")
