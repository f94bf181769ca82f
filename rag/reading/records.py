"""Records: what tables say of named things, attribute by attribute, pooled over tables and documents.

A row is about what its first cell names, and a column is an attribute. Rows of one name in several tables are one record,
so that what one document leaves out another may say, and where two differ both values stand. Nothing here knows what
a table is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from corpus.documents import Document, Row, Table
from corpus.patterns import pattern
from index.terms import is_cjk, normalize_name
from rag.reading.drafts import Span
from rag.reading.units import terms_of
from rag.understanding.amounts import find_amounts
from rag.understanding.mentions import TRANSLATION, Mention, mention_strength
from rag.understanding.quantities import Quantity
from rag.understanding.questions import Needle

MOST_ROWS = 20_000  # of all tables, or entries of a document, that are read for one question: about two seconds
SAID = 0.5  # how much of a word a text must have to say it


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something that tables have a column for: what such columns are called, and how a sentence says it."""

    header: re.Pattern[str]
    sentence: re.Pattern[str]

    @classmethod
    def of(cls, header: str, sentence: str) -> Attribute:
        """Make one of two patterns."""
        return cls(pattern(header, re.IGNORECASE), pattern(sentence, re.IGNORECASE))

    def names(self, header: str) -> bool:
        """Tell whether a column is about it."""
        return self.header.search(header) is not None

    def is_said(self, value: Value) -> bool:
        """Tell whether a value is of it: by its column, or a sentence by its words."""
        return self.names(value.header) if value.header else self.sentence.search(value.text) is not None


MAKER = Attribute.of(
    r"机构|公司|作者|品牌|开发|研发|研制|发布(?:者|方|单位)|出品|厂商|厂家|制造|生产商|单位|组织|团队|来源(?!于|模型)|所属|出自"
    r"|organi[sz]ation|compan|develop|maker|vendor|manufactur|author|institut|owner|publisher|creator|builder|producer|designer|supplier|studio|\\blab|\\bbrand|(?:released|built|made|designed|published) by|operator|origin",
    r"发布|研制|研发|开发|推出|提出|公布|出品|打造|制造|建造|创建|作者|旗下|出自|来自"
    r"|\b(?:built|made|released|developed|published|created|introduced|launched|designed|written|produced|proposed|instrument|product|project|work|array|from|of the|by)\b",
)
BASE = Attribute.of(
    r"基于|底座|基座|基础(?:模型|系统|架构)?$|前身|衍生|派生|源自|来源于|来源模型|演化自|继承自|父|上一代|改自|血统|原型"
    r"|based on|\bbase\b|built on|derived|(?:evolved|developed|adapted|upgraded) from|successor (?:of|to)|parent|predecessor|fork|ancestor|descends",
    r"基于|基础上|(?:以|在|由|从).{1,24}(?:底座|基座|基础|微调|衍生|改进|改编|升级)|衍生自|源自|脱胎于|改自"
    r"|\bbased (?:up)?on\b|\bbuilt (?:on|from|upon)\b|\bderived from\b|\bfine-?tuned from\b|\bfork of\b|\bsuccessor (?:of|to)\b|\bdescend",
)
DATE = Attribute.of(
    r"时间|日期|年份|年$|发布于|首次?发[布射]|首发|首飞|上市|量产|投产|建成|问世|并网|投运|\bdate|\byear|\breleased$|\bwhen\b|first (?:release|flight|shipped|launch|run)|introduced|launched|\bsince\b|\bshipped\b|\bopened\b|\bdebut",
    r"(?<!\d)(?:1[89]|20)\d\d(?!\d)",
)
ALIAS = Attribute.of(r"别名|又名|别称|其他名|alias|also known|other names?|\baka\b", r"(?!)")
SIZE = Attribute.of(r"参数|规模|大小|体量|容量|尺寸|面积|\bsize|param|capacity|volume|\barea\b", r"(?!)")
FAMILY = Attribute.of(r"系列|家族|谱系|\bfamil|\bseries\b|\bline\b", r"(?!)")
COST = Attribute.of(r"成本|价|费|cost|price|fee|budget|预算|金额", r"(?!)")
PARTS = pattern(r"[,;，；、/]|\s(?:and|or)\s|和|与|及|或")  # what stands between the names in a cell

