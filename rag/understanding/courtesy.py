"""What people say around a question: greetings, thanks, who they are and that they would like to ask.

None of it tells what an answer must contain, and a reader that takes it for words of the question looks for it.
"""

from __future__ import annotations

import re

from corpus.patterns import pattern

_PART = pattern(r"(?:[.](?=\w)|[^,，。.!！;；~～\n?？])+[,，。.!！;；~～\n?？]*\s*")
_ASKS = pattern(
    r"[?？]|什么|啥|哪|谁|多少|几|怎|如何|吗|呢|为何|是否|何时|多[大高长久快远重]|\b(?:what|which|who|whom|whose|when|where|why|how)\b",
    re.IGNORECASE,
)
_GREETS = pattern(
    r"\s*(?:你好|您好|大家好|各位(?:好|大佬|老师|专家)?|嗨|哈喽|早上好|下午好|晚上好|(?:不好意思|抱歉)?[,，]?打扰(?:你|您|大家)?(?:一下)?了?|不好意思|抱歉|麻烦(?:你|您)?(?:了|一下)?"
    r"|(?:非常|十分|先)?(?:谢谢|感谢|多谢|谢过)(?:你|您|大家|啦|了)?|感激不尽|辛苦(?:了|啦)?|拜托(?:了|啦)?"
    r"|(?:我)?(?:想|有个?问题想)?(?:请教|请问|问|咨询)(?:你|您|大家)?(?:一下|下|个问题|一个问题)?"
    r"|(?:hi|hello|hey|dear)(?: (?:there|all|everyone|everybody|team|assistant|\w+ assistant))?|good (?:morning|afternoon|evening)|greetings|excuse me"
    r"|sorry (?:to bother you|for the (?:basic |stupid |silly )?question)|(?:many )?thanks(?: (?:a lot|so much|in advance|very much))?|thank you(?: (?:so|very) much| in advance)?|cheers|please)\s*",
    re.IGNORECASE,
)
_TELLS_OF_SELF = pattern(
    r"\s*(?:(?:我|本人|俺)(?:们)?(?:最近|正在|正|刚刚?|现在|目前|在|是|想|对)|(?:i'm|i am|i've|i have|we are|we're|my name is)\b)(?!.*\d)",
    re.IGNORECASE,
)
_BEGINS = pattern(
    r"\s*(?:(?:我)?(?:很|非常|挺)?(?:想|想要|希望)(?:请教|请问|问|咨询|知道|了解|搞清楚|弄清楚)(?:你|您|大家)?(?:一下|下)?[:：]?(?=.{4})"
    r"|(?P<can>能|能不能|可以|可不可以|可否|能否)?(?:麻烦|劳驾|请)?(?:你|您)?(?:能|可以)?(?:告诉我|(?:帮我|给我|帮忙)(?:说|讲|查|看|找)(?:一下|下|说|讲|查|看)?|告知)(?:一下|下)?[,，:：]?(?=.{4})"
    r"|(?:could|can|would|will) you (?:please |kindly )*(?:tell me|let me know|help me (?:find out|understand)|explain to me|say)\s+(?!about\b)"
    r"|(?:i (?:would like|want|wanted|'d like|wish|need) to (?:know|ask|find out|understand)|i(?:'m| am| was)? (?:wondering|wonder|curious)|do you (?:happen to )?know|may i ask|please tell me)\s+(?!about\b)(?:you )?)",
    re.IGNORECASE,
)
_NAMED = pattern(r"[A-Z\d]|[a-z]+\d|《|“|「")


def without_courtesy(question: str) -> str:
    """Return a question without what only surrounds it; unchanged where nothing else would be left.

    What somebody says of themselves is kept if it names something: the question may be about that.

    >>> without_courtesy("你好，我最近在学习天文，想请教一下，Heron-2 有多少面天线呢？谢谢！")
    'Heron-2 有多少面天线呢？'
    >>> without_courtesy("Hi there! Could you please tell me how many antennas Heron-2 has? Thanks in advance.")
    'how many antennas Heron-2 has?'
    """
    parts = _PART.findall(question)
    if not parts or not _ASKS.search(question):
        return question
    kept = [part for part in parts if not _only_courteous(part)]
    if not any(_ASKS.search(part) for part in kept):
        return question
    return _without_beginning("".join(kept).strip()) or question


def _without_beginning(question: str) -> str:
    """Return a question without "could you tell me" before it; "能告诉我…吗" asks no yes or no."""
    match = _BEGINS.match(question)
    if match is None:
        return question
    rest = question[match.end() :].strip()
    return (
        re.sub(r"吗(?=\W*$)", "", rest)
        if match["can"] and _ASKS.search(re.sub(r"[吗?？]\W{0,20}$", "", rest))
        else rest
    )


def _only_courteous(part: str) -> bool:
    """Tell whether a part of a text greets, thanks, or tells who asks, and neither asks nor names anything."""
    said = part.strip(" ,，。.!！;；~～?？\n")
    if _GREETS.fullmatch(said):
        return True
    return _TELLS_OF_SELF.match(said) is not None and not _ASKS.search(said) and not _NAMED.search(said[1:])
