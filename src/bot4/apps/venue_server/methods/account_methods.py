# SPDX-License-Identifier: Apache-2.0
"""What a member may ask about himself: orders, fills, balances, rates, counts, and what his key may do."""

from typing import Final

from bot4.apps.venue_server.gate.amounts import text_of
from bot4.apps.venue_server.methods.asking import Answer, Ask, Desk, Outcome, finish
from bot4.apps.venue_server.methods.market_methods import BAD_COMBINATION
from bot4.apps.venue_server.methods.order_shapes import prevented_shape, queried_shape, trade_shape
from bot4.simulation.exchange.fees import Rates
from bot4.simulation.exchange.refusals import Refusal

DAY_MS: Final = 86_400_000
TOO_LONG: Final = Refusal(-1127, "More than 24 hours between startTime and endTime.")
BASIS_POINT: Final = 10_000
"""One basis point in 1e-8."""


def query_order(desk: Desk, ask: Ask) -> Outcome:
    """Show one order."""
    symbol = desk.listed(ask)
    number, own_id = ask.parameters.whole("orderId"), ask.parameters.client_id("origClientOrderId")
    if number < 0 and not own_id:
        text = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
        ask.parameters.refuse(Refusal(-1102, text))
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    found = desk.exchange.queries.order(ask.account, symbol, order_id=number, client_order_id=own_id)
    return found if isinstance(found, Refusal) else Answer(queried_shape(found))


def open_orders(desk: Desk, ask: Ask) -> Outcome:
    """Show what is open."""
    symbol = desk.listed(ask, required=False)
    return finish(ask) or Answer(
        [queried_shape(state) for state in desk.exchange.queries.open_orders(ask.account, symbol)]
    )


def all_orders(desk: Desk, ask: Ask) -> Outcome:
    """Show orders of a symbol from a number on, or of a day."""
    symbol = desk.listed(ask)
    from_id, limit = ask.parameters.whole("orderId"), ask.parameters.limit()
    start_ms, end_ms = _span(ask)
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    found = desk.exchange.queries.all_orders(
        ask.account, symbol, from_id=from_id, start_ms=start_ms, end_ms=end_ms, limit=limit
    )
    return Answer([queried_shape(state) for state in found])


def my_trades(desk: Desk, ask: Ask) -> Outcome:
    """Show fills of a symbol: of an order, from a number on, or of a day."""
    symbol = desk.listed(ask)
    order_id, from_id = ask.parameters.whole("orderId"), ask.parameters.whole("fromId")
    limit = ask.parameters.limit()
    start_ms, end_ms = _span(ask)
    if from_id >= 0 and (start_ms >= 0 or end_ms >= 0):
        ask.parameters.refuse(BAD_COMBINATION)
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    found = desk.exchange.queries.fills(
        ask.account, symbol, order_id=order_id, from_id=from_id, start_ms=start_ms, end_ms=end_ms, limit=limit
    )
    return Answer([trade_shape(fill) for fill in found])


def prevented_matches(desk: Desk, ask: Ask) -> Outcome:
    """Show matches that were prevented, by number, or of an order."""
    symbol = desk.listed(ask)
    match_id, order_id = ask.parameters.whole("preventedMatchId"), ask.parameters.whole("orderId")
    from_id, limit = ask.parameters.whole("fromPreventedMatchId"), ask.parameters.limit()
    if (match_id < 0) == (order_id < 0):
        ask.parameters.refuse(BAD_COMBINATION)
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    found = desk.exchange.queries.prevented_matches(
        ask.account, symbol, match_id=match_id, order_id=order_id, from_id=from_id, limit=limit
    )
    return Answer([prevented_shape(match) for match in found])