_GENERIC = pattern(r"(?:名称|名字|名|项目|条目|产品|型号|品名|名目|name|title|item|entry|product)?", re.IGNORECASE)
_SIGNS = pattern(r"[+#]{1,3}\Z")
_BELOW_ZERO = pattern(r"\s*[-−–]\s?\d")
_NAMED_SO = pattern(r"(?<=[\u4e00-\u9fff])(?:的?名称|名字|名)\Z")  # 桥名: what the rows are about are bridges
_ASIDE = pattern(r"(?<!\s)\s*+[(（\[][^()（）\[\]]*[)）\]]")
_LINK = pattern(r"!?\[([^\]]{0,400})\]\([^)\s]{0,1000}\)")
_A_DATE = pattern(
    r"(?P<year>(?:1[89]|20)\d\d)(?:\s*[-/.年]\s*(?P<month>0?[1-9]|1[0-2])(?!\d)(?:\s*[-/.月]\s*(?P<day>[0-3]?\d)(?!\d))?)?"
)
_MONTH_YEAR = pattern(
    r"\b(?:(?P<before>\d{1,2})(?:st|nd|rd|th)?\s+)?(?P<month>jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)(?:[a-z]*\.?)"
    r"(?:\s+(?P<after>\d{1,2})(?:st|nd|rd|th)?,?)?\s+(?P<year>(?:1[89]|20)\d\d)\b",
    re.IGNORECASE,
)
_DATED = pattern(
    r"(?:\b(?:in|since|on|by|from|until|during|of|early|late|mid|around)|[,(（—于自在至])[ -]?\Z", re.IGNORECASE
)
_LONG = 12  # characters of a text that may say more than a date
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NEGATIVE = pattern(
    r"\s*(?:不(?![到足超同少仅])|未(?!来)|没|无(?![线监])|非(?!常)|否|[✗✘×❌]|(?:no|not|none|never|closed|false|n)\b)",
    re.IGNORECASE,
)
_UNIT_OF_COLUMN = pattern(r"[(（\[](?P<unit>[^()（）\[\]\d]{1,14})[)）\]]\s*$")
_BARE = pattern(r"\s*[-~≈约]?[\d.,，]+\s*")
_IN_NAME = pattern(r"[A-Za-z]\Z")  # before a digit that belongs to a name: J1
_AFFIRMATIVE = pattern(r"\s*(?:是|有|可|能|支持|✓|✔|√|✅|(?:yes|true|y)\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Value:
    """What one place says of a thing: a cell with its column's name, and its row to cite; or a sentence, without a name."""

    header: str
    text: str
    span: Span

    @property
    def negative(self) -> bool:
        """Whether the cell denies what its column says: "no", "未开源"."""
        return self.header != "" and _NEGATIVE.match(self.text) is not None

    @property
    def affirmative(self) -> bool:
        """Whether the cell only affirms what its column says: "yes"."""
        return self.header != "" and _AFFIRMATIVE.match(self.text) is not None


@dataclass(frozen=True, slots=True)
class Record:
    """A named thing with all that is said of it, in the order of tables and columns; ``keys`` are those of all its names."""

    name: str
    keys: frozenset[str]
    values: tuple[Value, ...]

    def under(self, attribute: Attribute) -> list[Value]:
        """Return the values of one attribute: those under its name if there are any, else the sentences that say it."""
        said = [value for value in self.values if attribute.is_said(value)]
        return [value for value in said if value.header] or said

    @property
    def key(self) -> str:
        """The key of its name."""
        return key_of(self.name)

    def is_named(self, mention: Mention) -> bool:
        """Tell whether a name of a question means this record."""
        return any(key_of(spelling) in self.keys for spelling in mention.spellings)


@lru_cache(maxsize=1 << 14)
def key_of(name: str) -> str:
    """Return what names of one thing have in common: no aside, no spaces, no case.

    >>> key_of("Heron-2（苍鹭）") == key_of("heron 2")
    True
    """
    signs = _SIGNS.search(name)  # Brim and Brim++, C and C# are two
    return (normalize_name(_ASIDE.sub("", name)) or normalize_name(name)) + (signs[0] if signs else "")


def pool(tables: Iterable[tuple[Document, Table]]) -> list[Record]:
    """Return the records of tables, those of the longest table first; a first column of dates or numbers names nothing.

    Rows are one record where they have one name, or where a column of other names says that they are one.
    """
    longest_first = sorted(tables, key=lambda pair: -len(pair[1].rows))
    rows = [row for document, table in longest_first for row in _read(_Place(document, table))]
    named = {row.key for row in rows}
    main = {other: row.key for row in reversed(rows) for other in row.others}
    gathered: dict[str, _Gathered] = {}
    for row in (each for whole in rows for each in _apart(whole, named)):
        key = main.get(row.key, row.key)
        record = gathered.setdefault(key, _Gathered())
        record.keys |= {row.key, *(other for other in row.others if other not in named or main[other] == key)}
        record.names += [row.name] if row.key == key else []
        record.values += row.values
    return [each.record(key) for key, each in gathered.items()]


def _apart(row: _ReadRow, named: set[str]) -> list[_ReadRow]:
    """Return a row once for each of the things that it names together ("Heron and Egret"), if other rows name each of them."""
    if len(row.parts) < 2 or not all(key_of(name) in named for name in row.parts):
        return [row]
    return [replace(row, name=name, key=key_of(name)) for name in row.parts]


@dataclass(slots=True)
class _Gathered:
    """A record while its rows come together."""

    keys: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)

    def record(self, key: str) -> Record:
        """Return it finished; ``key`` is what it is called where no row has its main name."""
        return Record((self.names or [key])[0], frozenset(self.keys), tuple(self.values))


