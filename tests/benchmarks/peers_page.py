"""The comparison with other systems as a page, its pictures and the READMEs' tables; knows nothing of how it was measured."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Report = Mapping[str, Mapping[str, Any]]
Value = Callable[[Mapping[str, Any]], float]  # of a system's steps; KeyError where it was not measured
Row = tuple[
    str, str, Value, Callable[[float], str]
]  # a column's name, "more", "less" or "", its figure, how it is written
OURS = "survey-qa"
SIZES = (300, 3_000, 30_000, 100_000)
GOOD = ("whole", "old", "new")
_TASKS = ("Chinese (CMRC)", "Chinese (XQuAD)", "English (XQuAD)", "English on Chinese", "Chinese on English")


def write(report: Report) -> str:
    """Return the page: what is lost, then a table for each step, best figures in bold."""
    report = {system: steps for system, steps in report.items() if steps}
    parts = [_INTRODUCTION.format(load=_load(report)), "![The main figures as bars](peers.svg)\n"]
    parts += ["## Where survey-qa loses\n", *_losses(report), ""]
    for title, words, rows in TABLES:
        parts += [f"## {title}\n", f"{words}\n", _table(report, rows)]
    parts += [_SIZES, "![Cost by the number of passages, both axes logarithmic](peers-sizes.svg)\n"]
    parts += [_EMBEDDING.format(seconds=_embedding(report))]
    for title, name, clock in SIZE_TABLES:
        parts += [f"### {title}\n", _by_size(report, name, clock)]
    parts += ["## Killed\n", _KILLED, _killed(report)]
    return "\n".join(parts)


def short(report: Report, *, chinese: bool) -> str:
    """Return the README's table and the columns in which others are better."""
    names = [row[0] for row in SHORT]
    heads = [_CHINESE[name] for name in names] if chinese else names
    shown = {system: report[system] for system in SHORT_SYSTEMS if system in report}
    rows = [(head, *row[1:]) for head, row in zip(heads, SHORT, strict=True)]
    beaten = [(head, row, _beaten(report, row)) for head, row in zip(heads, SHORT, strict=True)]
    lost = [f"{head} {row[3](found[0])} ({', '.join(found[1])})" for head, row, found in beaten if found]
    if chinese:
        return f"{_table(shown, rows)}\n不如别人的列:{';'.join(lost) or '无'}。\n"
    return f"{_table(shown, rows)}\nColumns in which another is better: {'; '.join(lost) or 'none'}.\n"


def value_of(value: Value, steps: Mapping[str, Any]) -> float | None:
    """Return a figure, or None where it was not measured or not reached."""
    try:
        return value(steps)
    except KeyError:
        return None


def _losses(report: Report) -> list[str]:
    """Return a line for each figure in which another system is better."""
    lines = []
    rows = [(title, row) for title, _, rows in TABLES for row in rows]
    for title, name, _ in SIZE_TABLES:
        for size in SIZES:
            rows.append((f"{title}, {size:,} passages", ("", "less", _sized(size, name), _number)))
    for title, row in rows:
        if found := _beaten(report, row):
            best, who, own = found
            place = f"{title}, {row[0]}" if row[0] else title
            whose = ", ".join(who) if len(who) < 4 else f"{len(who)} others"
            lines.append(f"- {place}: {row[3](own)} against {row[3](best)} ({whose})")
    return lines or ["- in nothing that was measured"]


def _beaten(report: Report, row: Row) -> tuple[float, list[str], float] | None:
    """Return the best figure, whose it is and ours, where another's is better as it is written."""
    _, better, value, show = row
    figures = {system: figure for system, steps in report.items() if (figure := value_of(value, steps)) is not None}
    if not better or OURS not in figures:
        return None
    best = (max if better == "more" else min)(figures.values())
    if show(best) == show(figures[OURS]):
        return None
    return best, [system for system, figure in figures.items() if show(figure) == show(best)], figures[OURS]


def _table(report: Report, rows: Sequence[Row]) -> str:
    best: list[float | None] = []
    for _, better, value, _ in rows:
        figures = [figure for steps in report.values() if (figure := value_of(value, steps)) is not None]
        best.append((max if better == "more" else min)(figures) if figures and better else None)
    lines = [["", *(row[0] for row in rows)]]
    for system, steps in report.items():
        cells = [_cell(value, show, steps, top) for (_, _, value, show), top in zip(rows, best, strict=True)]
        lines.append([system, *cells])
    return _markdown(lines)


