"""What the documents' tables say of each model, gathered by model: for a person who looks around instead of asking.

Any table counts whose first column names models and that has one more column known here, so documents of a user's own
join in. Every value keeps the place where it stands; documents that disagree are two values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from corpus.documents import Document, Table
from corpus.patterns import pattern
from index import Index
from index.terms import normalize_name

FIELDS = (
    "organisation", "date", "parameters", "architecture", "derived_from", "tuning", "training_tokens", "data", "hardware",
    "cost", "languages", "weights_open", "commercial_use", "about",
)  # fmt: skip
BRANCHES = ("decoder-only", "encoder-decoder", "encoder-only", "GLM")  # of the tree; "" holds the others

MOST_GENERATIONS = 50  # in one tree
_NAME_HEADERS = frozenset({"模型", "模型名", "模型名称", "名称", "model", "models", "model name", "name"})
_HEADERS: Mapping[str, str] = {
    "机构": "organisation", "发布机构": "organisation", "开发者": "organisation", "作者": "organisation", "公司": "organisation",
    "organisation": "organisation", "organization": "organisation", "developer": "organisation", "company": "organisation",
    "时间": "date", "发布时间": "date", "日期": "date", "date": "date", "year": "date", "release date": "date", "released": "date",
    "参数量": "parameters", "参数": "parameters", "参数规模": "parameters", "规模": "parameters", "parameters": "parameters",
    "params": "parameters", "size": "parameters", "sizes": "parameters", "# parameters": "parameters",
    "架构": "architecture", "结构": "architecture", "architecture": "architecture",
    "基于": "derived_from", "基座模型": "derived_from", "基础模型": "derived_from", "based on": "derived_from",
    "base model": "derived_from", "base": "derived_from",
    "训练方法": "tuning", "微调方法": "tuning", "tuning": "tuning", "training method": "tuning",
    "训练 tokens": "training_tokens", "训练token数": "training_tokens", "tokens": "training_tokens",
    "training tokens": "training_tokens", "训练数据量": "training_tokens",
    "训练数据": "data", "数据": "data", "data": "data", "training data": "data",
    "硬件": "hardware", "hardware": "hardware", "gpus": "hardware", "训练成本": "cost", "成本": "cost", "cost": "cost",
    "语言": "languages", "language": "languages", "languages": "languages",
    "开源": "weights_open", "是否开源": "weights_open", "open": "weights_open", "open weights": "weights_open",
    "商用": "commercial_use", "可商用": "commercial_use", "commercial use": "commercial_use", "licence": "commercial_use",
    "license": "commercial_use", "许可": "commercial_use", "许可证": "commercial_use",
    "说明": "about", "备注": "about", "about": "about", "notes": "about",
}  # fmt: skip
_OTHER_NAME = pattern(r"\s*[（(][^（()）]*[）)]$")  # Chinese-Vicuna（小羊驼）
_PARENT = pattern(r"\s*[;；,，、]\s*")
_DATE = pattern(r"(?<!\d)(?:19|20)\d\d(?:-\d\d){0,2}(?!\d)")


@dataclass(frozen=True, slots=True)
class Value:
    """What one document says, and where: ``document.text[start:end] == text``."""

    text: str
    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model and what the documents say of it, by the names of ``FIELDS``; a field that nothing is said of is missing."""

    name: str
    values: Mapping[str, tuple[Value, ...]] = field(repr=False)

    @property
    def short_name(self) -> str:
        """The name without another one in brackets behind it."""
        return _OTHER_NAME.sub("", self.name)

    def of(self, name: str) -> tuple[Value, ...]:
        """Return the values of a field."""
        return self.values.get(name, ())

    @property
    def date(self) -> str:
        """The earliest date that is told, 2023 or 2023-03 or 2023-03-13; empty if none is."""
        dates = [found for value in self.of("date") for found in _DATE.findall(value.text)]
        return min(dates, key=lambda date: (date[:4], len(date) < 7, date), default="")

    @property
    def openness(self) -> str:
        """``yes``, ``no`` or ``partly`` where the documents agree on the weights; empty if they do not or say nothing."""
        told = {_openness(value.text) for value in self.of("weights_open")} - {""}
        return told.pop() if len(told) == 1 else ""


@dataclass(frozen=True, slots=True)
class Descent:
    """A model and those that were made from it, earliest first."""

    model: ModelCard
    children: tuple[Descent, ...] = ()


def model_key(name: str) -> str:
    """Return what all spellings of a model's name have in common; another name in brackets behind it is left out."""
    return normalize_name(_OTHER_NAME.sub("", name))


