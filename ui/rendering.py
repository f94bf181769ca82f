"""Draws the page's HTML: the only place with markup, and the only way for a foreign string into the page.

Words of documents, models, file names and questions are escaped here; answers may use a small part of Markdown (bold,
lists, tables, code, links to http and https). Everything then passes an allow-list of tags, attributes and classes, so that
a mistake above it stays text. What comes out is one line, because Gradio reads it as Markdown and an HTML block ends at a
blank line. Buttons carry their meaning in ``value``; ``page.js`` wires them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import urlsplit

from ui.conversations import ConversationInfo
from ui.handlers import Cell, Chat, Source, Turn
from ui.texts import TEXTS, Language, Texts

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

MAX_ANSWER_CHARS = 60_000  # a model that does not stop must not stop the browser
TIP_CHARS = 160  # of a quote shown while the pointer rests on its mark
MAX_URL_CHARS = 2_000

_TAGS = {
    "a", "br", "button", "code", "div", "em", "footer", "h1", "h2", "header", "i", "li", "mark", "ol", "p", "pre", "section",
    "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
# Invisible characters that reorder or hide text: controls, bidirectional marks, zero-width space and joiner of words,
# byte order mark, interlinear annotation, and the tag characters that hide instructions. ZWJ and ZWNJ spell words and emoji.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_MARK = re.compile(r"\[(\d{1,4})\]")
_URL = re.compile(r"https?://[^\s<>\"'`|\\^{}\[\]，。；：！？、（）《》「」“”\u4e00-\u9fff]+", re.IGNORECASE)


class ChatMessage(TypedDict):
    """One message as the chat component wants it; ``content`` is finished HTML."""

    role: str
    content: str


def clean(text: str) -> str:
    r"""Return text without characters that hide or reorder others; lone surrogates become U+FFFD.

    >>> clean("a\u202eb\ud800")
    'ab�'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return _SURROGATE.sub("\ufffd", _INVISIBLE.sub("", text))


