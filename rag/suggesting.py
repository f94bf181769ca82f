"""Questions that lead on from an answer: what else the documents' tables tell of the models that it was about.

A question is offered only for a field that has a value, and only if the documents' own words answer it: none of them
leads into nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, zip_longest

from corpus.languages import Language
from index import Index
from rag.exploring import ModelCard, model_key
from rag.understanding.questions import understand

MOST = 3
MOST_TRIED = 8  # a bound on the work

_ASKING: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "parameters": "{name} 有多少参数？",
        "organisation": "{name} 是哪家机构发布的？",
        "derived_from": "{name} 是基于什么模型做出来的？",
        "data": "{name} 用了什么训练数据？",
        "training_tokens": "{name} 用了多少 token 训练？",
        "hardware": "{name} 需要什么硬件？",
        "cost": "{name} 的训练成本是多少？",
        "languages": "{name} 支持哪些语言？",
        "weights_open": "{name} 开源吗？",
        "date": "{name} 是什么时候发布的？",
        "tuning": "{name} 是怎么训练出来的？",
    },
    "en": {
        "parameters": "How many parameters does {name} have?",
        "organisation": "Who released {name}?",
        "derived_from": "Which model is {name} based on?",
        "data": "What data was {name} trained on?",
        "training_tokens": "How many tokens was {name} trained on?",
        "hardware": "What hardware does {name} need?",
        "cost": "How much did training {name} cost?",
        "languages": "Which languages does {name} support?",
        "weights_open": "Is {name} open source?",
        "date": "When was {name} released?",
        "tuning": "How was {name} trained?",
    },
}


def suggest(
    question: str, asked: Sequence[str], index: Index, models: Sequence[ModelCard], answers: Callable[[str], bool]
) -> list[str]:
    """Return up to three questions about the models that a stand-alone question names, in its language.

    ``asked`` are the questions of the conversation so far; none of them is offered again, nor is what the question itself
    asks for, as far as its words tell. ``answers`` tells whether the documents answer a question.
    """
    understood = understand(question, index)
    cards = {model_key(model.name): model for model in models}
    named = [cards[key] for mention in understood.mentions for key in _keys(mention.spellings) if key in cards]
    offers = [
        [words for words in _about(model, understood.language, question) if words not in asked]
        for model in {model.name: model for model in named}.values()
    ]
    in_turn = (offer for row in zip_longest(*offers) for offer in row if offer)
    return list(islice(filter(answers, islice(in_turn, MOST_TRIED)), MOST))


def _keys(spellings: Sequence[str]) -> Iterator[str]:
    return (model_key(spelling) for spelling in spellings)


def _about(model: ModelCard, language: Language, question: str) -> Iterator[str]:
    """Yield a question for each field that is told of a model, those left out that share their words with the question."""
    words = question.lower()
    for field, asking in _ASKING[language].items():
        telling = asking.replace("{name}", "").lower()
        if model.of(field) and not _asks_the_same(telling, words):
            yield asking.format(name=model.short_name)


def _asks_the_same(telling: str, question: str) -> bool:
    """Tell whether more than half of what a question of ours asks for stands in another one already."""
    grams = {telling[at : at + 2] for at in range(len(telling) - 1) if telling[at : at + 2].isalnum()}
    return sum(gram in question for gram in grams) > len(grams) / 2
