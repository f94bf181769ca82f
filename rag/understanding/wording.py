"""Other words for the same: irregular forms of English verbs, and everyday verbs that name their doer or their date.

General language only, nothing of any subject. Stems and dictionaries do not lead from "wrote" to "written" or from
"who founded" to "its founder".
"""

from __future__ import annotations

from functools import cache, lru_cache

from index.terms import analyze, is_cjk

_FORMS = """
be was were been being; bear bore born birth; become became; begin began begun start started; blow blew blown; break broke broken;
bring brought; build built builder; buy bought; catch caught; choose chose chosen choice; come came; deal dealt;
draw drew drawn; drink drank drunk; drive drove driven driver; eat ate eaten; fall fell fallen; feed fed; feel felt;
fight fought; fly flew flown flight; forget forgot forgotten; freeze froze frozen; get got; give gave given; go went gone;
grow grew grown growth; hear heard; hide hid hidden; hold held holder; keep kept; know knew known; lay laid; lead led leader;
leave left; lend lent; lose lost loss; mean meant; meet met; pay paid payment; ride rode ridden; ring rang rung;
rise rose risen; run ran; see saw seen; seek sought; sell sold sale; send sent; shake shook shaken; shine shone;
shoot shot; show shown; shrink shrank; sing sang sung singer; sink sank sunk; sit sat; sleep slept; speak spoke spoken speech;
spend spent; spin spun; stand stood; steal stole stolen; stick stuck; strike struck; swear swore sworn; swim swam;
take took taken; teach taught teacher; tear tore torn; tell told; think thought; throw threw thrown; wake woke;
wear wore worn; win won winner; write wrote written writer author authored; bind bound; fled flee; forbid forbade forbidden;
die died death dead; live lived life; marry married marriage; high height; long length; wide width; deep depth; strong strength;
heavy weight weigh weighed; hot heat; old age aged; large size; able ability; invent invented inventor invention;
discover discovered discoverer discovery; create created creator creation; found founded founder founders founding co-founder;
establish established establishment; design designed designer; develop developed developer development; own owned owner;
produce produced producer production; publish published publisher publication; direct directed director;
compose composed composer; arrive arrived arrival; depart departed departure; defeat defeated beat beaten;
destroy destroyed destruction; drawback drawbacks disadvantage disadvantages downside weakness; advantage advantages benefit benefits strength;
purpose aim goal; movie film; job occupation profession; start begin; end finish; buy purchase; help assist; fast quick speed; cheap inexpensive;
 explain explanation; decide decided decision; lie lay lain located; succeed successor succeeded success
"""
_ALIKE = """
创立 创办 创建 创始 成立; 写 撰写 编写 著 作者; 建造 修建 兴建 建成 落成; 发明 发明者; 发布 推出 发表 公布 问世 首发 上线 面世; 出版 发行 刊行;
成本 费用 花费 造价 价格 开销; 出生 诞生 生于; 去世 逝世 死于 病逝 死亡 卒于 病故 离世 辞世; 位于 坐落 地处; 启用 开通 开放 开业 通车 投入使用; 结束 终止 告终;
获胜 胜利 赢得 夺冠 冠军; 原名 旧名 旧称 本名; 别名 又名 又称 也称 亦称 俗称 别称 又叫 也叫 亦名; 开源 开放源代码 公开源代码 开放源码; 收费 付费; 商用 商业化 商业用途 商业使用;
毕业 就读; 担任 出任 任职 职务 现任; 位置 位于; 职业 身份; 面积 平方公里; 人口 居民; 外观 外形 外表;
爱好 兴趣 喜欢 喜爱 热爱; 著作 著有 作品 代表作; 食物 为食 捕食 觅食 摄食 主食; 颜色 体色 色彩 毛色; 籍贯 祖籍 原籍; 栖息 生活 栖居;
缺点 不足 缺陷 劣势 短板 弊端; 优点 优势 长处 好处; 特点 特征 特色 特性; 区别 差别 差异 不同; 步骤 阶段 环节 流程; 目的 旨在 用意 为了;
原因 缘由 由于 因为 理由; 长度 全长 总长; 高度 海拔 身高; 提升 提高 改善 增强; 下降 降低 减少; 采用 运用 使用 利用; 包含 包括 涵盖; 任期 任职
"""


def same_words(word: str) -> tuple[str, ...]:
    """Return other words that say what a word (lower case) says, none for most.

    >>> same_words("wrote")[:2], same_words("telescope")
    (('write', 'written'), ())
    """
    return tuple(other for other in _groups().get(word, ()) if other != word)


@lru_cache(maxsize=1 << 12)
def same_terms(word: str) -> tuple[str, ...]:
    """Return the index terms of the other words for a word; of several terms none would say it alone."""
    own = set(analyze(word))
    others = [[t for t in analyze(other) if len(t) > 1 or not is_cjk(t)] for other in same_words(word)]
    return tuple(dict.fromkeys(terms[0] for terms in others if len(terms) == 1 and terms[0] not in own))


@cache
def _groups() -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for line in (_FORMS + ";" + _ALIKE).split(";"):
        words = tuple(line.split())
        for word in words:
            groups[word] = tuple(dict.fromkeys((*groups.get(word, ()), *words)))
    return groups
