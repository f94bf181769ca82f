"""The model catalogue as evidence: what one document says of each model, as a table at that document's end.

A table in the document that says it, and not one of all models, so that a citation of it shows that document's title, link
and note, and so that documents which disagree are two sources. ``python -m corpus.cataloguing`` writes the tables into the
library after a change of ``library/models.toml``; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from corpus.models import Fact, Model, load_models
from corpus.patterns import pattern

HEADING = "## 模型目录：本文所说的模型 (model catalogue)"

_LIBRARY = Path(__file__).parent / "library"
_MODEL, _TOOL = "模型", "工具"  # what the first columns are called; software around models stands in a table of its own
_COLUMNS: Mapping[str, str] = {
    "aliases": "别名", "organisation": "机构", "date": "时间", "parameters": "参数量", "architecture": "架构",
    "derived_from": "基于", "tuning": "训练方法", "training_tokens": "训练 tokens", "data": "训练数据",
    "hardware": "硬件", "cost": "训练成本", "means": "训练投入", "languages": "语言", "weights_open": "开源", "commercial_use": "商用",
    "about": "说明",
}  # fmt: skip
_MONEY = pattern(r"美元|人民币|\bUSD\b|\bRMB\b")
_WORDS: Mapping[tuple[str, str], str] = {
    ("weights_open", "yes"): "开源，权重开放（open source, open weights）",
    ("weights_open", "no"): "未开源，权重未开放，闭源（closed source）",
    ("weights_open", "partly"): "部分开源，权重部分开放（partly open source）",
    ("commercial_use", "yes"): "可商用（commercial use allowed）",
    ("commercial_use", "no"): "不可商用（no commercial use）",
    ("commercial_use", "data"): "训练数据可商用（its data may be used commercially）",
}


def catalogue_of(source: str, models: Iterable[Model]) -> str:
    """Return the heading and the tables of what a document (``50-models``, ``lora``) says of models; "" if it says nothing.

    A model has a row if the document tells anything of it but links; a column stands there if some
    row has a value in it. Several values in one cell are joined by a semicolon.
    """
    told = [(model, cells) for model in models if (cells := dict(_cells(model, source)))]
    parts = [
        _table(head, {model.name: cells for model, cells in told if (model.kind == "tool") == (head == _TOOL)})
        for head in (_MODEL, _TOOL)
    ]
    return "\n\n".join((HEADING, *filter(None, parts))) if any(parts) else ""


def _table(head: str, rows: Mapping[str, Mapping[str, str]]) -> str:
    """Return a table whose first column has that name; "" without rows."""
    used = [field for field in _COLUMNS if any(field in cells for cells in rows.values())]
    lines = [_row((head, *(_COLUMNS[field] for field in used))), _row("---" for _ in (head, *used))]
    lines += [_row((name, *(cells.get(field, "") for field in used))) for name, cells in rows.items()]
    return "\n".join(lines) if rows else ""


def with_catalogue(text: str, table: str) -> str:
    """Return a document's text with the table as its last section, in place of the one that it may have."""
    own = text.partition(f"\n{HEADING}")[0].rstrip("\n")
    return f"{own}\n\n{table}\n" if table else f"{own}\n"


def _cells(model: Model, source: str) -> Iterator[tuple[str, str]]:
    """Yield the fields of a model that a document fills, with the text of their cells."""
    for field in _COLUMNS:
        facts: tuple[Fact, ...] = getattr(model, "cost" if field == "means" else field)
        values = [_WORDS.get((field, fact.value), fact.value) for fact in facts if source in fact.sources]
        if field in ("cost", "means"):  # what is told in other measures than money must not pass for a price
            values = [value for value in values if (_MONEY.search(value) is not None) == (field == "cost")]
        if values:
            yield field, "; ".join(values)


def _row(cells: Iterable[str]) -> str:
    return " ".join(("|", " | ".join(cell.replace("|", "/") for cell in cells), "|"))


def _write() -> None:
    """Bring the tables in the library's documents up to date."""
    models = load_models()
    for path in sorted(_LIBRARY.glob("*/*.md")):
        path.write_text(with_catalogue(path.read_text("utf-8"), catalogue_of(path.stem, models)), "utf-8")


if __name__ == "__main__":
    _write()
