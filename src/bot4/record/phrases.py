# SPDX-License-Identifier: Apache-2.0
"""One line of plain English for each kind of record in an order's chain."""

from collections.abc import Callable
from typing import Final

from bot4.domain.order import ORDER_STATES, ORDER_TYPES, PURPOSES
from bot4.domain.readiness import ALL_INSTRUMENTS, readiness_word
from bot4.domain.verdict import SAFETY_MODES
from bot4.record.counts import count_text
from bot4.record.decode import Values
from bot4.record.explain import Explanation, Step
from bot4.record.wording import Names, inner, measured, moment, money, real, rows, whole

Phrase = Callable[[Values, Names], str]


def word_of(words: tuple[str, ...], number: int) -> str:
    """Return the word for a number of a closed list, the number itself where the list is shorter."""
    return words[number] if 0 <= number < len(words) else str(number)


def side_word(values: Values) -> str:
    """Return buy or sell."""
    return "buy" if whole(values, "side") > 0 else "sell"


def terms(values: Values, names: Names) -> str:
    """Return an order's terms: side, quantity, symbol, type, prices, purpose."""
    index = whole(values, "instrument")
    text = f"{side_word(values)} {names.quantity(index, whole(values, 'lots'))} of {names.symbol(index)}"
    text += f", {word_of(ORDER_TYPES, whole(values, 'order_type')).replace('_', ' ')}"
    for name in ("limit", "trigger", "reference", "stop", "target"):
        if values.get(name):
            text += f", {name} {names.price(index, whole(values, name))}"
    return f"{text} (to {word_of(PURPOSES, whole(values, 'purpose'))})"


def signal(values: Values, names: Names) -> str:
    """Tell an opinion."""
    who = names.strategy(whole(values, "slot"))
    symbol = names.symbol(whole(values, "instrument"))
    until = moment(whole(values, "expires_ns"))
    return f"{who} thinks {real(values, 'strength'):+.3g} of {symbol} until {until}: {values['reason']}"


def evidence(values: Values, names: Names) -> str:
    """Tell a day's judgement and the figures it rests on."""
    figures = inner(values, "figures")
    verdict = "passed" if values["passed"] else f"failed {measured(values)}"
    return (
        f"{names.strategy(whole(values, 'slot'))} {verdict} (evidence {values['evidence_id']}: "
        f"{count_text(whole(figures, 'days'), 'day')}, "
        f"{count_text(whole(figures, 'closed_trades'), 'trade')}, p {real(figures, 'p_value'):.4g}, "
        f"Sharpe above chance {real(figures, 'sharpe_excess'):.3g} of {count_text(whole(figures, 'trials'), 'trial')}, "
        f"deflated {real(figures, 'deflated'):.3g}, confidence {real(figures, 'confidence'):.3g})"
    )


def certificate(values: Values, names: Names) -> str:
    """Tell that the gate let an opinion through."""
    who = names.strategy(whole(values, "slot"))
    basis = "before any day was judged" if values["evidence_id"] == -1 else f"on evidence {values['evidence_id']}"
    observed = "; the gate only observed, enforced it would have refused" if values["observed"] else ""
    return f"{who} certified {real(values, 'strength'):+.3g} {basis} (certificate {values['certificate_id']}){observed}"


def intent(values: Values, names: Names) -> str:
    """Tell a wish and on whose certificates it rests."""
    shares = [
        f"{names.strategy(whole(share, 'slot'))} {real(share, 'fraction'):.3g} (certificate {share['certificate_id']})"
        for share in rows(values, "shares")
    ]
    request = inner(values, "request")
    return (
        f"intent {request['intent_id']}: {terms(request, names)}; rests on {', '.join(shares) or 'no opinion any more'}"
    )


def approved(values: Values, names: Names) -> str:
    """Tell a yes with everything that was measured."""
    mode = word_of(SAFETY_MODES, whole(values, "mode"))
    checks = "; ".join(measured(check) for check in rows(values, "checks"))
    return f"{terms(inner(values, 'request'), names)} in mode {mode}: {checks or 'nothing to measure'}"


def refused(values: Values, names: Names) -> str:
    """Tell a no with what was measured."""
    return f"{names.symbol(whole(values, 'instrument'))}: {measured(values)}"


