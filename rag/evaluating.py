"""Measuring answers against questions with known gold: accuracy, refusals, evidence, citations, latency.

The format of questions is JSON Lines, one object with ``id, category, lang, question, answer, must_contain, evidence,
answerable, history`` a line. Knows nothing of how answers are made and nothing of how a report is drawn.
"""

from __future__ import annotations

import json
import random
import re
import time
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from corpus.errors import UsageError
from corpus.patterns import pattern
from rag.answers import Answer, Message

EVIDENCE_WINDOW = 2_400  # characters of the packed passages within which evidence should stand
MAX_COLUMNS = 800  # of an answer that counts: 400 Chinese characters or 800 Latin ones
RESAMPLES = 1_000  # bootstrap resamples behind every interval
MARK = pattern(r"\s?\[\d+\]")


class Answerer(Protocol):
    """Whoever answers questions."""

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """Answer one question."""
        ...


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """One question with what a right answer holds: one alternative of every group of ``must_contain``."""

    id: str
    category: str
    lang: str
    question: str
    must_contain: tuple[tuple[str, ...], ...]
    evidence: tuple[str, ...]
    answerable: bool
    history: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """How one question went."""

    id: str
    category: str
    lang: str
    answerable: bool
    correct: bool  # answerable: the gold is in the answer; unanswerable: refused
    refused: bool
    evidence_rank: int  # 1-based rank of the first passage that holds evidence, 0 if none or none is named
    evidence_in_window: bool
    evidence_share: float  # of the evidence texts, those within the window
    has_evidence: bool
    citations: int
    supporting: int  # citations whose quote holds at least one alternative of a gold group
    supported: int = 0  # citations whose quote supports the statement that cites it
    statements: int = 0  # of the answer
    statements_supported: int = 0  # of these, those with at least one supporting citation
    probability: float | None = None  # that the documents answer, where figures decided
    answer: str = field(repr=False, default="")
    question: str = field(repr=False, default="")
    timings_ms: dict[str, float] = field(default_factory=dict, repr=False)


def load_questions(path: Path) -> list[GoldQuestion]:
    """Read a question set.

    Raises:
        UsageError: The file is missing, empty, or a line is not a question; the message names the line.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        raise UsageError(
            f"There is no question file {path}. Give the path of a .jsonl file, one question a line."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read as UTF-8 text ({error}). Give a .jsonl file, one question a line."
        ) from error
    questions = [_question(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not questions:
        raise UsageError(f"{path} holds no question. Put one JSON object a line into it.")
    return questions


def _question(line: str, place: str) -> GoldQuestion:
    try:
        record = json.loads(line)
        return GoldQuestion(
            id=str(record["id"]),
            category=str(record.get("category", "all")),
            lang=str(record.get("lang", "")),
            question=str(record["question"]),
            must_contain=tuple(tuple(map(str, group)) for group in record.get("must_contain", ())),
            evidence=tuple(e["text"] if isinstance(e, dict) else str(e) for e in record.get("evidence", ())),
            answerable=bool(record.get("answerable", True)),
            history=tuple({"role": turn["role"], "content": turn["content"]} for turn in record.get("history", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"it has no {error}" if isinstance(error, KeyError) else error
        raise UsageError(
            f"{place} is not a question ({why}). A line is a JSON object with at least id, question and must_contain."
        ) from error


def normalise(text: str) -> str:
    """Return text for comparison: NFKC, no white space, lower case.

    >>> normalise("１７５ B")
    '175b'
    """
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


def satisfied(text: str, groups: Iterable[Iterable[str]]) -> bool:
    """Tell whether the text holds at least one alternative of every group.

    >>> satisfied("GPT-3 有 175 B 参数", [["175B", "1750亿"]])
    True
    """
    flat = normalise(text)
    return all(any(normalise(alternative) in flat for alternative in group) for group in groups)


def clip_columns(text: str, columns: int = MAX_COLUMNS) -> str:
    """Return the longest beginning of text that fits the columns; wide characters take two."""
    used = 0
    for position, character in enumerate(text):
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > columns:
            return text[:position]
    return text


def judge(gold: GoldQuestion, answer: Answer) -> Result:
    """Compare one answer with its gold."""
    refused = not answer.found and not answer.stopped_by
    text = clip_columns(MARK.sub("", answer.text))
    correct = satisfied(text, gold.must_contain) and answer.found if gold.answerable else refused
    rank, share = _find_evidence(gold.evidence, [hit.passage.text for hit in answer.passages])
    supporting = sum(
        any(normalise(alternative) in normalise(citation.quote) for group in gold.must_contain for alternative in group)
        for citation in answer.citations
    )
    good = {citation.number for citation in answer.citations if citation.label == "supported"}
    statements = _cited_by_statement(answer.text) if answer.found else []
    return Result(
        id=gold.id,
        category=gold.category,
        lang=gold.lang,
        answerable=gold.answerable,
        correct=correct,
        refused=refused,
        evidence_rank=rank,
        evidence_in_window=share > 0,
        evidence_share=share,
        has_evidence=bool(gold.evidence),
        citations=len(answer.citations),
        supporting=supporting,
        supported=len(good),
        statements=len(statements),
        statements_supported=sum(bool(numbers & good) for numbers in statements),
        probability=_probability(answer),
        answer=answer.text,
        question=gold.question,
        timings_ms=dict(answer.timings_ms),
    )


def _probability(answer: Answer) -> float | None:
    """Return how probable it was that the documents answer, or None where no figure was asked."""
    refusal = answer.explanation.get("refusal", {})
    value = refusal.get("probability") if isinstance(refusal, Mapping) else None
    return float(value) if isinstance(value, int | float) else None


def _cited_by_statement(text: str) -> list[set[int]]:
    """Return the numbers that each statement cites: each line, and in it each stretch up to its marks; a lead-in is none."""
    cited = []
    for line in text.splitlines():
        parts = [part for part in _UP_TO_MARKS.findall(line) if MARK.sub("", part).strip(" -*•")]
        cited += [
            {int(number) for number in _NUMBER_IN_MARK.findall(part)}
            for part in parts
            if not part.endswith((":", "："))
        ]
    return cited


_UP_TO_MARKS = pattern(r"[^\[]*(?:\[(?!\d+\])[^\[]*)*(?:\[\d+\])*")
_NUMBER_IN_MARK = pattern(r"\[(\d+)\]")


def _find_evidence(evidence: Sequence[str], passages: Sequence[str]) -> tuple[int, float]:
    """Return the rank of the first passage that holds one of the texts, and the share of texts within the window."""
    wanted = [normalise(text) for text in evidence]
    flat = [normalise(text) for text in passages]
    rank = next((rank for rank, text in enumerate(flat, 1) if any(w in text for w in wanted)), 0)
    window = normalise("".join(passages)[:EVIDENCE_WINDOW])
    return rank, sum(w in window for w in wanted) / max(len(wanted), 1)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share with its 95 % bootstrap interval, over ``n`` questions."""

    value: float
    low: float
    high: float
    n: int

    def to_dict(self) -> dict[str, float]:
        """Return plain JSON."""
        return {"value": round(self.value, 4), "low": round(self.low, 4), "high": round(self.high, 4), "n": self.n}