@dataclass(frozen=True, slots=True)
class _ReadRow:
    """What a row says, worked out once: its name, the names that may be joined in it, the keys of its other names, its values."""

    name: str
    key: str
    parts: tuple[str, ...]
    others: tuple[str, ...]
    values: tuple[Value, ...]

    @classmethod
    def of(cls, name: str, others: tuple[str, ...], values: tuple[Value, ...]) -> _ReadRow:
        """Take a row's name apart."""
        return cls(name, key_of(name), tuple(part.strip() for part in PARTS.split(name)), others, values)


class _Place:
    """A table as a key: the same table of the very same document."""

    __slots__ = ("document", "table")

    def __init__(self, document: Document, table: Table) -> None:
        self.document, self.table = document, table

    def __hash__(self) -> int:
        return hash((id(self.document), self.table.start, len(self.table.rows)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Place)
            and self.document is other.document
            and self.table.start == other.table.start
            and len(self.table.rows) == len(other.table.rows)
        )


@lru_cache(maxsize=512)
def _read(place: _Place) -> tuple[_ReadRow, ...]:
    """Return the rows of a table that name something, with the other names that no row of it has as its own."""
    document, table = place.document, place.table
    if table.turned:
        return tuple(_turned(document, table))
    names = [(row, name) for row in table.rows if (name := name_of(table, row)) and not _is_amount(name)]
    own = {key_of(name) for _, name in names}
    return tuple(
        _ReadRow.of(
            name,
            tuple(key for key in _other_keys(table, row) if key not in own),
            tuple(_values(document, table, row)),
        )
        for row, name in names
    )


def _turned(document: Document, table: Table) -> Iterator[_ReadRow]:
    """Yield what the columns of a turned table say, each as the row of one thing."""
    for column, head in enumerate(table.header[1:], 1):
        name = _plain_name(head.text)
        cells = [(row, row.cells[column].text) for row in table.rows if column < len(row.cells)]
        values = (
            Value(row.cells[0].text, text, Span(document, row.start, row.end))
            for row, text in cells
            if text.strip(" -–—")
        )
        if name:
            yield _ReadRow.of(name, (), tuple(values))


def _other_keys(table: Table, row: Row) -> list[str]:
    """Return the keys of the other names in a row."""
    columns = [n for n, cell in enumerate(table.header) if n > table.naming and ALIAS.names(cell.text)]
    cells = [row.cells[n].text for n in columns if n < len(row.cells)]
    return [key for cell in cells for part in PARTS.split(cell) if (key := key_of(part))]


def name_of(table: Table, row: Row) -> str:
    """Return what a row is about: the cell that names it, links and marks left out."""
    return _plain_name(table.name_of(row))


def _plain_name(text: str) -> str:
    return _LINK.sub(r"\1", text).strip(" *_`")


def head_of(table: Table) -> str:
    """Return what the column is called whose cells name the rows."""
    return table.header[table.naming].text.strip() if table.header else ""


def _is_amount(name: str) -> bool:
    return re.sub(r"[\d\W_年月日号]+|[kKMBTmb]$", "", name) == ""