def gather_models(index: Index) -> tuple[ModelCard, ...]:
    """Return the models that the tables of an index speak of, in the order of their first appearance."""
    names: dict[str, str] = {}
    values: dict[str, dict[str, list[Value]]] = {}
    for info in index.documents():
        document = index.document(info.id)
        for name, column, value in _told(document):
            key = model_key(name)
            names.setdefault(key, name)
            values.setdefault(key, {}).setdefault(column, []).append(value)
    return tuple(
        ModelCard(names[key], {column: tuple(values[key][column]) for column in FIELDS if column in values[key]})
        for key in names
    )


def descend(models: Sequence[ModelCard]) -> dict[str, tuple[Descent, ...]]:
    """Return the evolution tree: for each branch its first models with all that was made from them.

    A model that was made from several stands under the first that is known. The branch is what a document says of the
    model's architecture, else that of what it was made from. Models of no branch stand under "". A line of more than
    ``MOST_GENERATIONS`` goes on as a tree of its own: no family is so old, but a document may say anything.
    """
    parents = _parents(models)
    children: dict[str, list[ModelCard]] = {}
    roots: list[ModelCard] = []
    for model in models:
        if parent := parents.get(model_key(model.name)):
            children.setdefault(parent, []).append(model)
        else:
            roots.append(model)
    tree: dict[str, list[Descent]] = {branch: [] for branch in (*BRANCHES, "")}
    for root in sorted(roots, key=_age):
        descent = _descent(root, children)
        if descent.children or _branch(root):
            tree[_branch(root) or _branch_below(descent)].append(descent)
    return {branch: tuple(found) for branch, found in tree.items() if found}


def _told(document: Document) -> Iterator[tuple[str, str, Value]]:
    """Yield the model's name, the field and the value for every filled cell of the tables about models."""
    for table in document.tables:
        columns = _columns(table)
        for row in table.rows if columns else ():
            name = row.cells[0].text.strip() if row.cells else ""
            for at, column in columns.items():
                cell = row.cells[at] if at < len(row.cells) else None
                if name and cell and cell.text.strip():
                    yield name, column, Value(cell.text, document.id, cell.start, cell.end)


def _columns(table: Table) -> dict[int, str]:
    """Return the field of each column that is known; none if the first one does not name models."""
    heads = [" ".join(cell.text.lower().split()) for cell in table.header]
    if not heads or heads[0] not in _NAME_HEADERS:
        return {}
    return {at: _HEADERS[head] for at, head in enumerate(heads) if at and head in _HEADERS}


def _openness(text: str) -> str:
    """Return what a cell says of the weights in one word."""
    words = text.strip().lower()
    if words.startswith(("部分", "partly", "partial")):
        return "partly"
    if words.startswith(("未", "不", "否", "no", "closed", "闭源", "✗", "×")):
        return "no"
    return "yes" if words.startswith(("开源", "是", "可", "yes", "open", "✓", "√")) else ""


def _made_from(model: ModelCard) -> Iterator[str]:
    """Yield the keys of what a model was made from, in the documents' order."""
    return (model_key(part) for value in model.of("derived_from") for part in _PARENT.split(value.text))


def _parents(models: Sequence[ModelCard]) -> dict[str, str]:
    """Return the key of what each model was made from, where that is known; there are no circles and no endless lines."""
    known = {model_key(model.name) for model in models}
    parents: dict[str, str] = {}
    above: dict[str, str] = {}  # the same, with short cuts
    for model in models:
        own = model_key(model.name)
        parent = next((key for key in _made_from(model) if key in known and _top(key, above) != own), "")
        if parent:
            parents[own] = above[own] = parent
    generations: dict[str, int] = {}
    for model in models:
        line = [model_key(model.name)]
        while line[-1] not in generations and line[-1] in parents:
            line.append(parents[line[-1]])
        for key in reversed(line):
            generations.setdefault(key, generations[parents[key]] + 1 if key in parents else 0)
    return {key: parent for key, parent in parents.items() if generations[key] % MOST_GENERATIONS}


def _top(key: str, above: dict[str, str]) -> str:
    """Return the first of the line that a model stands in so far; what was walked is shorter the next time."""
    while key in above:
        above[key] = above.get(above[key], above[key])
        key = above[key]
    return key


def _descent(model: ModelCard, children: Mapping[str, Sequence[ModelCard]]) -> Descent:
    made = sorted(children.get(model_key(model.name), ()), key=_age)
    return Descent(model, tuple(_descent(child, children) for child in made))


def _age(model: ModelCard) -> tuple[str, str]:
    return model.date or "9999", model.name.lower()


def _branch(model: ModelCard) -> str:
    told = [value.text.strip().lower() for value in model.of("architecture")]
    return next((branch for branch in BRANCHES for text in told if text == branch.lower()), "")


def _branch_below(descent: Descent) -> str:
    """Return the branch that the first model below is told to be of."""
    return next((found for child in descent.children if (found := _branch(child.model) or _branch_below(child))), "")