def safe_url(url: str | None) -> str | None:
    """Return an address that may become a link: http or https with a host and no user name, else None."""
    if not url or len(url) > MAX_URL_CHARS or url != clean(url).strip() or re.search(r"[\s\\<>\"'`]", url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme.lower() in ("http", "https") and parts.hostname and "@" not in parts.netloc else None


def render_messages(chat: Chat) -> list[ChatMessage]:
    """Return the conversation, two messages a turn."""
    messages: list[ChatMessage] = []
    for number, turn in enumerate(chat.turns):
        last = number == len(chat.turns) - 1
        question, answer = _drawn(turn, number, chat.language, last=last, inside=turn.inside is not None)
        messages.append({"role": "user", "content": question})
        messages.append({"role": "assistant", "content": answer})
    return messages


def render_conversations(listed: Sequence[ConversationInfo], current: str, language: Language) -> str:
    """Return the list of conversations, the open one marked; page.js asks before it renames or deletes."""
    texts = TEXTS[language]
    if not listed:
        return seal(f'<p class="sq-note">{escaped(texts.no_conversations)}</p>')
    entries = "".join(_conversation(info, current, texts) for info in listed)
    return seal(f'<ul class="sq-conversations">{entries}</ul>')


def render_source(source: Source | None, language: Language) -> str:
    """Return the panel's content: where the words stand, whether they support the statement, and the words marked."""
    if source is None:
        return ""
    texts = TEXTS[language]
    where = [source.section, texts.page.format(page=source.page) if source.page is not None else ""]
    section = " · ".join(escaped(part) for part in where if part)
    check = _check(source, texts)
    return seal(
        '<section class="sq-panel">'
        f"<header>{_number(source)}<h2>{escaped(source.title)}</h2></header>"
        + (f'<p class="sq-section">{escaped(source.byline)}</p>' if source.byline else "")
        + (f'<p class="sq-section">{section}</p>' if section else "")
        + (f'<p class="sq-check sq-{source.label}">{check}</p>' if check else "")
        + f'<div class="sq-passage">{_passage(source)}</div>'
        + (f'<p class="sq-remark">{escaped(source.remark)}</p>' if source.remark else "")
        + _original(source, texts)
        + "</section>"
    )


def render_welcome(language: Language, examples: Sequence[str]) -> str:
    """Return what an empty chat shows: what this is, and questions to click."""
    texts = TEXTS[language]
    buttons = "".join(
        f'<li><button type="button" class="sq-example" value="{number}">{escaped(question)}</button></li>'
        for number, question in enumerate(examples)
    )
    listed = (
        f'<p class="sq-label">{escaped(texts.examples)}</p><ul class="sq-examples">{buttons}</ul>' if buttons else ""
    )
    return seal(
        f'<div class="sq-welcome"><h2>{escaped(texts.welcome)}</h2><p>{escaped(texts.welcome_hint)}</p>{listed}</div>'
    )


def render_head(language: Language) -> str:
    """Return the page's name and its line below."""
    texts = TEXTS[language]
    return seal(f'<div class="sq-head"><h1>{escaped(texts.title)}</h1><p>{escaped(texts.subtitle)}</p></div>')


def render_notice(language: Language) -> str:
    """Return what stands above a question that is being edited, and, hidden, what page.js asks before it acts."""
    texts = TEXTS[language]
    asks = {
        "rename": texts.new_title,
        "delete": texts.really_delete,
        "remove": texts.really_remove,
        "rollback": texts.really_roll_back,
        "yes": texts.yes,
        "no": texts.cancel,
        "disliked": texts.why,
        "about": texts.question_about,
    }
    hidden = "".join(f'<span class="sq-ask sq-ask-{wish}">{escaped(words)}</span>' for wish, words in asks.items())
    return seal(f'<div class="sq-fine">{escaped(texts.editing)}{hidden}</div>')


def render_hint(words: str) -> str:
    """Return a line of ours between components."""
    return seal(f'<p class="sq-note">{escaped(words)}</p>')


def render_facts(title: str, facts: Mapping[str, str]) -> str:
    """Return names and values that can be read and not changed."""
    rows = "".join(f"<tr><th>{escaped(name)}</th><td>{escaped(value)}</td></tr>" for name, value in facts.items())
    return seal(
        f'<p class="sq-label">{escaped(title)}</p><div class="sq-scroll sq-pairs"><table><tbody>{rows}</tbody></table></div>'
    )


def render_warning(words: str) -> str:
    """Return a sentence for the notice in a corner of the page, which would take markup."""
    return seal(f'<span class="sq-warning">{escaped(words)}</span>')


def render_progress(number: int, *, busy: bool) -> str:
    """Return the sign, which nobody sees, that a question was taken and whether its answer is still being written.

    page.js empties the field once for each number, and shows Stop in place of Send while busy.
    """
    return f'<span class="{"sq-busy " if busy else ""}sq-taken-{number}"></span>'


def render_limit(chat: Chat) -> str:
    """Return which documents the chat is limited to, with a button that lifts the limit; "" without one."""
    texts, within = TEXTS[chat.language], chat.within
    parts = [texts.ticked.format(count=len(chat.only))] if chat.only else []
    parts += [name_of(kind, "kinds", texts) for kind in sorted(within.kinds or ())]
    parts += [name_of(language, "languages", texts) for language in sorted(within.languages or ())]
    if within.years:
        parts.append("–".join(str(year) for year in dict.fromkeys(within.years) if year is not None))
    if not parts:
        return ""
    words = texts.limited_to.format(what=" · ".join(parts))
    lift = f'<button type="button" class="sq-worded sq-everything" value="all">{escaped(texts.use_all)}</button>'
    return seal(f'<div class="sq-limit"><span>{escaped(words)}</span>{lift}</div>')


def name_of(value: str, group: str, texts: Texts) -> str:
    """Return the word for a document's kind or language; one that has none is its own."""
    return {"kinds": texts.kinds, "languages": texts.languages}.get(group, {}).get(value, value)


def render_fine_print(language: Language) -> str:
    """Return the line below the question."""
    return seal(f'<p class="sq-fine">{escaped(TEXTS[language].fine_print)}</p>')


def render_tool(kind: str, name: str, value: str | int) -> str:
    """Return a small button; the style sheet draws its sign, the name is for the pointer and for screen readers."""
    return f'<button type="button" class="sq-tool {kind}" value="{value}" title="{escaped(name)}"></button>'


def escaped(text: str) -> str:
    """Return foreign text as it may stand in HTML: escaped, without characters that hide or reorder others."""
    return escape(clean(text))


def seal(html: str) -> str:
    """Return HTML of which only the allowed tags, attributes and classes are left, in one line."""
    import nh3

    sealed = nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes={"*": {"class"}, "a": {"href"}, "button": {"value", "title"}},
        attribute_filter=_checked_attribute,
        tag_attribute_values={"button": {"type": {"button"}}, "div": {"role": {"alert"}}},
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https"},
        url_relative="deny",
    )
    return sealed.replace("\n", "&#10;")


