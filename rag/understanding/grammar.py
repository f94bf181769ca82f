"""How questions ask, in Chinese and English: which words ask for which kind of answer, and how such an answer looks.

Tables only, and the functions that read them. Nothing here knows a subject, a document or an index; a new kind of
question is a new row.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from corpus.patterns import pattern
from rag.understanding.measures import direction_on
from rag.understanding.ranks import as_extreme

Kind = Literal[
    "link", "superlative", "count", "list", "percentage", "money", "date", "duration", "number",
    "organisation", "venue", "language", "lineage", "reason", "definition", "person", "opinion", "method", "yes_no", "name", "fact",
]  # fmt: skip

_MOST = (
    r"(?:most|least|largest|biggest|smallest|cheapest|highest|lowest|fewest|newest|oldest|fastest|slowest|longest|shortest|earliest|latest|best|greatest"
    r"|(?:heavi|light|tall|deep|wid|narrow|thick|thinn|hott|warm|cold|strong|weak|bright|quick|young|rich|poor|loud|quiet|steep)est|\w{3,}iest)"
)
# The first pattern that matches decides. Order: what is unmistakable first, bare question words last.
_KINDS: tuple[tuple[Kind, str], ...] = (
    ("link", r"^(?!.*(?:多少|\bhow (?:many|much|long|old)\b)).*?(?:链接|网址|网页|地址(?!(?:是|在)?(?:哪|什么地方))|仓库|官网|主页|页面|\burl\b|(?:代码|源码|权重|模型|论文|博客).{0,6}(?:哪里|哪儿|在哪(?![个家种年一些届本])|放在|去哪|从哪)|(?:哪里|哪儿|去哪|从哪).{0,6}(?:下载|下代码|获取|找到|能看|下到)|下代码"
             r"|(?:论文|\bpapers?)\s*(?:的|on)?\s*arxiv\W*$|(?-i:(?:\bl|^L)inks?\b)|\b(?:urls?|repo(?:sitory|sitories)?|homepage|web ?(?:site|page)|download)\b|\bwhere\b.{0,30}\b(?:code|weights|source|paper|blog|github)\b|\b(?:code|github) (?:for|of)\b)"),
    ("person", r"作者(?:们)?(?:都|分别)?(?:是|有|为)?(?:谁|哪些|哪几|哪位|什么人)|谁(?:写|撰写|著|编写)|\bwho (?:is|are|was|were) the (?:\w+ )?authors?\b|\bwho (?:wrote|authored)\b"),
    ("superlative", r"(?:哪|谁|什么|几).{0,24}最(?!终|后|近|初|早的|大的挑战)|最(?:低|高|大|小|贵|便宜|重|轻|长|短|快|慢|早|多|少)的(?!.{0,4}(?:[特优缺难亮]点|问题|挑战|区别|优势|不足|困难|意义|贡献|创新|原因|变化|影响|好处|障碍|风险|瓶颈)).{1,10}是什么|最(?!终|后|近|初).{0,16}(?:是哪|是谁|的是什么|的是哪|哪个|哪款|哪家)"
                    rf"|\b(?:which|who|what)\b.{{0,40}}\b{_MOST}\b|^(?:the )?{_MOST} [a-z]"
                    r"|\bwhich\b.{3,60}\b(?:first|last)\s*(?:[?.,]|$)"),
    ("percentage", r"百分之(?:多少|几)|百分比|占比|多大比例|(?:多少|几)\s?%|几成|比例.{0,4}(?:多少|多大|多高)|\b(?:what|which) (?:percent|percentage|proportion|share|fraction)\b|\bpercentage\b"),
    ("count", r"(?:表|表格|列表|清单|名单|文中|文章|文档|资料|本文|综述|目录|里).{0,12}(?:一共|总共|共).{0,10}(?:几|多少)(?:个|款|种|篇|家|项|条|台|座|首|本)|\bhow many\b.{0,40}\b(?:listed|are there|in the (?:table|list|survey|document|guide))\b"),
    ("money", r"多少(?:美元|元|钱|人民币|美金|欧元|刀|块钱|费用|成本|预算)|(?:成本|费用|价格|花费|开销|造价|预算|售价|票价).{0,10}(?:多少|多高|多大|几|是什么)|花(?:了|费)?(?:多少|几)(?:钱|[?？。]|$)|多贵|贵吗|贵不贵|值多少|便宜吗"
              r"|\bhow (?:much|expensive)\b.{0,40}\b(?:cost|pay|paid|spend|spent|price|money|dollars?|worth|charge|raise|fund)|\bhow expensive\b|\bwhat\b.{0,50}\b(?:costs?|price|budget|fee)\b"),
    ("duration", r"多久|多长时间|多少时间|(?:几|多少)个?(?:小时|天|周|星期|个月|分钟|秒)|历时|时长|耗时|\bhow (?:long|many (?:hours|days|weeks|months|minutes|seconds|years))\b"),
    ("date", r"什么时候|何时|什么时间|哪(?:一)?(?:年|月|天|日)|几(?:年|月|号|日)|哪个(?:年代|月|世纪)|多会儿|年份|时间(?:是|呢|$)|日期|^when\b(?!.*, ?(?:what|who|which|how|where|why|is|are|was|were|do|does|did|can|could)\b)|\bwhen (?:was|were|is|did|does|do|has|had|have|will|can)\b|\b(?:what|which|in what|in which) (?:year|date|month|day|century|decade)\b|\bhow recently\b"),
    ("method", r"(?:分(?:为|成)?|要|经过|有)(?:几|多少)(?:个)?(?:步骤|步|阶段|环节)|\bhow many (?:steps|stages|phases)\b|\b(?:what|which) (?:are the )?(?:\w+ )?(?:steps|stages|phases)\b"),
    ("number", r"多少|(?<!哪)几(?=[个种项层倍次位名台块张篇家条款代步章门座部岁人%届集米面根支颗粒只栋扇道首本艘架辆匹株棵枚幅])|多大(?!学)|多高|多长|多重|多宽|多深|多远|多快|规模(?:是|有|呢|$|\?)|\bhow (?:many|much|big|large|old|tall|high|deep|wide|far|fast|heavy|thick|cold|hot|warm|strong|loud|bright|steep)\b|\b(?:number|size|amount|total|quantity|population) of\b|\b(?:what|how)\b.{0,40}\b(?:size|number|amount|rate|score|gain|accuracy|count|length|ratio)\b|\bwhat (?:is|was|are|were) the (?:\w+ )?(?:height|width|depth|distance|weight|mass|diameter|age|speed|temperature|population|capacity)\b"),
    ("reason", r"(?<![称叫作译名改认视成喻定化])为什么|为何|为啥|原因|怎么会|何以|缘故|出于什么|目的是|\bwhy\b|\breasons?\b|\bwhat (?:causes?|caused|made|makes|led|explains)\b|\bhow come\b|\bpurpose\b"),
    ("lineage", r"(?:基于|以|从|由|在|用)了?(?:什么|哪个|哪些|哪一个|哪种|谁)[^,，]{0,12}(?:基础|底座|基座|衍生|演化|演变|微调|改进|改编|发展|得到|来的)|底座|基座|前身|后继|衍生(?:自|出|成)|演变|演化|升级(?:成|为|到)|变成|后来.{0,10}(?:什么|哪)|之后.{0,20}得到|基于(?:什么|哪)"
                r"|\bbuilt (?:from|on|upon)\b|\bbased on\b|\bderived?\b|\bfine-?tuned from\b|\bsuccessors?\b|\bpredecessors?\b|\bevolved?\b|\bdescend|\bbase model\b|\bwhat did .{1,40} become\b|\bturned into\b"),
    ("list", r"哪些|哪几|有哪|哪(?:两|三|四|五|六|七|八|九|十)|都(?:出|有|列|包括|包含|发布|做)过?(?:了)?(?:哪|什么|啥)|列出|列举|罗列|举出|(?:给出|写出|找出|说出)(?:所有|全部)|举例|举几个|几个例子|分为哪|包括什么|包含什么|三个.{0,6}是什么|\b(?:which|what) (?:(?!(?:is|was|are|were|do|does|did|has|have|can|the|of)\b)[\w-]+ ){0,3}?(?!(?:is|was|does|has|this|happens|causes|makes|means|helps|keeps|comes|remains|drives|limits|allows)\b)[a-z-]{2,}[^\Wsui]s\b(?!\s+(?:(?:the|an?|its|their|this|that)\b|(?-i:[A-Z])))|\blist\b|\bname (?:all|the|some|three|two)\b|\bwhat are\b|\bexamples? of\b"),
    ("organisation", r"(?:哪|什么)(?:家|个|些|一家|所)?(?:公司|机构|组织|大学|团队|实验室|研究院|学校|企业|单位|厂商|部门|院校|球队|俱乐部)|谁(?:家)?.{0,6}(?:发布|开发|研发|推出|做的|出品|研制|提出|建造|制造|创建|创立|打造)|(?:发布|开发|研发|推出|研制|提出)(?:者|方|单位|机构)?(?:是谁|是哪)|出自(?:谁|哪)|开发者|研发方|合作方|(?:哪|什么)家.{0,8}(?:的|出)|谁的(?:模型|产品|项目)|由(?:谁|哪)"
                     r"|\bwho (?:\w+ )?(?:developed|released|built|created|made|trained|published|introduced|proposed|owns?|founded|designed|produced|launched|maintains?|is behind)\b|\b(?:which|what) (?:\w+ ){0,2}(?:company|organi[sz]ation|lab|laboratory|institution|university|team|group|firm|agency|school|college)\b|\bdevelopers?\b"),
    ("venue", r"哪个会|什么会(?!有)|哪届|会议|期刊|发表在|刊于|发表(?:在|于)(?:哪|什么)|\b(?:conference|journal|venue|proceedings|workshop)\b|\bwhere\b.{1,60}\b(?:published|presented|appear)"),
    ("language", r"(?:什么|哪种|哪国|哪门|何种)语言|\b(?:what|which) languages?\b"),
    ("definition", r"^(?:请问|请)?(?:什么|啥)(?:是|叫)(?!因|原|造)|(?:是|指|叫)(?:什么意思|啥意思)|^[^的，,]{1,24}(?<!名字)(?<!全名)(?<!名称)是(?:个|一种|一个)?(?:什么|啥)(?:东西|玩意|样的)?(?:模型|项目|系统)?[?？。]?$|指的?是什么|的?(?:定义|含义)|介绍一下|简介|^what (?:is|are) (?:a |an )?[\w.+-]+(?: [\w.+-]+){0,2}\?*$|\bwhat (?:does|is) .{1,40} (?:mean|stand for|refer to)\b|\bwhat is meant by\b|\bdefin(?:e|ition)\b|\btell me about\b|(?:何谓|何为)(?=\S)|(?:含义|定义)[?？。]*$"),
    ("opinion", r"(?:怎么|怎样|如何)(?:看待?|评价|评估)|看法|观点|态度|前景|看好|(?:怎么|如何)(?:说|讲)(?!出)|什么(?:建议|评价|判断)|\b(?:opinions?|verdict|stance|outlook|point of view|advice)\b|\b(?:say|think|recommend|advise|conclude)s? (?:about|of|on|regarding)\b|\bviews? (?:on|of|about)\b"),
    ("person", r"谁|哪位|哪个人|什么人|作者|第一作者|\bwho(?:m|se)?\b|\bauthors?\b"),
    ("name", r"叫(?:什么|啥|做什么)|(?:名字|名称|全名|全称|简称)(?:是|叫|$|\?|？)|什么名|\bcalled\b|\bnames?\b|\btitle\b|\bstands? for\b"),
    ("method", r"怎么|如何|怎样|(?:什么|哪种|何种)(?:方法|方式|技术|手段|算法|策略|机制|办法)|\bhow\b|\b(?:what|which) (?:\w+ ){0,2}(?:methods?|techniques?|approach|approaches|algorithms?|strategy|way)\b"),
    ("yes_no", r"吗|是否|是不是|有没有|能不能|可不可以|会不会|能否|可否|了没|没有[?？]?$|^(?:is|are|was|were|does|do|did|can|could|has|have|will|would|should)\b"),
    ("name", r"哪|什么|啥|\bwhich\b|\bwhat\b"),
)  # fmt: skip
_KIND_PATTERNS = tuple((kind, pattern(source, re.IGNORECASE)) for kind, source in _KINDS)

# What an answer of a kind must show somewhere. Kinds that any sentence can answer are not here.
_NUMERAL = r"(?:(?<![A-Za-z.])(?<![A-Za-z][-–])\d[\d,.]*|(?!(?<![共只仅])一[个種种项层位块张篇家条步座日天])[一二两三四五六七八九十百千万亿]{1,20}(?=[个種种项层倍次位名台块张篇家条款代步章门座部年月日天小周分秒万亿]|美元|元|成)|一半|半)"
_NUMBER_WORDS = (
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    r"eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|trillion|"
    r"half|twice|double|dozen|third|quarter|both|single|once|no|none|several|few)\b"
)
_MONTHS = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_VALUES: dict[Kind, str] = {
        "number": rf"{_NUMERAL}|{_NUMBER_WORDS}",
        "count": rf"{_NUMERAL}|{_NUMBER_WORDS}",
        "percentage": r"\d\s?[%％]|百分之|一半|[一二三四五六七八九]成|\bper ?cent|percent|\bhalf\b|\b(?:third|quarter)s?\b|倍|\d/\d|分之",
        "money": r"[$￥¥€£]\s?\d|\d\s?[亿万千百]*\s?(?:美元|元|人民币|美金|欧元|英镑|刀|块钱|港元|港币|日元|韩元|法郎|克朗|卢布|卢比|比索|泰铢|镑)|[一二三四五六七八九十百千万亿]+(?:美元|元|人民币)|\b(?:dollars?|usd|euros?|pounds?|yuan|yen|cents?|crowns?|kron(?:a|or|e|er)|francs?|rupees?|rubles?|pesos?)\b|免费|\bfree\b"
        r"|\b(?:costs?|sold for|sells for|priced at)\s(?:about |around |only |just |roughly )?\d[\d,.]*\s(?!(?:%|percent|times|hours?|days?|months?|gpu))[a-z]+",
        "duration": r"(?:\d|[一二两三四五六七八九十几数半])\s?[百千万余多]*\s?(?:个)?(?:多)?(?:小时|天|周|星期|月|年|分钟|秒|日|世纪)|\b(?:hours?|days?|weeks?|months?|minutes?|seconds?|years?|decades?|centur)",
        "date": rf"(?:1\d|20)\d\d|\d{{1,2}}\s?月|\d+\s?(?:年|世纪)|[一二三四五六七八九〇零十]{{1,4}}(?:年|月|日|世纪)|\b{_MONTHS}\b|年间|年代|时期|\b\d{{3,4}}\b(?!\s?[亿万千]|[,.]\d)|\bcentury\b|去年|今年|明年",
        "venue": r"\b(?:[A-Z]{2,}[A-Za-z]*|NeurIPS|Nature|Science|FAccT)\b['’ ]?\s?(?:20)?\d\d|会议|期刊|大会|学报|\bconference\b|\bjournal\b|proceedings",
        "language": r"[\u4e00-\u9fff](?:文|语)|\b(?:english|chinese|french|german|spanish|japanese|korean|italian|russian|arabic|latin|portuguese|dutch|python|java|rust|fortran)\b|c\+\+|\b[A-Z][a-z]+(?:ish|ese|ian|an|ic)\b",
        "method": r"先.{2,60}[再后]|首先|然后|接着|步骤|[二两三四五六\d]\s?个?(?:步|阶段)|第一步|方法|做法|办法|方式|通过|采用|利用|借助|做的是|用的?是|使用|\bby (?:\w+ly )?\w+ing\b|\bus(?:e[sd]?|ing)\b|\bfirst\b.{2,90}\bthen\b|\b(?:in|two|three|four|\d) (?:steps|stages|phases)\b|\bmethod|\bthrough\b|\bvia\b",
        "opinion": r"我(?!国)|笔者|看好|看衰|认为|觉得|以为|推荐|建议|值得|应该?|不如|可惜|前景|未来|有望|趋势|潜力|仍然?|更适合|最适合|\b(?:I|we|should|recommend\w*|believe\w*|think|thinks|promising|potential|worth|advice|advise\w*|future|likely|expect\w*|prefer\w*|in our view|opinion)\b",
        "link": r"https?://|www\.",
        "reason": r"因(?![素子])|由于|所以|为了|以便|从而|导致|目的|旨在|使得|促进|有鉴于|\bbecause\b|\bdue to\b|\bsince\b|\bin order to\b|\bas a result\b|\btherefore\b|\bso that\b|\bcaus|\breason\b|\bto (?:avoid|prevent|make|allow|ensure|improve|promote)\b|\bthus\b|\bthereby\b",
        "lineage": r"基于|基础上|衍生|而来|演化|演进|微调|得到|升级|前身|改进|改编|发展|继承|源自|延续|\bbased on\b|\bbuilt (?:on|upon|from)\b|\bfine-?tun|\bderived?\b|\bfrom\b|\bextend|\bsuccessor\b|\bevol|\bvariant\b|\bversion of\b",
}  # fmt: skip
VALUE_PATTERNS = {kind: pattern(source, re.IGNORECASE) for kind, source in _VALUES.items()}

# Words beside which an answer of a kind usually stands: "developed by", "称为", "in order to".
_CUES: dict[Kind, str] = {
        "organisation": r"发布|出自|来自|开发|研发|研制|推出|提出|公布|开源|作者|机构|出品|创立|成立|建造|制造|设计|创建|主导|牵头|合作|联合|旗下|的(?:产品|模型)|\bby\b|\bdevelop|\breleas|\bfound|\bintroduc|\bpropos|\bcreat|\bpublish|\bbuil[dt]|\bdesign|\bproduc|\blaunch|\bauthor",
        "date": r"年|月|发布|发表|成立|建成|开始|时间|于|自|\bin\b|\bon\b|\bsince\b|\buntil\b|\bfrom\b",
        "money": r"成本|价格|费|花|售|卖|元|\bcosts?\b|\bpric|\bpaid\b|\bfee|\bbudget|\bworth\b",
        "duration": r"历时|持续|花了?|需要|训练了|长达|\bfor\b|\btook\b|\btakes?\b|\blast",
}  # fmt: skip
CUES = {kind: pattern(source, re.IGNORECASE) for kind, source in _CUES.items()}
# The name of a field or a column that gives such an answer whatever it says: "作者 / Authors: …", "| Year |".
_LABELS: dict[Kind, str] = {
    "organisation": r"第一作者|作者|机构|公司|开发者|开发商|出品方?|发布者|发布机构|研发机构|单位|组织|制造商|厂商|厂家|生产商|建造者|建造方|authors?|organi[sz]ations?|developers?|company|institutions?|maintainers?|makers?|manufacturers?|vendors?|builders?|creators?|by|publisher|owner",
    "date": r"年份|时间|日期|(?:发布|发表|上线|出版|推出|首发|成立|建成)(?:时间|日期|年份)?|years?|dates?|released?(?: date)?|published|since|opened|founded",
    "money": r"(?:训练)?成本|费用|价格|售价|造价|预算|costs?|prices?|(?:training )?cost|budget|fee",
    "venue": r"会议|期刊|发表于?|venue|conference|journal",
    "language": r"语言|languages?",
}  # fmt: skip
_LABELS["person"] = (
    r"第一作者|作者|创始人|负责人|撰写|译者|发明者|authors?|written by|by|writers?|creators?|founders?|inventors?|maintainers?|editors?"
)
LABELS = {
    kind: pattern(rf"^\s*(?:[-*•]\s+)?(?:{names})(?:\s*/\s*[\w ]{{2,20}})?\s*(?:[:：|]|$)", re.IGNORECASE)
    for kind, names in _LABELS.items()
}
BY_WHOM = LABELS["organisation"]
CHEAP = pattern(r"便宜|贵|省钱|\b(?:cheap|expensive|affordable)", re.IGNORECASE)
HOW_MUCH_COST = pattern(r"成本|价|费|cost|price|fee|budget|预算|金额", re.IGNORECASE)

# What tells somebody to list things; words around it are cut wrongly where a dictionary has others ("列 出所 有").
LIST_THEM = pattern(r"(?:列出|列举|罗列|举出|写出|找出|说出|给出)(?:一下|出)?(?:所有|全部|一些)?的?")

# Words that only ask or fill, beyond those that the index drops: they say nothing about what an answer must contain.
FILLERS_ZH = pattern(
    r"(?:分(?:为|成)?)?(?:几|多少)个?(?:步骤?|阶段|环节)|请问|请|麻烦|分别|各自|全名|全称|名称|名字|帮我|告诉我|给我|给一下|一下|我想知道|想问|到底|究竟|一共|总共|大概|大约|左右|具体|详细|目前|现在|如今|以前|后来|当时|其实|真的"
    r"|看待|什么|哪些|哪个|哪家|哪里|哪儿|哪种|哪位|哪几|哪|多少|多大(?!学)|多高|多长|几个|几|怎么样|怎么|如何|怎样|为什么|为何|为啥|是否|是不是|有没有|能不能|吗|呢|吧|啊|呀|啦|嘛|的|了|是|有|在|被|把|给|跟|和|与|及|以及|都|也|还|就|才|又|再|会|能|可以|可|要|得|过|着|个|那|这|其中|里面|之中|它|他|她|们|谁|啥|用|叫|对|从|让|去|来|上|下|中|里|以|为|于|所|之|并|或|等|些|样|出|做|说|讲"
)
FILLERS_EN = frozenset(
    [
        "what",
        "which",
        "who",
        "whom",
        "whose",
        "when",
        "where",
        "why",
        "how",
        "many",
        "much",
        "long",
        "big",
        "large",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "do",
        "does",
        "did",
        "done",
        "the",
        "a",
        "an",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "by",
        "with",
        "about",
        "as",
        "and",
        "or",
        "than",
        "that",
        "this",
        "these",
        "those",
        "it",
        "its",
        "their",
        "there",
        "any",
        "some",
        "give",
        "tell",
        "me",
        "show",
        "please",
        "can",
        "could",
        "would",
        "should",
        "will",
        "has",
        "have",
        "had",
        "according",
        "into",
        "during",
        "since",
        "after",
        "before",
        "between",
        "list",
        "name",
        "full",
        "called",
        "used",
        "use",
        "using",
        "get",
        "got",
        "make",
        "made",
        "say",
        "said",
        "kind",
        "kinds",
        "type",
        "types",
        "sort",
        "sorts",
        "exist",
        "exists",
        "happen",
        "happens",
        "happened",
        "per",
        "each",
        "also",
        "currently",
        "now",
        "approximately",
        "about",
    ]
)

# Nouns that only say which kind of answer is asked for: the answer is one of these, it does not say so.
KIND_NOUNS: dict[Kind, frozenset[str]] = {
    "language": frozenset(["语言", "编程语言", "language", "languages"]),
    "organisation": frozenset(
        ["公司", "机构", "组织", "团队", "企业", "单位", "company", "organisation", "organization"]
    ),
    "date": frozenset(["时间", "日期", "年份", "年", "year", "date"]),
    "money": frozenset(["钱", "money"]),
    "person": frozenset(["人", "person"]),
    "opinion": frozenset(
        [
            "看法",
            "观点",
            "态度",
            "评价",
            "评估",
            "看待",
            "看",
            "前景",
            "建议",
            "opinion",
            "view",
            "views",
            "outlook",
            "verdict",
            "stance",
            "advice",
            "think",
            "thinks",
        ]
    ),
}

# What a question about size may be answered with though its words do not occur: "175B" says parameters by itself.
_PARAMETERS = pattern(r"参数|(?<!数据)规模|体量|\bparam", re.IGNORECASE)
_HOW_LARGE = pattern(r"多大|\bhow (?:big|large)\b", re.IGNORECASE)
SIZE_VALUE = pattern(
    r"(?<![\d.])\d[\d,.]*\s?(?:[BMT](?![A-Za-z])|[KMGTP]B(?![A-Za-z])|亿|billion\b|million\b|trillion\b)"
)
# Nouns that say nothing without the word before them: the size of what, the rate of what.
GENERIC_HEADS = frozenset(
    [
        "size",
        "rate",
        "length",
        "number",
        "count",
        "function",
        "score",
        "price",
        "cost",
        "time",
        "ratio",
        "amount",
        "level",
        "speed",
        "width",
        "depth",
        "height",
        "value",
        "type",
        "name",
    ]
)

# Nouns that an answer to "what … does it have" rarely repeats.
ABSTRACT_NOUNS = frozenset(
    [
        "好处",
        "坏处",
        "优点",
        "优势",
        "缺点",
        "不足",
        "特点",
        "特色",
        "特征",
        "作用",
        "用途",
        "用处",
        "意义",
        "影响",
        "结果",
        "后果",
        "问题",
        "情况",
        "关系",
        "区别",
        "原因",
        "内容",
        "方面",
        "东西",
        "事情",
        "地方",
        "办法",
        "做法",
        "观点",
        "看法",
        "建议",
        "advantage",
        "advantages",
        "benefit",
        "benefits",
        "drawback",
        "drawbacks",
        "feature",
        "features",
        "effect",
        "effects",
        "result",
        "results",
        "problem",
        "problems",
        "reason",
        "reasons",
        "relation",
        "role",
        "purpose",
        "use",
        "uses",
        "thing",
        "things",
        "aspect",
        "aspects",
        "impact",
        "meaning",
        "opinion",
        "view",
        "advice",
    ]
)
# Nouns for the lines of any table: who counts them counts whatever it lists.
ROW_NOUNS = frozenset(
    ["entry", "entries", "item", "items", "row", "rows", "record", "records", "条目", "条", "行", "项", "项目", "记录"]
)
_ENTRIES = pattern(r"表|清单|名单|目录|\b(?:listed|lists?|tables?)\b", re.IGNORECASE)
# "How long" asks for a time, or for an extent: of a bridge in metres, of a text in pages.
_HOW_LONG = pattern(r"\bhow long\b|多长(?!时间)", re.IGNORECASE)
_IS_HOW_LONG = pattern(r"\bhow long (?:is|are|was|were)\b|多长(?!时间)", re.IGNORECASE)
_EXTENT = pattern(
    r"\d\s?(?:[kcm]?m(?![A-Za-z])|ft\b)|[\d十百千万半]\s?(?:公里|千米|厘米|毫米|英里|英尺|海里|光年|米|里|尺|寸|页|字|行)"
    r"|\b(?:(?:kilo|centi|milli)?met(?:er|re)|mile|inche|yard|page|word|token|light[- ]year)s?\b|\b(?:feet|foot|inch)\b",
    re.IGNORECASE,
)
# What a measure must be given in: who asks how heavy something is wants no metres.
_DIMENSIONS = tuple(
    (pattern(asked, re.IGNORECASE), pattern(given, re.IGNORECASE))
    for asked, given in (
        (
            r"多重|重量|质量是多少|\bhow heavy\b|\bweigh|\bmass of\b",
            r"吨|公斤|千克|克|斤|磅|\d\s?kg(?![A-Za-z])|\btons?\b|\btonnes?\b|\bpounds?\b|\blbs?\b|\bgrams?\b|\bkilograms?\b",
        ),
        (
            r"(?<![率例比分价本])(?<![率例比分价本]有)多[高宽深远厚]|[高宽深厚]度|直径|口径|距离|\bhow (?:tall|wide|deep|far|high)\b|\b(?:height|width|depth|diameter|distance)\b",
            r"米|里|尺|寸|光年|天文单位|层|\d\s?(?:k|c|m)?m(?![A-Za-z])|\b(?:kilo|centi|milli)?met(?:er|re)s?\b|\bmiles?\b|\bf(?:ee|oo)t\b|\binch|\blight[- ]years?\b|\byards?\b|\bfloors?\b|\bstor(?:ey|ie)s?\b",
        ),
        (r"温度|\btemperature\b", r"度|℃|°|\d\s?K\b|\bdegrees?\b|\bkelvin"),
        (r"面积", r"平方|公顷|亩|\bsquare\b|\bacres?\b|\bhectares?\b|km2|m2|²"),
        (r"显存|内存|\bmemory\b", r"\d\s?[KMGT]i?B?(?![A-Za-z])|兆|字节|\bbytes?\b"),
    )
)

_CLAUSE_BORDER = pattern(
    r"[?？。;；]+\s*|[,，、]\s*(?=[^,，、?？]{0,14}(?:多少|什么|哪|谁|几个|多久|多长|多大|如何|怎么|为什么|吗|呢))"
    r"|,?\s+and (?=(?:how|what|which|who|when|where|why|with which|with what)\b)",
    re.IGNORECASE,
)
_ASKS = pattern(
    r"多少|什么|啥|哪|谁|有几|几个?[^,，]{0,4}$|多[久长大高]|如何|怎|为何|吗|呢|是否|没$|\b(?:what|which|who|whose|when|where|why|how)\b",
    re.IGNORECASE,
)
_COMPARES = pattern(
    r"区别|差异|不同|一样|同样|相同|异同|相比|对比|比较|孰|更|差(?:多少|几)|相差|多多少|分别|各(?:自|是|有|用|由)|谁的?(?:[^,，]{0,8})(?:多|大|高|长|早|少|小|低|贵|便宜)|哪个[^,，]{0,8}(?:多|大|高|长|早|少|小|低|贵|便宜)"
    r"|\b(?:compare[ds]?|comparison|versus|vs\.?|differences?|differ|respectively|both|same|or|more|less|fewer|larger|bigger|smaller|cheaper|better|faster|higher|lower|newer|older|longer|shorter|than)\b",
    re.IGNORECASE,
)
_SEVERAL = pattern(
    r"哪些|哪几|有哪|哪(?:两|三|四|五|六|七|八|九|十)|都.{0,6}(?:哪|什么|啥)|列出|列举|罗列|举出|(?:给出|写出|找出|说出)(?:所有|全部)|举例|分别|各自"
    r"|\b(?:which|what) (?:(?!(?:is|was|are|were|do|does|did|has|have|can|the|of)\b)[\w-]+ ){0,3}?(?!(?:is|was|does|has|this|happens|causes|makes|means|helps|keeps|comes|remains|drives|limits|allows)\b)[a-z-]{2,}[^\Wsui]s\b(?!\s+(?:(?:the|an?|its|their|this|that)\b|(?-i:[A-Z])))|\blist\b|\bname (?:all|the|some|three|two)\b|\bwhat are\b|\bexamples\b",
    re.IGNORECASE,
)

_AMOUNT_WORDS = pattern(r"多少|数量|几|\b(?:count|number|amount|how (?:many|much)|size)\b", re.IGNORECASE)
_MORE = r"(?:更|最|较|谁的?|哪(?:个|款|家|种|一个)?)[^,，]{0,8}?"
_BIGGER = pattern(
    rf"{_MORE}(?:多(?!少)|大(?!模型|语言|小)|高|长|晚|新|贵|快|强)"
    r"|\b(?:more|most|larger|largest|bigger|biggest|higher|highest|longer|longest|newer|newest|latest|greatest)\b|\bwhich\b.*\blast\s*(?:[?.,]|$)",
    re.IGNORECASE,
)
_SMALLER = pattern(
    rf"{_MORE}(?:(?<!多)少|小(?!羊)|低|短|早|旧|便宜|慢|弱|省)"
    r"|\b(?:less|least|fewer|fewest|smaller|smallest|lower|lowest|shorter|shortest|older|oldest|earlier|earliest|cheaper|cheapest)\b|\bwhich\b.*\bfirst\s*(?:[?.,]|$)",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def kind_of(text: str) -> Kind:
    """Return the kind of answer that a question, or one clause of it, asks for.

    >>> kind_of("这台望远镜有多少块镜片?"), kind_of("Who built the bridge?"), kind_of("为什么选这里?")
    ('number', 'organisation', 'reason')
    """
    text = as_extreme(text)
    return next((kind for kind, asks in _KIND_PATTERNS if asks.search(text)), "fact")


def asks_for_size(text: str, *, alone: bool) -> bool:
    """Tell whether a question asks how large something itself is, so that a bare quantity such as ``20B`` answers it.

    ``alone`` says that nothing but the thing is named: "how large is its cache" asks about the cache.
    """
    return _PARAMETERS.search(text) is not None or (alone and _HOW_LARGE.search(text) is not None)


def says_size(word: str) -> bool:
    """Tell whether a word only says that a size is asked for: "params", "参数量"; a bare quantity answers it."""
    return _PARAMETERS.search(word) is not None


def direction_of(text: str) -> int:
    """Return 1 when a comparison looks for the larger, -1 for the smaller, 0 when it only sets side by side."""
    text = as_extreme(text)
    if _SMALLER.search(text):
        return -1
    return 1 if _BIGGER.search(text) else direction_on(text)


def compares_upward(text: str) -> bool:
    """Tell whether a question looks for the larger, whatever else it looks for."""
    return _BIGGER.search(text) is not None


def asks_for_amount(text: str) -> bool:
    """Tell whether a question is about how many or how much, whatever its question word."""
    return _AMOUNT_WORDS.search(text) is not None


def split_clauses(text: str) -> list[str]:
    """Split a question that asks several things into its clauses, each with a question word of its own.

    >>> split_clauses("这桥多长、多少钱建的?")
    ['这桥多长', '多少钱建的']
    """
    parts = [part.strip() for part in _CLAUSE_BORDER.split(text) if part and part.strip()]
    asking = [part for part in parts if _ASKS.search(part)]
    return asking or parts or [text.strip()]


def compares(text: str) -> bool:
    """Tell whether a question that names several things sets them side by side."""
    return _COMPARES.search(text) is not None


def fits_dimension(question: str, text: str) -> bool:
    """Tell whether a text gives a measure of the kind asked for, as far as the question says which.

    >>> fits_dimension("这面镜子有多重?", "镜子直径 3 米"), fits_dimension("这面镜子有多重?", "镜子重 2 吨")
    (False, True)
    """
    return all(given.search(text) for given in _dimensions_asked(question))


@lru_cache(maxsize=1024)
def _dimensions_asked(question: str) -> tuple[re.Pattern[str], ...]:
    """Return what measures look like of the dimensions that a question asks for; it is held against many texts."""
    return tuple(given for asked, given in _DIMENSIONS if asked.search(question))


def asks_for_entries(text: str) -> bool:
    """Tell whether a question says itself that it is about a table or a list."""
    return _ENTRIES.search(text) is not None


def length_fit(question: str, text: str) -> float | None:
    """Return how well a text says how long something is: in time or in space; None when that is not asked.

    >>> length_fit("How long is the pier?", "The pier is 300 m long."), length_fit("这条路多长?", "这条路很宽")
    (1.0, 0.0)
    """
    asks, is_long = _asks_length(question)
    if not asks:
        return None
    if is_long and _EXTENT.search(text):
        return 1.0
    if VALUE_PATTERNS["duration"].search(text) is None:
        return 0.0
    if is_long:
        return 0.8
    return 1.0 if CUES["duration"].search(text) else 0.4


@lru_cache(maxsize=1024)
def _asks_length(question: str) -> tuple[bool, bool]:
    """Return whether a question asks how long something is, and whether it asks so of what is long and does not last."""
    return _HOW_LONG.search(question) is not None, _IS_HOW_LONG.search(question) is not None


def asks_for_several(text: str) -> bool:
    """Tell whether a question asks for more than one thing: a list, or the members of a group."""
    return _SEVERAL.search(text) is not None
