# SPDX-License-Identifier: Apache-2.0
"""Commands about the settings: what they are here and now, and what they may be."""

import json
import os
from typing import TYPE_CHECKING

from bot4.apps.cli.options import ConfigFile, Overrides, Screen
from bot4.apps.cli.reply import Reply

if TYPE_CHECKING:
    from rich.console import Console


def show(
    config: ConfigFile = None,
    /,
    *,
    overrides: Overrides = (),
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Show every setting with its value and what set it: a flag, a variable, a line of the file, or the default."""
    from bot4.runtime.config_file import load_settings, parse_override

    loaded = load_settings(config, os.environ, [parse_override(text) for text in overrides])
    rows = loaded.rows()

    def show_table(console: "Console") -> None:
        from rich.table import Table

        table = Table("setting", "value", "set by", box=None, pad_edge=False)
        for key, value, source in rows:
            table.add_row(key, value if isinstance(value, str) else json.dumps(value), source)
        console.print(table, markup=False)

    data = {"settings": {key: value for key, value, _ in rows}, "sources": {key: source for key, _, source in rows}}
    return Reply(data, show_table, as_json=screen.as_json)


def schema(*, screen: Screen = Screen()) -> Reply:  # noqa: B008 - frozen
    """Print the JSON schema of the configuration file, for editors: every key with its range and default."""
    from bot4.runtime.config_file import settings_schema

    found = settings_schema()
    return Reply(found, lambda console: console.print_json(data=found), as_json=screen.as_json)