@dataclass(frozen=True, slots=True)
class Report:
    """The results of one run, and the figures drawn from them."""

    results: tuple[Result, ...] = field(repr=False)
    reader: str = "extractive"
    index: str = ""

    def estimates(self) -> dict[str, Estimate]:
        """Return every figure by name, overall: shares with intervals (``mrr`` is a mean of reciprocal ranks)."""
        return _estimates(self.results)

    def by(self, attribute: str) -> dict[str, dict[str, Estimate]]:
        """Return the figures for each value of ``category`` or ``lang``."""
        groups: dict[str, list[Result]] = defaultdict(list)
        for result in self.results:
            groups[str(getattr(result, attribute))].append(result)
        return {name: _estimates(results) for name, results in groups.items()}

    def latencies(self) -> dict[str, dict[str, float]]:
        """Return p50, p95 and maximum in milliseconds for each stage."""
        stages: dict[str, list[float]] = defaultdict(list)
        for result in self.results:
            for stage, ms in result.timings_ms.items():
                stages[stage].append(ms)
        return {stage: _percentiles(values) for stage, values in stages.items()}

    def refusal_curve(self) -> list[tuple[float, float]]:
        """Return what each threshold would do: the shares of answerable and of unanswerable questions refused, rising."""
        told = sorted(r.probability for r in self.results if r.answerable and r.probability is not None)
        untold = sorted(r.probability for r in self.results if not r.answerable and r.probability is not None)
        if not told or not untold:
            return []
        points = {
            (bisect_left(told, cut) / len(told), bisect_left(untold, cut) / len(untold)) for cut in (*told, *untold)
        }
        return sorted(points | {(0.0, 0.0), (1.0, 1.0)})

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON: figures, figures by category and language, latencies, and every single result."""
        return {
            "format": 1,
            "reader": self.reader,
            "index": self.index,
            "overall": {name: e.to_dict() for name, e in self.estimates().items()},
            "by_category": _plain(self.by("category")),
            "by_language": _plain(self.by("lang")),
            "refusal_curve": [[round(x, 4), round(y, 4)] for x, y in self.refusal_curve()],
            "latency_ms": {s: {k: round(v, 3) for k, v in p.items()} for s, p in self.latencies().items()},
            "results": [
                {name: getattr(r, name) for name in Result.__dataclass_fields__ if name != "timings_ms"}
                | {"timings_ms": {stage: round(ms, 3) for stage, ms in r.timings_ms.items()}}
                for r in self.results
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """Restore a report from its JSON.

        Raises:
            UsageError: The data are not a report of ours.
        """
        try:
            results = tuple(Result(**result) for result in data["results"])
            return cls(results, str(data.get("reader", "")), str(data.get("index", "")))
        except (KeyError, TypeError) as error:
            raise UsageError(
                f"This is no report of `survey-qa eval` ({error!r}). Make one with --out REPORT.json."
            ) from error


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two reports over the questions that both hold."""

    changes: Mapping[str, tuple[float, float]]  # figure -> (earlier, now)
    gained: tuple[str, ...]  # ids of questions right now and wrong earlier
    lost: tuple[str, ...]
    missing: tuple[str, ...]  # ids that only one of the reports holds


