"""An HTML page read back: its elements must nest as they should, and its tables come out as texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "img", "br", "hr"})
"""The elements that have no end."""


@dataclass
class PageTable:
    """A table: the name of its section, its title, its head, and its rows."""

    key: str = ""
    title: str = ""
    headers: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


class Page(HTMLParser):
    """The elements of a page with their attributes, the text outside of styles, and its tables."""

    def __init__(self, source: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.tables: list[PageTable] = []
        self.key = ""
        self.cell: list[str] | None = None
        self.feed(source.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        assert len(attributes) == len(attrs)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        match tag:
            case "section":
                self.key = attributes["id"] or ""
            case "table":
                self.tables.append(PageTable(self.key))
            case "tr":
                self.tables[-1].rows.append([])
            case "td" | "th" | "caption" | "h2":
                self.cell = []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        text, table = "".join(self.cell or []), self.tables[-1] if self.tables else PageTable()
        match tag:
            case "caption":
                table.title = text
            case "td" | "th":
                table.rows[-1].append(text)
            case "thead":
                table.headers = table.rows.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)
        if self.cell is not None:
            self.cell.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]