def _cell(value: Value, show: Callable[[float], str], steps: Mapping[str, Any], best: float | None) -> str:
    figure = value_of(value, steps)
    if figure is None:
        return "–"
    shown = show(figure)
    return f"**{shown}**" if best is not None and shown == show(best) else shown


def _by_size(report: Report, name: str, clock: str) -> str:
    """Return a table of one cost: a column for each size; by the processor, and by the clock in brackets."""
    lines = [["passages", *(f"{size:,}" for size in SIZES)]]
    best = {
        size: min(figures)
        for size in SIZES
        if (figures := [one for steps in report.values() if (one := value_of(_sized(size, name), steps)) is not None])
    }
    for system, steps in report.items():
        cells = []
        for size in SIZES:
            rounds = steps.get("sizes", {}).get(str(size), [])
            figure, by_clock = (value_of(_sized(size, one), steps) if one else None for one in (name, clock))
            if figure is None:
                cells.append(_missing(rounds))
                continue
            shown = _number(figure)
            shown = f"**{shown}**" if shown == _number(best[size]) else shown
            cells.append(shown + (f" ({_number(by_clock)})" if by_clock is not None else ""))
        lines.append([system, *cells])
    return _markdown(lines)


def _missing(rounds: Sequence[Mapping[str, Any]]) -> str:
    """Return why a size has no figure: a limit that was passed, or would have been, or a failure."""
    if not rounds:
        return "–"
    first = rounds[0]
    if "over" in first:
        return f"over {first['over']}" + ("" if first.get("tried", True) else " †")
    return f"fails: {first['failed']}" if "failed" in first else "–"


