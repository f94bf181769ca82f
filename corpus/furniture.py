"""What a web page puts around an article: buttons, counters, adverts, payment boxes, copyright tails.

Judges single lines by their words; where a line stands (head, tail, a block of its own) is for ``corpus.cleaning`` to
weigh. The word lists are those of blog platforms in Chinese and English, not those of particular pages.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from corpus.lines import columns
from corpus.patterns import pattern

_NUMBER = r"\d[\d,.]*\s*(?:[kKmMwW万千亿]\+?|\+)?"

_BUTTONS = (
    "相关新闻 相关报道 相关阅读 相关链接 打印本页 关闭窗口 关闭本页 我要纠错 原创 转载 翻译 关注者 被浏览 登录后你可以 跳转到导航 跳转到搜索 知道了 分享到QQ 分享到新浪微博 "
    "博客 关于 关于我们 联系我们 加入我们 帮助中心 用户协议 隐私政策 友情链接 点赞 点个赞 点踩 赞 踩 顶 赞同 喜欢 收藏 一键收藏 评论 写评论 发表评论 发布评论 提交评论 查看评论 全部评论 最新评论 热门评论 精选评论 暂无评论 没有评论 "
    "还没有评论 抢沙发 网友评论 我要评论 留言 写留言 发表回复 分享 分享到 一键分享 转发 举报 投诉 打赏 赞赏 打赏作者 关注 已关注 取消关注 加关注 关注作者 私信 "
    "投币 在看 回复 提交 取消 确定 确认 发送 登录 登陆 注册 登录注册 立即登录 免费注册 退出 忘记密码 复制 复制链接 复制代码 海报 生成海报 生成长图 二维码 "
    "扫码分享 微信 微信扫一扫 扫一扫 朋友圈 微博 新浪微博 QQ空间 QQ好友 腾讯微博 豆瓣 打印 字号 返回顶部 回到顶部 返回首页 上一篇 下一篇 上一页 下一页 阅读原文 "
    "阅读全文 展开全文 查看更多 加载更多 点击查看更多 收起 展开 首页 登录后评论 有帮助 没帮助 非常有帮助 非常没帮助 实付 支付 立即支付 余额充值 立即充值 充值 "
    "扫码支付 微信支付 支付宝 添加红包 发红包 发出的红包 使用余额支付 点击重新获取 三连 一键三连 订阅 订阅专栏 加入收藏 编辑 删除 版权 版权声明 广告 推广 赞助 "
    "相关文章 相关推荐 猜你喜欢 热门文章 最新文章 热门推荐 为您推荐 更多文章 往期回顾 往期推荐 福利 粉丝福利 全文完 完 "
    "share|share this|share this post|share this article|like|like this|likes|tweet|pin it|retweet|follow|following|follow us|"
    "subscribe|subscribed|subscribe now|unsubscribe|comment|comments|leave a comment|leave a reply|add a comment|post comment|"
    "no comments|no comments yet|reply|replies|report|save|bookmark|copy link|copy|upvote|downvote|clap|login|log in|log out|"
    "sign in|sign up|sign up now|register|submit|cancel|menu|search|skip to content|skip to main content|back to top|top|"
    "previous|next|previous post|next post|previous article|next article|read more|continue reading|load more|show more|"
    "see more|print|email|facebook|twitter|x|linkedin|reddit|whatsapp|telegram|pinterest|hacker news|advertisement|"
    "advertisements|sponsored|sponsored content|loading|loading...|related|related posts|related articles|you may also like|"
    "more from this author|recent posts|popular posts|trending|newsletter|privacy policy|terms of service|terms of use|"
    "cookie policy|cookie settings|accept all|accept cookies|website|name|name *|email *|was this helpful?|"
    "was this page helpful?|yes|no|the end|end|like loading...|listen|home|blog|about|about us|contact|contact us|help|status|careers|"
    "privacy|terms|pricing|jump to navigation|jump to search|cancel reply|see all|expand|collapse|tags|edit|previous page|next page|toggle navigation|table of contents|sign in with google"
)  # fmt: skip


def _button_names() -> list[str]:
    """Return the names of buttons and boxes, Chinese ones separated by spaces, English ones by bars."""
    chinese, _, english = _BUTTONS.partition("share|")
    return sorted({*chinese.split(), *("share|" + english).split("|")}, key=len, reverse=True)


_BUTTON = "(?:" + "|".join(re.escape(name) for name in _button_names()) + ")"
_COUNTED = r"(?:人|个|条|次|篇)?\s*(?:点赞数?|赞同?|喜欢|收藏数?|评论数?|回复数?|转发数?|分享数?|关注|粉丝|阅读[量数]?|浏览[量数]?|访问[量数]?|热度|投币|在看|人?已?赞过?|觉得很?赞|views?|likes?|comments?|shares?|reads?|replies|claps?|followers?|responses?|reactions?|upvotes?|min(?:ute)?s?\ read)"

# Atomic, part by part: names of buttons are made of other ones, and numbers of separators, so that a line of them could
# otherwise be divided in more ways than can be tried.
_UI_LINE = pattern(
    rf"""(?:[-•*·|>»©®\[\]「」『』【】（）()]|\s)*+
    (?:(?>{_COUNTED}\s*[:：(（]?\s*{_NUMBER}(?!{_COUNTED})\s*[)）]?|{_NUMBER}{_COUNTED}|{_BUTTON})
    (?:[-•*·|/、，,>»©.…!！?？:：\[\]「」『』【】（）()]|\s|(?>{_NUMBER})(?![\w\u3400-\u9fff]))*+)++""",
    re.VERBOSE | re.IGNORECASE,
)

_UI_PART = pattern(rf"{_NUMBER}\s*{_COUNTED}|{_COUNTED}\s*[:：(（]?\s*{_NUMBER}|{_BUTTON}", re.IGNORECASE)

_PHRASES = pattern(
    rf"""
    # comments
      (?:暂无|还没有|没有|共\s*{_NUMBER}\s*条|全部|最新|登录后(?:才能|可以?|即可)?|请先?登录后?(?:再|才能|后)?|参与|写下|说说|发表|留下|快来)[^。]{{0,8}}(?:评论|留言|看法|回复|沙发)[^。]{{0,12}}
    | .{{0,6}}(?:你的|您的)?(?:邮箱地址|电子邮件地址)不会被公开.{{0,20}}
    | .{{0,12}}对[你您](?:有|是否有)帮助[么吗].{{0,4}}
    | your\ email\ address\ will\ not\ be\ published.*
    | save\ my\ name,?\ email.*
    | (?:be\ the\ first\ to|log\ ?in\ to|sign\ in\ to|you\ must\ be\ logged\ in\ to)\ .{{0,20}}(?:comment|reply|leave).{{0,20}}
    | 查看(?:全部|剩余)?\s*{_NUMBER}\s*(?:个|条)?(?:回答|评论|回复)
    # copyright
    | .{{0,4}}版权声明\s*[:：].*
    | .{{0,24}}(?:著?版权归|著作权归).{{0,12}}所有.{{0,80}}
    | .{{0,30}}(?:未经|未获).{{0,8}}(?:允许|许可|授权|同意).{{0,6}}(?:不得|禁止|请勿|严禁).{{0,30}}
    | .{{0,20}}(?:转载|引用).{{0,10}}(?:请|须|需|务必|必须).{{0,12}}(?:注明|附上|联系|保留|标明).{{0,60}}
    | .{{0,60}}(?:如有|若有|如|若|涉及)?(?:侵权|侵犯).{{0,24}}(?:删除|联系|告知|处理).{{0,30}}
    | .{{0,40}}(?:侵删|侵权必究)[。!！]?
    | (?:copyright|©|\(c\)).{{0,8}}(?:19|20)\d\d.{{0,80}}
    | .{{0,60}}all\ rights\ reserved.{{0,40}}
    | (?:proudly\ )?powered\ by\ .{{1,40}}
    | .{{0,12}}(?:京|沪|粤|浙|苏|津|渝|鲁|川|鄂|闽|皖|湘|豫|冀|陕|辽)(?:公网安备|ICP备|ICP证).{{0,40}}
    # tags and counters of articles
    | (?:本文|文章)(?:的?标签|分类|分类专栏|tags?)\s*[:：].{{0,80}}
    | (?:标签|分类专栏|所属专栏|收录于(?:合集|专栏|话题)?|tags?|filed\ under|posted\ in|categor(?:y|ies))\s*[:：].{{0,80}}
    | (?:文章|帖子|粉丝|评论|访问|阅读|浏览)(?:总)?(?:数量?|量|次数)\s*[:：]?\s*{_NUMBER}
    | \S{{1,20}}\s+(?:超级|普通)?管理员组?
    | {_NUMBER}\s*篇文章(?:\s*{_NUMBER}\s*订阅)?
    | tagged\s.{{1,80}}
    | (?:more|see\ all|recommended)\ from\ .{{1,40}}
    | 字号\s*[:：].{{0,20}}
    | 本文由.{{1,60}}(?:排版|发布|整理|生成)
    | (?:previous|next|上一篇|下一篇|上一章|下一章)\s*(?:post|article|page)?\s*[:：].{{1,100}}
    | [・·]?\s*IP\s*属地.{{0,10}}
    | 维基百科[，,]自由的百科全书
    | from\ wikipedia,\ the\ free\ encyclopedia
    | (?:取自|retrieved\ from)\s*[“"]?https?:.*
    # editor boxes
    | .{{0,4}}你还可以使用\s*@.{{0,20}}
    | 来?通知其他用户.{{0,4}}
    | .{{0,10}}支持\s*markdown\s*(?:语法|格式|编辑).{{0,20}}
    | .{{0,10}}(?:按|输入)?\s*(?:ctrl|⌘)\s*\+\s*enter.{{0,20}}
    # reading hints of pages
    | .{{0,12}}(?:点击|戳|关注|长按|识别|扫描|扫码)(?:上方|下方|文末|图中|上面|下面|左下角|右上角)?.{{0,6}}(?:蓝字|卡片|名片|二维码|小程序|公众号名片|阅读原文).{{0,40}}
    | .{{0,10}}(?:微信)?(?:扫一扫|扫码|扫描二维码|长按识别).{{0,6}}(?:关注|加群|进群|添加|分享|支付|领取|打赏|阅读|查看|下载).{{0,30}}
    | (?:subscribe|sign\ up|join)\ (?:to|for|our|my)\ .{{0,60}}(?:newsletter|mailing\ list|channel|blog|podcast|updates|emails?|discord|patreon).{{0,60}}
    | (?:please\ )?(?:follow|find|connect\ with|join)\ (?:us|me)\ on\ .{{1,60}}
    | (?:if\ you\ (?:enjoyed|liked|like|enjoy|found)\b.{{0,60}})(?:share|subscribe|follow|clap|like|comment|support).{{0,80}}
    | thanks\ for\ reading.{{0,80}}
    | (?:we|this\ (?:web)?site)\ uses?\ cookies.{{0,160}}
    """,
    re.VERBOSE | re.IGNORECASE,
)

_PAYMENT_BOX = pattern(
    r"""
      请填写.{0,20}
    | .{0,8}(?:红包|钱包|余额|充值|支付|打赏|金额|抵扣).{0,6}(?:个数|金额|余额|最[小低大高]|说明|前往|点击|成功|失败|方式|支付|充值|不足|查询).{0,24}
    | (?:钱包|账户|当前)?余额\s*[:：]?\s*¥?\s*[\d.]+.{0,16}
    | 需?(?:支付|实付|付款|打赏)(?:金额)?\s*[:：]\s*¥?\s*[\d.]+\s*元?
    """,
    re.VERBOSE,
)
_CLAUSE = pattern("[，,。；;！!]")

_ACT = "(?:点赞|赞同|点个?赞|点个在看|在看|关注|收藏|转发|分享|三连|订阅|打赏|评论|留言|投币|star)"
_PLEA = pattern(
    rf"""(?:欢迎|记得|求|恳请|麻烦|别忘|不要忘|觉得|感觉|喜欢|如果|点个|帮忙|顺手|动动|请|可以)
    .{{0,30}}?(?:{_ACT}[、,，/和与及 ]*.{{0,4}}?{_ACT}
      |{_ACT}(?:一下|一波|支持|我们|本号|博主|作者|我的?(?:公众号|专栏|博客|频道)|哦|吧|呀|哟|～|~|!|！|。|$)(?!的))""",
    re.VERBOSE | re.IGNORECASE,
)
_ADVERT = pattern(
    r"""
      (?:资料|学习|面试|干货|电子书|教程|源码|福利|新人)[^。，,]{0,8}(?:大?礼包|大放送|免费送|免费领)
    | (?:免费|限时|立即|点击|扫码|回复|私信|即可|可以|方可)[^。]{0,16}领取
    | 领取[^。]{0,10}(?:资料|礼包|福利(?![金院机])|优惠|红包|教程|电子书|课程)
    | (?:^|[，,。!！;；:：、\s])(?:欢迎|请|快来|可以|微信|大家|立即|长按|点击)*(?:关注|扫码|扫描|搜索|识别|添加|搜)[^。]{0,8}(?:公众号|微信号|二维码|小助手|视频号|订阅号|知识星球|qq群|微信群|客服)[^。]{0,60}(?:领取|获取|回复|发送|进群|加群|入群|拉你|交流|免费|下载|资料|礼包|备注|更多|第一时间)
    | (?:加入|进入|扫码进|加)[^。]{0,8}(?:交流群|学习群|微信群|qq群|技术群|读者群|粉丝群)
    | (?:限时|最后|仅剩|立减|优惠|秒杀|报名)[^。]{0,12}(?:优惠|名额|特价|折扣|元|学员|报名)[^。]{0,30}(?:购买|报名|抢购|咨询|扫码)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LINKED = pattern(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s\"[^\"]*\")?\)")
_EDITORS = pattern("[（(【\\[]?\\s*(?:责任编辑|责编|编辑|审核|校对|排版|监制)\\s*[:：|丨].{1,30}")
_SENTENCE = pattern("[。！!]")
_THIRD_PERSON = pattern(
    "[-•*\\s]*(?:用户|读者|平台|系统|商家|消费者|学生|玩家|参与者|被试|受访者|该|这|其|研究|实验|模型|论文|他们|人们|企业|公司)"
)
_TOOLBAR = pattern(
    r"粗体|斜体|删除线|链接|代码块?|列表|引用|标题|图片|表格|下划线|\b(?:bold|italic|strikethrough|link|code|list|quote|heading|image)\b",
    re.IGNORECASE,
)
_PAYMENT = pattern("红包|钱包|余额|充值|支付|抵扣|打赏|付费专栏|提现|VIP")
_AGO = pattern(
    r"\d+\s*(?:秒|分钟|个?小时|天|日|周|个?月|年)(?:之)?前|刚刚发布|\b\d+\s*(?:minutes?|hours?|days?|weeks?|months?|years?)\s+ago\b",
    re.IGNORECASE,
)
_LONGEST_LABEL = 44  # columns of words without any punctuation that may be a label rather than a sentence
_PUNCTUATION = pattern(r"[^\w\s]|_")
_COUNTER = pattern(rf"[-•*·\s]*{_NUMBER}\s*")
_HEAD_COUNTS = pattern(
    rf"{_COUNTED}\s*[:：(（]?\s*{_NUMBER}|{_NUMBER}\s*{_COUNTED}|IP\s*属地|版权|发布于|阅读时长", re.IGNORECASE
)
_CRUMBS = pattern(
    r"(?:首页|主页|home|当前位置|您的位置|位置)\s*[:：]?\s*[>»/›→].{1,60}|当前位置\s*[:：].{1,60}", re.IGNORECASE
)

_TRIGGERS = [
    "公众号",
    "二维码",
    "扫码",
    "扫一扫",
    "点赞",
    "三连",
    "版权",
    "转载",
    "侵权",
    "侵删",
    "领取",
    "礼包",
    "交流群",
    "评论",
    "分享",
    "标签:",
    "标签：",
    "打赏",
    "蓝字",
    "在看",
    "subscribe",
    "follow us",
    "follow me",
    "cookies",
    "rights reserved",
    "copyright",
    "powered by",
    "comment",
    "share",
    "粗体",
    "bold",
    "加群",
    "进群",
    "关注",
    "会员",
    "newsletter",
    "thanks for reading",
    "advertisement",
    "广告",
    "联系删除",
    "icp备",
    "赞同",
]


class Verdict(IntEnum):
    """What a line's words say about it."""

    CONTENT = 0
    NEUTRAL = 1  # short, says nothing: a number, a name
    PAYMENT = 2  # a sentence about paying; furniture only among furniture
    BUTTON = 3  # names of buttons and counters: furniture only in company
    FURNITURE = 4  # furniture even alone


def judge(line: str) -> Verdict:
    """Return what a line's words say about it, wherever it stands.

    >>> judge("© 版权声明") > Verdict.PAYMENT, judge("T5 是谷歌的模型。")
    (True, <Verdict.CONTENT: 0>)
    """
    content = line.strip()
    if "](" in content and len(content) < 1000:
        content = _LINKED.sub(r"\1", content)
    return Verdict.CONTENT if len(content) > 300 else _judge(content)


@lru_cache(maxsize=4096)  # each round of cleaning asks about the same lines from the head, the tail and each block
def _judge(content: str) -> Verdict:
    width = columns(content)
    if width > 300:
        return Verdict.CONTENT
    if _UI_LINE.fullmatch(content):
        return Verdict.FURNITURE if len(_UI_PART.findall(content)) >= 3 else Verdict.BUTTON
    if width <= 200 and (_is_advert(content) or _PHRASES.fullmatch(content.strip("*_>•·- "))):
        return Verdict.FURNITURE
    if width <= 80 and (_PLEA.search(content) or len(set(_TOOLBAR.findall(content.lower()))) >= 4):
        return Verdict.FURNITURE
    if width <= 80 and _PAYMENT_BOX.fullmatch(content):
        return Verdict.PAYMENT if _CLAUSE.search(content) else Verdict.BUTTON
    if width <= 60 and _EDITORS.fullmatch(content):
        return Verdict.BUTTON
    if width <= 160 and len(set(_PAYMENT.findall(content))) >= 2:
        return Verdict.PAYMENT
    if width <= 28 and not content.endswith("。") and "http" not in content:
        return Verdict.NEUTRAL
    if width <= _LONGEST_LABEL and not _PUNCTUATION.search(content):
        return Verdict.NEUTRAL
    return Verdict.CONTENT


def _is_advert(content: str) -> bool:
    """Tell whether a line advertises: its first sentence does, and at least half of all do, and it addresses the reader."""
    if not _ADVERT.search(content):
        return False
    sentences = [sentence for sentence in _SENTENCE.split(content) if sentence.strip()]
    adverts = [_ADVERT.search(sentence) is not None for sentence in sentences]
    return adverts[0] and 2 * sum(adverts) >= len(adverts) and not _THIRD_PERSON.match(content)


def may_hold_furniture(text: str) -> bool:
    """Tell cheaply whether any line could be furniture that stands alone in the middle of a text."""
    lower = text.lower()  # one search for each word is faster than one for all of them
    return any(trigger in lower for trigger in _TRIGGERS)


def is_byline(line: str) -> bool:
    """Tell whether a line at the head of a page only says how long ago, how often read, or where in the site."""
    content = line.strip()
    if columns(content) > 80 or re.search("[。，,；;]", content):
        return False
    return bool(_AGO.search(content) or len(_HEAD_COUNTS.findall(content)) >= 2 or _CRUMBS.fullmatch(content))


def is_counter(line: str) -> bool:
    """Tell whether a line is nothing but a number such as ``0`` or ``1.2k``."""
    return _COUNTER.fullmatch(line) is not None