@lru_cache(maxsize=1_000)
def _drawn(turn: Turn, number: int, language: Language, *, last: bool, inside: bool) -> tuple[str, str]:
    """Return a turn's question and answer; the finished turns of a conversation are the same at every piece of an answer."""
    texts = TEXTS[language]
    answer = _turn(turn, number, texts, inside=inside) + (_next(turn) if last else "")
    return seal(_question(turn, number, texts)), seal(answer)


def _conversation(info: ConversationInfo, current: str, texts: Texts) -> str:
    here = " sq-here" if info.id == current else ""
    opener = f'<button type="button" class="sq-conversation" value="{info.id}">{escaped(info.title)}</button>'
    rename = render_tool("sq-rename", f"{texts.rename}: {info.title}", info.id)
    delete = render_tool("sq-delete", f"{texts.delete}: {info.title}", info.id)
    told = "" if info.kept else f'<li class="sq-unkept">{escaped(texts.not_kept)}</li>'
    return f'<li class="sq-entry{here}">{opener}{rename}{delete}</li>{told}{_exports(info, texts) if here else ""}'


def _exports(info: ConversationInfo, texts: Texts) -> str:
    """Return the buttons that export the open conversation."""
    names = {"md": "Markdown", "json": "JSON", "bib": "BibTeX"}
    buttons = "".join(
        f'<button type="button" class="sq-export" value="{info.id}.{kind}" title="{escaped(texts.export)}: {name}">{name}</button>'
        for kind, name in names.items()
    )
    return f'<li class="sq-exports">{escaped(texts.export)} {buttons}</li>'


def _question(turn: Turn, place: int, texts: Texts) -> str:
    edit = render_tool("sq-edit", texts.edit, place) if turn.outcome != "answering" else ""
    return f'<div class="sq-asked">{edit}<div class="sq-question">{_lines(turn.question)}</div></div>'


def _next(turn: Turn) -> str:
    """Return the questions that lead on, below the last answer only."""
    buttons = "".join(
        f'<li><button type="button" class="sq-next" value="{number}">{escaped(question)}</button></li>'
        for number, question in enumerate(turn.suggestions)
    )
    return f'<ul class="sq-nexts">{buttons}</ul>' if buttons else ""


def _number(source: Source) -> str:
    """Return a source's number; a place that no answer cites has none."""
    return f'<span class="sq-number">{source.number}</span>' if source.number else ""


def _turn(turn: Turn, place: int, texts: Texts, *, inside: bool) -> str:
    if turn.outcome == "answering" and not turn.text:
        waiting = f'<span class="sq-dots"><i></i><i></i><i></i></span> {escaped(texts.searching)}'
        return f'<div class="sq-turn sq-answering"><p class="sq-note">{waiting}</p></div>'
    body = f'<div class="sq-text">{_markdown(turn, place)}</div>' if turn.text else ""
    return f'<div class="sq-turn sq-{turn.outcome}">{_flag(turn, texts)}{body}{_ending(turn, place, texts, inside=inside)}</div>'


def _flag(turn: Turn, texts: Texts) -> str:
    """Return the line above a refusal, a stop or a failure, so that none is taken for an answer."""
    if turn.outcome == "refused":
        return f'<p class="sq-flag">{escaped(texts.refused)}</p>'
    if turn.outcome == "moderated":
        return f'<p class="sq-flag">{escaped(texts.moderated)}</p>'
    if turn.outcome == "failed":
        return f'<div class="sq-alert" role="alert"><p class="sq-flag">{escaped(texts.failed)}</p><p>{_lines(turn.error)}</p></div>'
    return ""


