# SPDX-License-Identifier: Apache-2.0
"""Commands about the encrypted file of keys: no secret is taken from the command line, and none is shown."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from bot4.apps.cli.hidden import passphrase, secret_given
from bot4.apps.cli.options import Screen
from bot4.apps.cli.reply import Reply

if TYPE_CHECKING:
    from rich.console import Console

Name = Annotated[str, Parameter(name="NAME", help="What the key is called, such as binance-secret; not the key.")]
File = Annotated[
    Path | None,
    Parameter(name="--file", show_default=False, help="The encrypted file; ~/.config/bot4/keys by default."),
]


def add(
    name: Name,
    /,
    *,
    file: File = None,
    replace: Annotated[
        bool, Parameter(name="--replace", negative=(), help="Put it in the place of one there.")
    ] = False,
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Keep a key or secret in the encrypted file; it is typed unseen, or piped in.

    The file is made where there is none. The passphrase is asked for, or read from the file
    that BOT4_PASSPHRASE_FILE names.
    """
    from bot4.adapters.venues.kit.secret_sources import refuse_secrets_in_arguments
    from bot4.apps.keys import add as add_now
    from bot4.apps.keys import check_name

    check_name(name)
    path = place(file)
    opens = passphrase(path, os.environ)
    secret = secret_given(name)
    refuse_secrets_in_arguments(sys.argv[1:], [secret, opens])
    add_now(path, name, secret, opens, replaces=replace)
    source = f"file:{path}#{name}"

    def show(console: "Console") -> None:
        console.print(f'kept; in [venue]: secret = "{source}" (or key = ...)', markup=False, soft_wrap=True)

    return Reply({"name": name, "file": str(path), "source": source}, show, as_json=screen.as_json)


def list_keys(*, file: File = None, screen: Screen = Screen()) -> Reply:  # noqa: B008 - frozen
    """List the names in the encrypted file and what kind of secret each is; never a secret."""
    from bot4.apps.keys import kinds

    path = place(file)
    found = kinds(path, passphrase(path, os.environ))

    def show(console: "Console") -> None:
        console.print(f"{path}: {len(found)} kept", markup=False, soft_wrap=True)
        for name, kind in found.items():
            console.print(f"{name}: {kind}", markup=False)

    return Reply({"file": str(path), "keys": found}, show, as_json=screen.as_json)


def remove(name: Name, /, *, file: File = None, screen: Screen = Screen()) -> Reply:  # noqa: B008 - frozen
    """Take a key out of the encrypted file; at the venue it stays valid until it is deleted there."""
    from bot4.apps.keys import remove as remove_now

    path = place(file)
    remove_now(path, name, passphrase(path, os.environ))

    def show(console: "Console") -> None:
        console.print(f"{name} is out of {path}; delete it at the venue too", markup=False, soft_wrap=True)

    return Reply({"name": name, "file": str(path), "removed": True}, show, as_json=screen.as_json)


def place(file: Path | None) -> Path:
    """Return the whole path of the file: what a configuration repeats must not depend on a working folder."""
    if file is None:
        home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
        file = Path(home) / "bot4" / "keys"
    return file.expanduser().absolute()
