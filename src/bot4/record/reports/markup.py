# SPDX-License-Identifier: Apache-2.0
"""Pieces of HTML: escaped text, tables, sections. No text reaches the page but through here.

A cell is escaped unless it is :class:`Markup`, which only this package makes.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import final

CODE = re.compile("``(.+?)``")
EMPHASIS = re.compile(r"\*(\S(?:[^*]*\S)?)\*")


@final
class Markup(str):
    """Mark text that is HTML already, its own texts escaped."""

    __slots__ = ()


def safe(text: str | Markup) -> Markup:
    """Return text as HTML: escaped, unless it is HTML already."""
    return text if isinstance(text, Markup) else Markup(escape(text, quote=True))


def join(parts: Sequence[str | Markup], between: str = "") -> Markup:
    """Return parts one after the other, escaped where they are not HTML."""
    return Markup(between.join(safe(part) for part in parts))


def element(tag: str, content: str | Markup, **attributes: str) -> Markup:
    """Return one element; ``class_`` stands for class, and ``_`` in a name for a hyphen."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value, quote=True)}"' for name, value in attributes.items()
    )
    return Markup(f"<{tag}{written}>{safe(content)}</{tag}>")


def paragraph(text: str | Markup, **attributes: str) -> Markup:
    """Return a paragraph."""
    return element("p", text, **attributes)


def section(key: str, title: str, *content: Markup) -> Markup:
    """Return a section of the page with its heading."""
    heading = element("h2", title, id=f"{key}-title")
    return element("section", join([heading, *content], "\n"), id=key, aria_labelledby=f"{key}-title")


def table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[str | Markup]], *, text_columns: int = 1
) -> Markup:
    """Return a table under its title, which scrolls inside its frame where the screen is narrow.

    The first column heads its row; ``text_columns`` columns from the left are text, the rest numbers.
    """
    kinds = ["text" if column < text_columns else "number" for column in range(len(head))]
    heads = join([element("th", text, scope="col", class_=kind) for text, kind in zip(head, kinds, strict=True)])
    lines: list[Markup] = []
    for row in rows:
        cells = [element("th", row[0], scope="row", class_=kinds[0])]
        cells += [element("td", cell, class_=kind) for cell, kind in zip(row[1:], kinds[1:], strict=True)]
        lines.append(element("tr", join(cells)))
    content = join([element("thead", element("tr", heads)), element("tbody", join(lines, "\n"))], "\n")
    written = element("table", content, aria_label=caption)
    frame = element("div", written, class_="scroll", role="region", aria_label=caption, tabindex="0")
    return element("div", join([element("h3", caption), frame], "\n"), class_="card")


def definitions(pairs: Sequence[tuple[str, str | Markup]]) -> Markup:
    """Return a list of names and what they are."""
    items = [element("div", join([element("dt", name), element("dd", value)])) for name, value in pairs]
    return element("dl", join(items, "\n"))


def bullets(items: Sequence[str | Markup]) -> Markup:
    """Return an unordered list."""
    return element("ul", join([element("li", item) for item in items], "\n"))


def folded(summary: str, content: Markup) -> Markup:
    """Return content that opens on a click."""
    return element("details", join([element("summary", summary), content], "\n"))


def figure(key: str, title: str, said: str, *, height: int, note: str = "") -> Markup:
    """Return the place of a drawing, with words for those who do not see it.

    Parameters
    ----------
    key : str
        Names the drawing's data on the page.
    title : str
        Stands above it.
    said : str
        What it shows, in words.
    height : int
        In pixels, reserved before it is drawn so that nothing jumps.
    note : str
        Stands below it.
    """
    drawing = element(
        "div",
        "",
        class_="plot",
        id=f"plot-{key}",
        data_figure=key,
        role="img",
        aria_label=said,
        style=f"height:{height}px",
    )
    parts = [element("h3", title), element("div", "", class_="legend"), drawing]
    if note:
        parts.append(element("figcaption", note))
    return element("figure", join(parts, "\n"))


def venue_text(text: str) -> Markup:
    """Return a plain text of paragraphs and ``- *Name.* ...`` points as HTML.

    The form in which the simulated venue states its assumptions; ``*x*`` is
    emphasis and double backquotes are code.
    """
    parts: list[Markup] = []
    points: list[Markup] = []
    for block in "\n".join(line.strip() for line in text.strip().splitlines()).split("\n\n"):
        for number, item in enumerate(("\n" + block).split("\n- ")):
            words = " ".join(item.split())
            if not words:
                continue
            if number:
                points.append(_inline(words))
            else:
                parts.append(paragraph(_inline(words)))
    return join([*parts, bullets(points)] if points else parts, "\n")


def _inline(words: str) -> Markup:
    """Return words with their emphasis and code marked; an odd mark stays as it is."""
    coded = CODE.split(escape(words, quote=True))  # every second piece stood between double backquotes
    parts = [f"<code>{piece}</code>" if i % 2 else EMPHASIS.sub(r"<em>\1</em>", piece) for i, piece in enumerate(coded)]
    return Markup("".join(parts))