def _values(document: Document, table: Table, row: Row) -> Iterator[Value]:
    naming = table.naming
    for column, cell in enumerate(row.cells):
        if column != naming and cell.text.strip(" -–—") and not (column < naming and cell.text.isdigit()):
            header = table.header[column].text if column < len(table.header) else ""
            yield Value(header, cell.text, Span(document, row.start, row.end))


@dataclass(frozen=True, slots=True)
class Roster:
    """Records that are listed together, with what they are called: terms of a first header or a title, and the header itself."""

    records: Sequence[Record]
    called: tuple[frozenset[str], ...]
    heads: frozenset[str] = frozenset()  # in lower case
    left_out: int = 0  # rows or entries beyond what is read for one question

    def calls(self, needle: Needle) -> bool:
        """Tell whether a word of a question is what the records are called."""
        return any(needle.found_in(terms) >= SAID for terms in self.called) or (
            needle.surface in self.heads or self.said_of(needle) != "" or self._akin(needle.surface)
        )

    def _akin(self, word: str) -> bool:
        """Tell whether a Chinese word ends in what the things are: 铁路 and 齿轨线 where the head is 线路."""
        return is_cjk(word[-1]) and any(len(head) == 2 and is_cjk(head[0]) and word[-1] in head for head in self.heads)

    def said_of(self, needle: Needle) -> str:
        """Return what a Chinese compound says of the thing at its end: 开源 of 开源模型 where the records are 模型."""
        for head in self.heads:
            if is_cjk(head[0]) and needle.surface.endswith(head) and len(needle.surface) > len(head) + 1:
                return needle.surface[: -len(head)]
        return ""


def bounded(tables: Sequence[tuple[Document, Table]]) -> Roster:
    """Return the records of tables, of at most ``MOST_ROWS`` rows together, with the number of rows that are left out."""
    left, kept = MOST_ROWS, []
    for document, table in tables:
        kept.append((document, _first_rows(table, left)))
        left = max(0, left - len(table.rows))
    every = sum(len(table.rows) for _, table in tables)
    roster = roster_of([pair for pair in kept if pair[1].rows])
    return replace(roster, left_out=every - MOST_ROWS) if every > MOST_ROWS else roster


def _first_rows(table: Table, most: int) -> Table:
    return table if len(table.rows) <= most else replace(table, rows=table.rows[:most])


def roster_of(tables: Sequence[tuple[Document, Table]]) -> Roster:
    """Return the records of tables; a table whose first header tells nothing ("name") is called what its caption says.

    Remembered: questions look at the same tables again and again, at each by itself and at all together. Of each table at
    most ``MOST_ROWS`` rows are read.
    """
    return _roster(tuple(_Place(document, _first_rows(table, MOST_ROWS)) for document, table in tables))


@lru_cache(maxsize=256)
def _roster(places: tuple[_Place, ...]) -> Roster:
    tables = [(place.document, place.table) for place in places]
    called: dict[frozenset[str], None] = {}
    heads = set()
    for document, table in tables:
        first = head_of(table).lower()
        if table.turned:
            first = ""
        elif (bare := _NAMED_SO.sub("", first)) and is_cjk(bare[0]):
            first = bare
        generic = _GENERIC.fullmatch(first) is not None
        called[terms_of(f"{table.caption} {table.section} {document.title}" if generic else first)] = None
        heads |= set() if generic else {first}
    return Roster(tuple(pool(tables)), tuple(called), frozenset(heads))


def sizes_of(value: Value) -> list[Quantity]:
    """Return the amounts of a cell in its column's unit; what stands in brackets counts if nothing else does.

    Remembered: many questions look at the same columns.
    """
    return list(_sizes(value.header, value.text))


@lru_cache(maxsize=1 << 13)
def _sizes(header: str, text: str) -> tuple[Quantity, ...]:
    plain = with_unit(header, _ASIDE.sub("", text))
    found = find_amounts(plain) or find_amounts(text)
    if found and _BELOW_ZERO.match(text):
        found = [replace(found[0], value=-found[0].value), *found[1:]]
    return tuple(q for q in found if not _IN_NAME.search(plain, 0, q.start))


