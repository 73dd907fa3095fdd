# SPDX-License-Identifier: Apache-2.0
"""The command that trades at a venue."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bot4.apps.cli.at_venue import LiveOptions, live_request, run_at_venue
from bot4.apps.cli.options import Screen
from bot4.apps.cli.reply import Reply
from bot4.apps.cli.runs import told


def live(
    config: Annotated[Path, Parameter(name="CONFIG", help="A TOML file with a table [venue].")],
    /,
    *,
    options: LiveOptions = LiveOptions(),  # noqa: B008 - frozen
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Trade at a venue: its market, your account, real orders; the gate enforces.

    A simulated venue on this machine (bot4 venue serve) needs nothing but its key. A real one is refused until
    every condition is met; what is missing is said.
    """
    from bot4.apps.live.arming import conditions, refuse_unarmed

    request = live_request("live", config, options)
    if not request.addresses.is_imagined:
        from bot4.apps.doctor import examine

        refuse_unarmed(request.addresses.all, conditions(request.config, examine(request.out), request.out))
    return told(run_at_venue(request, screen), screen)
