"""reStructuredText, read by docutils: files that it would include and raw parts are left out, unknown directives stay text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from corpus.decoding import decode
from corpus.formats import Extract, missing
from corpus.formats.plain import encoding_facts, unified
from corpus.formats.writing import Spanned, heading, join, one_line, spread, table

Node = Any  # a docutils node; the library has no types

_SETTINGS = {
    "file_insertion_enabled": False, "raw_enabled": False, "report_level": 5, "halt_level": 6, "_disable_config": True,
    "warning_stream": False, "smart_quotes": False, "line_length_limit": 1_000_000, "doctitle_xform": True,
    "syntax_highlight": "none", "embed_stylesheet": False,
}  # fmt: skip
_SKIPPED = frozenset(
    {"comment", "substitution_definition", "target", "image", "raw", "meta", "pending", "docinfo", "problematic"}
)


def extract(data: bytes, name: str) -> Extract:
    """Return the text with its headings, lists, tables and notes."""
    try:
        from docutils.core import publish_doctree
    except ImportError:
        raise missing("docutils") from None
    decoded = decode(data)
    tree = publish_doctree(unified(decoded), settings_overrides=_SETTINGS)
    title = tree.get("title", "") or ""
    blocks = _Writer().blocks(tree, 1)
    return Extract(join(blocks), one_line(title), metadata=encoding_facts(decoded))


class _Writer:
    """Writes a tree as Markdown."""

    def blocks(self, parent: Node, level: int) -> Iterator[str]:
        """Yield the blocks of a node's children."""
        for node in parent.children:
            yield from self._block(node, level)

    def _block(self, node: Node, level: int) -> Iterator[str]:
        kind = node.tagname
        if kind in _SKIPPED:
            return
        if kind == "section":
            yield from self.blocks(node, level + 1)
        elif kind in {"title", "subtitle", "rubric"}:
            table_or_topic = node.parent.tagname in {"table", "topic", "sidebar", "admonition"}
            yield one_line(_text(node)) if table_or_topic else heading(level + (kind != "title"), _text(node))
        elif kind in {"bullet_list", "enumerated_list"}:
            yield "\n".join(self._items(node, ""))
        elif kind in {"footnote", "citation"}:
            label = _text(node.children[0]) if node.children else ""
            yield f"[^{label}]: {one_line(' '.join(_text(child) for child in node.children[1:]))}"
        elif kind == "table":
            yield self._table(node)
        elif kind in {"literal_block", "doctest_block", "math_block"}:
            yield f"~~~\n{node.astext()}\n~~~"
        elif kind == "system_message":
            yield from (child.astext() for child in node.children if child.tagname == "literal_block")
        elif kind in {"definition_list_item", "field", "option_list_item"}:
            parts = [one_line(_text(child)) for child in node.children]
            yield f"- {parts[0]}: {' '.join(parts[1:])}" if len(parts) > 1 else f"- {parts[0]}"
        elif kind in {"paragraph", "caption", "attribution", "line", "term"}:
            yield one_line(_text(node))
        elif hasattr(node, "children"):
            yield from self.blocks(node, level)

    def _items(self, node: Node, margin: str) -> Iterator[str]:
        """Yield the lines of a list, those of lists in it further to the right."""
        for number, item in enumerate(node.children, int(node.get("start", 1) or 1)):
            mark = f"{number}. " if node.tagname == "enumerated_list" else "- "
            words = [_text(c) for c in item.children if c.tagname not in {"bullet_list", "enumerated_list"}]
            yield f"{margin}{mark}{one_line(' '.join(words))}"
            for child in item.children:
                if child.tagname in {"bullet_list", "enumerated_list"}:
                    yield from self._items(child, margin + "  ")

    def _table(self, node: Node) -> str:
        caption = next((_text(child) for child in node.children if child.tagname == "title"), "")
        rows, headers = [], 0
        for group in (each for each in node.children if each.tagname == "tgroup"):
            for part in (each for each in group.children if each.tagname in {"thead", "tbody"}):
                headers += len(part.children) if part.tagname == "thead" else 0
                rows += [[_cell(entry) for entry in row.children] for row in part.children]
        return table(spread(rows), headers=headers or 1, caption=caption)


def _cell(entry: Node) -> Spanned:
    words = one_line(" ".join(_text(child) for child in entry.children))
    return Spanned(words, int(entry.get("morecols", 0)) + 1, int(entry.get("morerows", 0)) + 1)


def _text(node: Node) -> str:
    """Return the words of a node, with marks of notes and addresses of links."""
    kind = node.tagname
    if kind == "#text":
        return str(node.astext()).replace("\n", " ")
    if kind in {"footnote_reference", "citation_reference"}:
        return f"[^{node.astext()}]"
    if kind in {"system_message", "raw", "image"}:
        return ""
    words = "".join(map(_text, node.children)) if kind not in {"literal_block"} else node.astext()
    address = node.get("refuri", "") if kind == "reference" else ""
    linked = address.startswith(("http://", "https://")) and words != address and "[" not in words
    return f"[{words}]({address})" if linked else words