def _ending(turn: Turn, place: int, texts: Texts, *, inside: bool) -> str:
    """Return what stands below the text: notes, sources, and the button that copies."""
    parts = ""
    notes = [*turn.notes]
    if turn.outcome == "stopped":
        notes.append(texts.stopped if turn.text else texts.stopped_early)
    if notes:
        parts += '<ul class="sq-notes">' + "".join(f"<li>{escaped(note)}</li>" for note in notes) + "</ul>"
    if turn.sources:
        label = texts.nearest if turn.outcome == "refused" else texts.sources
        parts += f'<p class="sq-label">{escaped(label)}</p>{_source_list(turn, place)}'
    if turn.outcome != "answering":
        parts += f'<div class="sq-foot">{_tools(turn, place, texts, inside=inside)}</div>'
    return parts


def _tools(turn: Turn, place: int, texts: Texts, *, inside: bool) -> str:
    """Return what can be done with an answer: copy it, have it written again, say what one thinks of it."""
    tools = ""
    if turn.text and turn.outcome in ("answered", "stopped"):
        tools += f'<button type="button" class="sq-copy" title="{escaped(texts.copied)}">{escaped(texts.copy)}</button>'
    tools += render_tool("sq-again", texts.again, place)
    if inside:
        tools += render_tool("sq-inside", texts.inside, f"i.{place}")
    for kind, name in (("liked", texts.like), ("disliked", texts.dislike)):
        tools += render_tool(f"sq-{kind} sq-chosen" if turn.verdict == kind else f"sq-{kind}", name, place)
    return tools


def _source_list(turn: Turn, place: int) -> str:
    """Return one entry for each section that is cited, with a button for every source in it."""
    entries: dict[tuple[str, str], list[Source]] = {}
    for source in turn.sources:
        entries.setdefault((source.document_id, source.section), []).append(source)
    return f'<ul class="sq-sources">{"".join(_sources_entry(sources, place) for sources in entries.values())}</ul>'


def _sources_entry(sources: Sequence[Source], place: int) -> str:
    first = sources[0]
    buttons = "".join(
        f'<button type="button" class="sq-source sq-number sq-{source.label or "none"}" value="{place}.{source.number}" '
        f'title="{source.number}: {escaped(source.title)}">{source.number}</button>'
        for source in sources
    )
    innermost = first.section.rpartition(" > ")[2]
    section = f'<span class="sq-at">{escaped(innermost)}</span>' if innermost and innermost != first.title else ""
    return f'<li class="sq-place">{buttons}<span class="sq-word">{escaped(first.title)}</span>{section}</li>'


def _mark_button(source: Source, place: int) -> str:
    quote = " ".join(source.quote.split())
    tip = quote if len(quote) <= TIP_CHARS else quote[:TIP_CHARS] + "…"
    return (
        f'<button type="button" class="sq-mark sq-{source.label or "none"}" value="{place}.{source.number}" '
        f'title="{source.number}: {escaped(source.title)}">{source.number}<span class="sq-tip">{escaped(tip)}</span></button>'
    )


def _check(source: Source, texts: Texts) -> str:
    return escaped(texts.support[source.label]) if source.label else ""


def _original(source: Source, texts: Texts) -> str:
    """Return the panel's last line: the link to the paper or page, and the document's own name."""
    url = safe_url(source.url)
    link = f'<a class="sq-link" href="{escape(url)}">{escaped(texts.original)}</a>' if url else ""
    name = f'<span class="sq-at">{escaped(source.document_id)}</span>' if source.document_id != source.title else ""
    return f"<footer>{link}{name}</footer>" if link or name else ""


def _linked(text: str) -> str:
    """Return escaped text in which plain addresses are links."""
    parts, end = "", 0
    text = clean(text)
    for start, url in _addresses(text):
        parts += f'{escape(text[end:start])}<a href="{escape(url)}">{escape(url)}</a>'
        end = start + len(url)
    return parts + escape(text[end:])