def _killed(report: Report) -> str:
    """Return a table of what fresh processes saw."""
    lines = [["", "killed while adding", "wrong after", "killed while building anew", "wrong after", "what was wrong"]]
    for system, steps in report.items():
        found = steps.get("kill", {})
        if "add" not in found:
            lines.append([system, "–", "–", "–", "–", found.get("failed", found.get("over", "not measured"))])
            continue
        wrong = [
            {seen: count for seen, count in found[kind]["seen"].items() if seen not in GOOD}
            for kind in ("add", "rebuild")
        ]
        words = "; ".join(
            f"{kind}: {', '.join(f'{count} {seen}' for seen, count in sorted(seen_.items()))}"
            for kind, seen_ in zip(("added", "built anew"), wrong, strict=True)
            if seen_
        )
        kills = [str(found[kind]["kills"]) for kind in ("add", "rebuild")]
        counts = [str(sum(one.values())) for one in wrong]
        bold = [f"**{count}**" if count == "0" else count for count in counts]
        lines.append([system, kills[0], bold[0], kills[1], bold[1], words])
    return _markdown(lines)


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    rows = [lines[0], ["---"] * len(lines[0]), *lines[1:]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _load(report: Report) -> str:
    """Return between which averages the machine's load lay."""
    loads = [
        round_["load"]
        for steps in report.values()
        for rounds in steps.get("sizes", {}).values()
        if isinstance(rounds, list)
        for round_ in rounds
        if "load" in round_
    ]
    return f"{min(loads):.0f} to {max(loads):.0f}" if loads else "unknown"


def _embedding(report: Report) -> str:
    """Return the processor seconds that embedding a thousand passages takes, as LangChain's FAISS store does it."""
    steps = report.get("LangChain FAISS", {})
    built, opened = (value_of(_sized(300, name), steps) for name in ("build_cpu_s", "first_cpu_s"))
    return f"{(built - opened) / 0.3:.0f}" if built and opened else "many"


def _share(figure: float) -> str:
    return f"{figure:.3f}".replace("0.", ".", 1) if figure < 1 else "1"


def _count(figure: float) -> str:
    return f"{figure:.0f}"


def _number(figure: float) -> str:
    if not figure:
        return "0"
    return f"{figure:,.0f}" if figure >= 10 else f"{figure:.1f}" if figure >= 1 else f"{figure:.2f}"


def _of(step: str, *names: str) -> Value:
    def value(steps: Mapping[str, Any]) -> float:
        found: Any = steps[step]
        for name in names:
            found = found[name]
        return float(found)

    return value


def _sized(size: int, name: str) -> Value:
    """Return the median of a size's rounds."""

    def value(steps: Mapping[str, Any]) -> float:
        rounds = steps["sizes"][str(size)]
        if not rounds:
            raise KeyError(size)
        return statistics.median(round_[name] for round_ in rounds)

    return value


def _unless_embedded(size: int, name: str) -> Value:
    """Return the median of a size's rounds, where no vectors of passages were worked out that others are given."""

    def value(steps: Mapping[str, Any]) -> float:
        if any(round_.get("embedded") for round_ in steps["sizes"][str(size)]):
            raise KeyError(size)
        return _sized(size, name)(steps)

    return value


def _sourced(task: str, name: str) -> Value:
    """Return a figure of the sources; a system that only finds shows its best passage, so that it is how often that is right."""

    def value(steps: Mapping[str, Any]) -> float:
        found = steps["find"][task]
        return float(found[name] if name in found else found["hit@1"])

    return value


def _wrong(steps: Mapping[str, Any]) -> float:
    """Return after how many kills something was wrong."""
    return float(
        sum(
            count
            for kind in ("add", "rebuild")
            for seen, count in steps["kill"][kind]["seen"].items()
            if seen not in GOOD
        )
    )


_REFUSED = ("unanswerable refused at 5 % cost", "more", _of("refuse", "refused_at_5_percent"), _share)
TABLES: tuple[tuple[str, str, tuple[Row, ...]], ...] = (
    (
        "Finding: the right context first",
        "hit@1 over the questions of each set; the last two ask in one language about texts in the other.",
        tuple((task, "more", _of("find", task, "hit@1"), _share) for task in _TASKS),
    ),
    (
        "Finding: the right context among five",
        "hit@5, the same questions.",
        tuple((task, "more", _of("find", task, "hit@5"), _share) for task in _TASKS),
    ),
    (
        "Answering without a language model",
        "The share of questions whose gold answer stands in what a person is shown first, cut at 800 columns, and how many characters that "
        "are on average: an answer of ours, the best passage of the others, which do not answer without a model.",
        tuple(
            row
            for task in _TASKS[:3]
            for row in (
                (task, "more", _of("find", task, "shown"), _share),
                (f"{task}, characters", "less", _of("find", task, "characters"), _number),
            )
        ),
    ),
    (
        "Citing",
        "Precision: of the sources shown, how many are of the context that the question belongs to. Recall: for how many questions such a "
        "source is shown. Ours are the quotes that an answer cites; the others cite nothing, so their best passage is taken for a citation "
        "of all of it, and both are how often it is the right one.",
        tuple(
            row
            for task in _TASKS[:3]
            for row in (
                (f"{task}: precision", "more", _sourced(task, "cited_precision"), _share),
                (f"{task}: recall", "more", _sourced(task, "cited_recall"), _share),
            )
        ),
    ),
    (
        "Refusing",
        "Over the library that ships, questions of ours that nothing was fitted on. The area under the curve is the chance that a question "
        "with an answer gets a higher figure than one without (.5 is a coin); the next column is what would be refused of the unanswerable at a "
        "threshold that refuses 5 % of the answerable, which no system but ours sets for its user. survey-qa is given bare texts as the others are; "
        "with its documents and the calibration that ship, `survey-qa eval tests/questions/unseen.jsonl`, it refuses more.",
        (
            ("gold in what is shown", "more", _of("refuse", "right"), _share),
            ("area under the curve", "more", _of("refuse", "auc"), _share),
            _REFUSED,
            ("unanswerable refused as it comes", "more", _of("refuse", "refused_unanswerable"), _share),
            ("answerable refused as it comes", "less", _of("refuse", "refused_answerable"), _share),
        ),
    ),
)
SIZE_TABLES = (  # title, figure, the same by the clock
    ("Build and save, seconds", "build_cpu_s", "build_s"),
    ("A fresh process opens and answers its first question, seconds", "first_cpu_s", "first_s"),
    ("Search for 10, median milliseconds", "search_cpu_ms", "search_ms"),
    ("Memory of the process that builds, at most, MB", "build_mb", ""),
    ("Memory of the process that opens and answers, at most, MB", "answering_mb", ""),
    ("On disk, MB", "disk_mb", ""),
)
DRAWN: tuple[tuple[str, Value], ...] = (
    ("right context first, Chinese (more is better)", _of("find", _TASKS[0], "hit@1")),
    ("right context first, English (more is better)", _of("find", _TASKS[2], "hit@1")),
    ("first, English question on Chinese text (more)", _of("find", _TASKS[3], "hit@1")),
    ("unanswerable refused at 5 % cost (more)", _of("refuse", "refused_at_5_percent")),
    ("memory to open and answer, 3,000 passages, MB (less)", _sized(3_000, "answering_mb")),
    ("of 50 killed writers, wrong afterwards (less)", _wrong),
)
CURVES: tuple[tuple[str, Callable[[int], Value]], ...] = (
    ("build and save, vectors given, processor seconds", lambda size: _unless_embedded(size, "build_cpu_s")),
    ("fresh process to first answer, processor seconds", lambda size: _sized(size, "first_cpu_s")),
    ("search for 10, processor milliseconds", lambda size: _sized(size, "search_cpu_ms")),
    ("memory to open and answer, MB", lambda size: _sized(size, "answering_mb")),
)
SHORT_SYSTEMS = (
    OURS, "LangChain ensemble, jieba", "LlamaIndex fusion", "Haystack hybrid", "txtai hybrid", "Chroma", "bm25s, jieba",
)  # fmt: skip
SHORT: tuple[Row, ...] = (
    ("right context first, Chinese", "more", _of("find", _TASKS[0], "hit@1"), _share),
    ("English", "more", _of("find", _TASKS[2], "hit@1"), _share),
    ("English on Chinese", "more", _of("find", _TASKS[3], "hit@1"), _share),
    ("gold in what is shown, English", "more", _of("find", _TASKS[2], "shown"), _share),
    _REFUSED,
    ("build 3,000, s", "less", _sized(3_000, "build_cpu_s"), _number),
    ("first answer, s", "less", _sized(3_000, "first_cpu_s"), _number),
    ("search, ms", "less", _sized(3_000, "search_cpu_ms"), _number),
    ("memory, MB", "less", _sized(3_000, "answering_mb"), _number),
    ("wrong after 50 kills", "less", _wrong, _count),
)
_CHINESE = {
    "right context first, Chinese": "首位即正确,中文",
    "English": "英文",
    "English on Chinese": "英文问中文",
    "gold in what is shown, English": "所示含答案,英文",
    "unanswerable refused at 5 % cost": "误拒 5 % 时拒掉的无答案问题",
    "build 3,000, s": "建 3,000 段,秒",
    "first answer, s": "首个回答,秒",
    "search, ms": "检索,毫秒",
    "memory, MB": "内存,MB",
    "wrong after 50 kills": "50 次 kill 后出错",
}
_INTRODUCTION = """# Beside other systems

`python tests/benchmarks/peers.py --data DIR --peers PYTHON` measures survey-qa and what one would pick in its place on the same texts and
questions and writes this page, its pictures and the READMEs' tables from `tests/benchmarks/peers.json` (`--again --systems survey-qa`
measures ours again; `--steps` alone only writes). Every step of every system is a process of its own on one thread; the systems take turns.
Dense systems use all-MiniLM-L6-v2, the usual default, which knows English: their Chinese figures say nothing of multilingual models.
Questions of such sets were written by people who saw the text, which flatters searching by words. Bold is the best of a column;
differences under a point are ties. The four cores were shared: their load lay at {load} while costs were taken, so that seconds of the
processor are compared, and those by the clock stand in brackets. Ours is measured again as it changes; what the others find and
refuse was measured before, on the same texts and questions.
"""
_SIZES = """## Cost by size

Passages of some 250 characters in Chinese and English, made of sentences of the sets above (`tests/benchmarks/scale.py`). One process builds and
saves; a fresh one opens, answers and goes on to 50 searches. Imports count. A process that needs more than 150 seconds of the processor or
9 GB is ended: "over"; with † it was not begun, because ten times the next smaller size would have passed that limit by far. "–" was not measured,
so that the best of such a column is the best of those that were. Each size was built and opened once, so that small differences say nothing.
"""
_EMBEDDING = """Dense systems embed 300 passages themselves. More would take hours here, so from 3,000 on they are given vectors for passages (not for
questions) and load the model all the same: to build, add some {seconds} seconds for each 1,000 passages. survey-qa's own embedder is counted throughout.
"""
_KILLED = """A process adds ten passages at a time to an index of fifty, as each library's guide says, or builds another index over it, and is killed with
SIGKILL at a random moment of its work. (It is forked from one that has imported the libraries and read word lists and models; vectors are given. So most
moments are ones of writing. Each opens or builds its index itself: txtai cannot save what the process it was forked from had built.) Then a fresh process opens the index and looks for every
passage. Right is the old index or the new one, with all additions that had been finished and each of the others wholly or not at all.
"""
