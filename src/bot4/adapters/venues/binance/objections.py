# SPDX-License-Identifier: Apache-2.0
"""Why a start is refused: a key that can do too much or too little, a venue that says no or nothing. In plain words.

Each objection is an error with place, value, what is allowed and what to do; the app raises it. A right that
cannot be read counts as given.
"""

from bot4.adapters.venues.binance.replies import ApiRestrictions
from bot4.adapters.venues.kit.answers import Answer, Outcome, Remedy
from bot4.domain.errors import BadInput, OutsideFault, TheirFault

PLACE = "API key"


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