def evaluate(
    assistant: Answerer, questions: Sequence[GoldQuestion], *, progress: Callable[[int, int], None] | None = None
) -> Report:
    """Ask every question and judge every answer; ``progress(done, total)`` is called after each."""
    results = []
    reader = index = ""
    for done, gold in enumerate(questions, 1):
        started = time.perf_counter()
        answer = assistant.ask(gold.question, history=gold.history)
        total = (time.perf_counter() - started) * 1_000
        result = judge(gold, answer)
        result.timings_ms["total"] = total
        results.append(result)
        reader, index = answer.reader, answer.index
        if progress:
            progress(done, len(questions))
    return Report(tuple(results), reader, index)


def compare(now: Report, earlier: Report) -> Comparison:
    """Compare two reports over the questions that both hold."""
    before = {result.id: result for result in earlier.results}
    after = {result.id: result for result in now.results}
    both = [id_ for id_ in after if id_ in before]
    old, new = _estimates([before[i] for i in both]), _estimates([after[i] for i in both])
    return Comparison(
        changes={name: (old[name].value, new[name].value) for name in new if name in old},
        gained=tuple(i for i in both if after[i].correct and not before[i].correct),
        lost=tuple(i for i in both if before[i].correct and not after[i].correct),
        missing=tuple(sorted(set(before) ^ set(after))),
    )


def _plain(groups: Mapping[str, Mapping[str, Estimate]]) -> dict[str, dict[str, dict[str, float]]]:
    return {group: {name: e.to_dict() for name, e in figures.items()} for group, figures in groups.items()}


def _estimates(results: Sequence[Result]) -> dict[str, Estimate]:
    answerable = [r for r in results if r.answerable]
    unanswerable = [r for r in results if not r.answerable]
    evidenced = [r for r in answerable if r.has_evidence]
    right = [r for r in answerable if r.correct]
    samples: dict[str, list[float]] = {
        "accuracy": [float(r.correct) for r in answerable],
        "refused_unanswerable": [float(r.refused) for r in unanswerable],
        "refused_answerable": [float(r.refused) for r in answerable],
        "evidence_recall@1": [float(r.evidence_rank == 1) for r in evidenced],
        "evidence_recall@5": [float(1 <= r.evidence_rank <= 5) for r in evidenced],
        "evidence_recall@10": [float(1 <= r.evidence_rank <= 10) for r in evidenced],
        "mrr": [1 / r.evidence_rank if r.evidence_rank else 0.0 for r in evidenced],
        "evidence_in_window": [float(r.evidence_in_window) for r in evidenced],
        "evidence_share_in_window": [r.evidence_share for r in evidenced],
        "citation_support": [r.supporting / r.citations for r in right if r.citations],
        "citation_precision": [r.supported / r.citations for r in results if r.citations],
        "citation_recall": [r.statements_supported / r.statements for r in results if r.statements],
        "correct_with_supporting_citation": [float(r.supporting > 0) for r in right],
    }
    return {name: _bootstrap(values) for name, values in samples.items() if values}


def _bootstrap(values: Sequence[float]) -> Estimate:
    """Mean with the percentile bootstrap interval (Efron, 1979); the seed is fixed, so that reports repeat."""
    generator = random.Random(0)  # noqa: S311 statistics, not secrets
    n = len(values)
    means = sorted(sum(generator.choices(values, k=n)) / n for _ in range(RESAMPLES))
    return Estimate(sum(values) / n, means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1], n)


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": ordered[len(ordered) // 2],
        "p95": ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))],
        "max": ordered[-1],
    }