def submit(values: Values, names: Names) -> str:
    """Tell the command that left."""
    only = ", reduce only" if values["reduce_only"] else ""
    sibling = f", one cancels the other with order {values['sibling_id']}" if values["sibling_id"] else ""
    return f"order {values['order_id']}: {terms(values, names)}{only}{sibling}"


def said(values: Values, names: Names) -> str:
    """Tell a short report, or the cancel command."""
    order = f"order {values['order_id']} of {names.symbol(whole(values, 'instrument'))}"
    return f"{order}: {values['reason']}" if values["reason"] else order


def inquiry(values: Values, names: Names) -> str:
    """Tell that the venue is asked what became of an order."""
    symbol = names.symbol(whole(values, "instrument"))
    due = moment(whole(values, "due_ns"))
    return f"order {values['order_id']} of {symbol}: inquiry {values['attempt']}, not before {due}"


def readiness(values: Values, names: Names) -> str:
    """Tell that a reason to take no new risk begins, or is over."""
    index = whole(values, "instrument")
    what = readiness_word(whole(values, "reason")).replace("_", " ")
    symbol = "every instrument" if index == ALL_INSTRUMENTS else names.symbol(index)
    note = f" ({values['note']})" if values["note"] else ""
    return f"{what} is over for {symbol}{note}" if values["ready"] else f"no new risk in {symbol}: {what}{note}"


def traded(values: Values, names: Names) -> str:
    """Tell an execution or a fill."""
    index = whole(values, "instrument")
    lots, price = names.quantity(index, whole(values, "lots")), names.price(index, whole(values, "price"))
    maker = "maker" if values["is_maker"] else "taker"
    fee = money(whole(values, "fee"))
    return f"{side_word(values)} {lots} at {price}, fee {fee} as {maker} (trade {values['trade_id']})"


def fee_taken(values: Values, names: Names) -> str:
    """Tell a fee in kind."""
    worth = f"worth {money(whole(values, 'worth'))}" if values["worth"] else "of unknown worth"
    amount = f"{money(whole(values, 'amount'))} {values['asset']}"
    return f"{names.symbol(whole(values, 'instrument'))}: fee of {amount}, {worth} (trade {values['trade_id']})"


def update(values: Values, names: Names) -> str:
    """Tell an order's state."""
    index = whole(values, "instrument")
    done, left = names.quantity(index, whole(values, "filled")), names.quantity(index, whole(values, "leaves"))
    return f"{word_of(ORDER_STATES, whole(values, 'state'))}: filled {done}, open {left}"


def position(values: Values, names: Names) -> str:
    """Tell a position."""
    index = whole(values, "instrument")
    held = names.quantity(index, whole(values, "lots"))
    cost, realised, fees = (money(whole(values, name)) for name in ("cost", "realised", "fees"))
    return f"{names.symbol(index)}: {held}, cost {cost}, realised {realised}, fees {fees}"


PHRASES: Final[dict[str, Phrase]] = {
    "signal": signal,
    "evidence": evidence,
    "certificate": certificate,
    "intent": intent,
    "approved": approved,
    "refused": refused,
    "submit": submit,
    "cancel": said,
    "accepted": said,
    "rejected": said,
    "canceled": said,
    "expired": said,
    "cancel_rejected": said,
    "submit_lost": said,
    "cancel_lost": said,
    "inquire": inquiry,
    "found": said,
    "absent": said,
    "inquiry_lost": said,
    "fee_taken": fee_taken,
    "readiness": readiness,
    "execution": traded,
    "order_update": update,
    "fill": traded,
    "position": position,
}


def step_line(step: Step, names: Names) -> str:
    """Return one link of a chain as one line: when, after which market row, what."""
    phrase = PHRASES[step.name](step.fields, names)
    return f"{moment(step.ts_known_ns)}  row {step.row:>8}  {step.name:<15}  {phrase}"


def explanation_lines(explanation: Explanation, names: Names | None = None) -> list[str]:
    """Return an explanation as lines of text, the decision before what came of it."""
    known = names or Names()
    head = [f"Order {explanation.order_id}, known to the venue as {explanation.client_order_id}"]
    head.append(f"Rests on market data up to row {explanation.row} of run {explanation.run}")
    lines = [*head, *(step_line(step, known) for step in explanation.steps)]
    worse = explanation.slippage_bp
    return lines if worse is None else [*lines, f"Traded {worse:+.2f} bp from the price decided at (+ is worse)"]