def size_of(value: Value, direction: int) -> Quantity | None:
    """Return the amount of a cell: its money (a sum where a plus stands), else its largest number, or smallest.

    What stands in brackets only repeats the amount, unless nothing else has one; a digit in a name is none.
    """
    plain = with_unit(value.header, _ASIDE.sub("", value.text))
    quantities = sizes_of(value)
    money = [q for q in quantities if q.unit in ("usd", "cny", "eur", "gbp")]
    if money:
        total = sum(q.value for q in money) if "+" in plain else money[0].value
        return Quantity(total, money[0].unit, money[0].start, money[0].end, money[0].digits)
    quantities = [q for q in quantities if q.scaled] or quantities  # "7B, 13B, 2 in all" is about billions
    return (max if direction > 0 else min)(quantities, key=lambda q: q.value, default=None)


def with_unit(header: str, text: str) -> str:
    """Return a cell that is a bare number with the unit that its column's name gives in brackets.

    >>> with_unit("质量（kg）", "1,200"), with_unit("Params (B)", "175B")
    ('1,200 kg', '175B')
    """
    unit = _UNIT_OF_COLUMN.search(header)
    return f"{text.strip()} {unit['unit']}" if unit and _BARE.fullmatch(text) else text


def date_of(text: str) -> tuple[int, int, int] | None:
    """Return year, month and day of the first date in a text; 0 for what it leaves out.

    >>> date_of("2021年7月"), date_of("2023-03-13"), date_of("May 2018"), date_of("175B")
    ((2021, 7, 0), (2023, 3, 13), (2018, 5, 0), None)
    """
    if (match := _first_date(text)) is not None:
        written = _MONTH_YEAR.search(text)
        if written is None or written.start() > match.start():
            return int(match["year"]), int(match["month"] or 0), int(match["day"] or 0)
        month = _MONTHS.index(written["month"][:3].lower()) + 1
        return int(written["year"]), month, int(written["before"] or written["after"] or 0)
    return None


def _first_date(text: str) -> re.Match[str] | None:
    """Return the first date of a text; a bare number like a year ("has 2021 dishes") is one only where nothing else says a date."""
    first = _A_DATE.search(text)
    if first is None or first["month"] or len(text) < _LONG or _DATED.search(text, 0, first.start()):
        return first
    others = (
        match
        for match in _A_DATE.finditer(text, first.end())
        if match["month"] or _DATED.search(text, 0, match.start())
    )
    return first if re.match(r"\s?年", text[first.end() :]) else next(others, first)


def is_date(text: str) -> bool:
    """Tell whether a text is nothing but a date with its month: 2021-07-30, May 2018; a bare year may count something."""
    written = _A_DATE.fullmatch(text.strip().rstrip("日号.")) or _MONTH_YEAR.fullmatch(text.strip().rstrip("."))
    return written is not None and bool(written["month"])


def is_measured(header: str, records: Iterable[Record]) -> bool:
    """Tell whether most values of a column are amounts or dates."""
    values = [value for record in records for value in record.values if value.header == header]
    return 2 * sum(bool(date_of(v.text) or sizes_of(v)) for v in values) >= len(values)


def differ(values: Sequence[Value]) -> bool:
    """Tell whether documents say different things of one attribute: other dates, other amounts, or yes and no."""
    if len({value.span.document.id for value in values}) < 2:
        return False
    dates = [date_of(value.text) for value in values]
    if all(date is not None and DATE.is_said(value) for date, value in zip(dates, values, strict=True)):
        return any(a and b and any(x != y for x, y in zip(a, b, strict=True) if x and y) for a in dates for b in dates)
    amounts = [
        frozenset(round(q.value, 6) for q in find_amounts(with_unit(value.header, value.text))) for value in values
    ]
    if all(amounts):
        return any(a.isdisjoint(b) for a in amounts for b in amounts)
    return len({value.negative for value in values}) > 1


def said(record: Record, value: Value) -> str:
    """Return what a value says of a record: name, column and cell; or the sentence, after the name if it does not have it."""
    if value.header:
        return f"{record.name} · {value.header}: {value.text}"
    return value.text if record.name.lower() in value.text.lower() else f"{record.name} · {value.text}"


def unique(spans: Iterable[Span]) -> list[Span]:
    """Return spans in their order, each place once."""
    return list({(span.document.id, span.start, span.end): span for span in spans}.values())


def mentions_name(value: Value, mention: Mention) -> bool:
    """Tell whether a cell has a name, as it is or in the words of the other language."""
    return mention_strength(value.text, mention) >= TRANSLATION
