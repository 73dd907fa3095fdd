# SPDX-License-Identifier: Apache-2.0
"""``python -m bot4``: hands over to the command line. Nothing is decided here."""

if __name__ == "__main__":
    from bot4.apps.cli import main

    raise SystemExit(main())