def account(desk: Desk, ask: Ask) -> Outcome:
    """Show balances and rates."""
    omit_zero = ask.parameters.flag("omitZeroBalances")
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    found = desk.exchange.queries.account(ask.account)
    rates = found.terms.commission.standard
    balances = [
        {"asset": asset, "free": text_of(balance.free), "locked": text_of(balance.locked)}
        for asset, balance in sorted(found.balances.items())
        if balance.free or balance.locked or not omit_zero
    ]
    body = {
        "makerCommission": rates.maker // BASIS_POINT,
        "takerCommission": rates.taker // BASIS_POINT,
        "buyerCommission": rates.buyer // BASIS_POINT,
        "sellerCommission": rates.seller // BASIS_POINT,
        "commissionRates": _rates(rates),
        "canTrade": found.terms.can_trade,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": found.updated_ms,
        "accountType": "SPOT",
        "balances": balances,
        "permissions": list(found.terms.permissions),
        "uid": found.number,
    }
    return Answer(body)


def commission(desk: Desk, ask: Ask) -> Outcome:
    """Show the rates of a symbol."""
    symbol = desk.listed(ask)
    return finish(ask) or Answer(commission_shape(desk, ask.account, symbol))


def order_counts(desk: Desk, ask: Ask) -> Outcome:
    """Show how many unfilled orders were counted."""
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    figures = desk.limits.figures
    counts = desk.limits.order_counts(ask.account, ask.now_ms)
    windows = (figures.orders_short, figures.orders_day)
    return Answer([window.shape() | {"count": count} for window, count in zip(windows, counts, strict=True)])


def restrictions(_desk: Desk, ask: Ask) -> Outcome:
    """Show what the key may do."""
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    assert ask.key is not None
    may = ask.key.permissions
    body = {
        "ipRestrict": may.ip_restricted,
        "createTime": 0,
        "enableReading": may.reading,
        "enableWithdrawals": may.withdrawals,
        "enableInternalTransfer": may.internal_transfer,
        "enableMargin": may.margin,
        "enableFutures": may.futures,
        "permitsUniversalTransfer": may.universal_transfer,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": may.spot_trading,
        "enablePortfolioMarginTrading": False,
    }
    return Answer(body)


def coins(desk: Desk, ask: Ask) -> Outcome:
    """Show every asset with what the account has of it."""
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    balances = desk.exchange.queries.account(ask.account).balances
    assets = sorted({asset for rules in desk.exchange.market.rules() for asset in (rules.base, rules.quote)})
    body = []
    for asset in assets:
        balance = balances.get(asset)
        body.append(
            {
                "coin": asset,
                "depositAllEnable": False,
                "withdrawAllEnable": False,
                "name": asset,
                "free": text_of(balance.free if balance else 0),
                "locked": text_of(balance.locked if balance else 0),
                "freeze": "0",
                "withdrawing": "0",
                "ipoing": "0",
                "ipoable": "0",
                "storage": "0",
                "isLegalMoney": False,
                "trading": True,
                "networkList": [],
            }
        )
    return Answer(body)


def commission_shape(desk: Desk, name: str, symbol: str, *, is_for_order: bool = False) -> dict[str, object]:
    """Return the rates of a symbol; for a test of an order without what the order has no side for."""
    found = desk.exchange.queries.account(name).terms.commission
    suffix = "ForOrder" if is_for_order else ""
    shape: dict[str, object] = {} if is_for_order else {"symbol": symbol}
    for kind, rates in (("standard", found.standard), ("special", found.special), ("tax", found.tax)):
        told = _rates(rates)
        shape[f"{kind}Commission{suffix}"] = {side: told[side] for side in ("maker", "taker")} if is_for_order else told
    shape["discount"] = {
        "enabledForAccount": found.pays_in_bnb,
        "enabledForSymbol": True,
        "discountAsset": "BNB",
        "discount": text_of(found.discount),
    }
    return shape


def _rates(rates: Rates) -> dict[str, str]:
    """Return the four rates of a commission."""
    return {
        "maker": text_of(rates.maker),
        "taker": text_of(rates.taker),
        "buyer": text_of(rates.buyer),
        "seller": text_of(rates.seller),
    }


def _span(ask: Ask) -> tuple[int, int]:
    """Read the two ends of a span, which may not be more than a day apart."""
    start_ms, end_ms = ask.parameters.moment("startTime"), ask.parameters.moment("endTime")
    if start_ms >= 0 and end_ms - start_ms > DAY_MS:
        ask.parameters.refuse(TOO_LONG)
    return start_ms, end_ms