def _addresses(text: str) -> Iterator[tuple[int, str]]:
    """Yield the http and https addresses of a text with where they start; punctuation behind them left out."""
    for match in _URL.finditer(text):
        url = match[0].rstrip(".,;:!?)*_~")
        if safe_url(url):
            yield match.start(), url


def _passage(source: Source) -> str:
    if source.rows:
        filled = [at for at in range(len(source.header)) if any(at < len(row) and row[at].text for row in source.rows)]
        head = "".join(f"<th>{escaped(source.header[at])}</th>" for at in filled)
        rows = "".join(f"<tr>{''.join(_cell(row[at]) for at in filled if at < len(row))}</tr>" for row in source.rows)
        return f'<div class="sq-scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    before, after = (f'<span class="sq-context">{_linked(part)}</span>' for part in (source.before, source.after))
    return f"{before}<mark>{_linked(source.quote)}</mark>{after}"


def _cell(cell: Cell) -> str:
    return (
        f"<td><mark>{escaped(cell.text)}</mark></td>" if cell.quoted and cell.text else f"<td>{escaped(cell.text)}</td>"
    )


def _lines(text: str) -> str:
    return escaped(text).replace("\n", "<br>")


def _markdown(turn: Turn, place: int) -> str:
    """Render an answer; ``[n]`` becomes the button of source n, and stays text where there is no such source."""
    numbered = {} if turn.outcome == "refused" else {str(source.number): source for source in turn.sources}
    text = clean(turn.text)
    if len(text) > MAX_ANSWER_CHARS:
        text = text[:MAX_ANSWER_CHARS] + "…"
    return str(_parser().render(text, {"sources": numbered, "place": place}))


def _checked_attribute(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return " ".join(word for word in value.split() if word.startswith("sq-")) or None
    if tag == "button" and name == "value":
        return value if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", value) else None
    if tag == "a" and name == "href":
        return safe_url(value)
    return value


@cache
def _parser() -> MarkdownIt:
    """Return the Markdown parser: no HTML, images, headings or reference definitions; only links that are safe."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 20}).enable("table")
    parser.disable(
        ["html_block", "html_inline", "image", "reference", "heading", "lheading", "hr", "blockquote", "code"]
    )
    parser.validateLink = lambda url: safe_url(url) is not None  # type: ignore[method-assign]  # markdown-it's own hook
    parser.inline.ruler.before("link", "source_mark", _parse_mark)
    parser.core.ruler.push("bare_address", _link_addresses)
    parser.add_render_rule("source_mark", _draw_mark)
    parser.add_render_rule("table_open", lambda *_: '<div class="sq-scroll"><table>')
    parser.add_render_rule("table_close", lambda *_: "</table></div>")
    return parser


def _parse_mark(state: StateInline, silent: bool) -> bool:
    """Inline rule: ``[n]`` with a known n, outside links, is the mark of source n."""
    match = _MARK.match(state.src, state.pos)
    source = state.env["sources"].get(match[1]) if match else None
    if match is None or source is None or state.linkLevel:
        return False
    if not silent:
        state.pending = state.pending.rstrip(" ")
        state.push("source_mark", "", 0).meta = {"source": source}
    state.pos = match.end()
    return True


def _draw_mark(_renderer: Any, tokens: Sequence[Token], position: int, _options: Any, env: Any) -> str:  # noqa: ANN401 markdown-it's signature
    return _mark_button(tokens[position].meta["source"], env["place"])


def _link_addresses(state: StateCore) -> None:
    """Core rule: bare http and https addresses in running text become links."""
    for block in state.tokens:
        if block.type != "inline" or not block.children:
            continue
        depth, children = 0, []
        for token in block.children:
            depth += token.nesting if token.type in ("link_open", "link_close") else 0
            children += _with_links(token) if token.type == "text" and not depth else [token]
        block.children = children


def _with_links(token: Token) -> list[Token]:
    from markdown_it.token import Token

    parts: list[Token] = []
    end = 0
    for start, url in _addresses(token.content):
        parts += [
            Token("text", "", 0, content=token.content[end:start]),
            Token("link_open", "a", 1, attrs={"href": url}),
            Token("text", "", 0, content=url),
            Token("link_close", "a", -1),
        ]
        end = start + len(url)
    return [*parts, Token("text", "", 0, content=token.content[end:])]
