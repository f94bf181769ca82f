import time

import pytest

from corpus import Document
from corpus.cleaning import clean, clean_characters

ARTICLE = "大模型的三种训练方法\n\n第一种方法是预训练,它需要大量文本。\n\n第二种方法是指令微调,它需要人写的例子。"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a\r\nb\rc\x0bd\x85e\u2028f", "a\nb\nc\nd\ne\nf"),
        ("GPT\u00a0-\u20033\u3000模型", "GPT - 3 模型"),
        ("a\x00b\x07c\x7fd\x9fe", "abcde"),
        ("\x1b[1;31m红\x1b[0m\x1b]0;title\x07字", "红字"),
        ("零\u200b宽\u200d\ufeff\u00ad字", "零宽字"),
        ("正\u202e反\u2066向\u200f", "正反向"),
        ("看\U000e0041\U000e0042\U000e007f见", "看见"),
        ("孤\ud800立\udfff", "孤立"),
        ("　　缩进的段落", "缩进的段落"),
    ],
)
def test_characters_without_text_go_and_odd_spaces_become_spaces(raw: str, expected: str) -> None:
    assert clean_characters(raw) == expected


def test_emoji_accents_and_full_width_letters_stay_as_they_are() -> None:
    text = "👨\u200d👩\u200d👧 ❤\ufe0f e\u0301 ＡＢＣ ①"
    assert clean(text) == text


@pytest.mark.parametrize(
    "tail",
    [
        "  • 5\n    点赞\n  • 13\n    收藏\n    觉得还不错? 一键收藏\n  • 0\n    评论",
        "© 版权声明\n\n相关文章\n\n暂无评论\n\n暂无评论...",
        "感觉有帮助的朋友,欢迎点赞、关注、收藏三连!",
        "版权声明：本文为博主原创文章，遵循 CC 4.0 BY-SA 版权协议，转载请附上原文出处链接和本声明。",
        "添加红包\n\n请填写红包祝福语或标题\n\n红包个数最小为10个\n\n当前余额1.23前往充值 >\n需支付:10.00\n某用户\n发出的红包\n实付\n钱包余额 0",
        "福利\n关注公众号「某某学习」,回复 666 领取资料礼包。",
        "扫码添加小助手，备注“大模型”，拉你进技术交流群\n\n长按识别二维码关注公众号\n\n点个“在看”，让更多人看到\n\n阅读原文",
        "**粗体** _斜体_ [链接](http://example.com) `代码` - 列表 > 引用\n。你还可以使用@\n来通知其他用户。",
        "本文标签: 模型 训练",
        "赞同 1,024\n63 条评论\n分享\n收藏\n喜欢\n收起",
        "未经作者允许，不得转载本文。",
        "Share this:\n\nTwitter\nFacebook\n\nLike this:\n\nLike Loading...",
        "Leave a Reply\n\nYour email address will not be published. Required fields are marked *\n\nName *\n\nEmail *\n\nPost Comment",
        "Copyright © 2023 Some Blog. All rights reserved.",
        "If you enjoyed this article, please share it with your friends!\n\nThanks for reading! Subscribe for free to receive new posts.",
        "Tags: models, training\n\nNo comments yet",
        "[上一篇：剪枝](/p) | [下一篇：蒸馏](/d)",
        "（责任编辑：某某）\n相关新闻\n· 大模型走进课堂\n· 算力网络提速\n打印本页 关闭窗口\n京ICP备12345678号",
        "More from Jane Doe\n\nHow tokenizers work\n\nHelp\n\nStatus\n\nAbout\n\nPrivacy\n\nTerms",
        "[首页](/) [关于](/about) [联系我们](/contact) [隐私政策](/privacy)",
    ],
)
def test_what_stands_around_an_article_is_taken_off_its_end(tail: str) -> None:
    assert clean(f"{ARTICLE}\n\n{tail}") == ARTICLE


@pytest.mark.parametrize(
    "head",
    [
        "某频道2年前 (2022)发布 someone\n0",
        "admin 管理员组\n\n文章数量: 123456",
        "阅读量1.2w\n 收藏 88\n点赞数 23",
        "Follow\n\n8 min read\n\n1.2K\n\n17\n\nShare",
    ],
)
def test_counters_and_accounts_between_title_and_text_go(head: str) -> None:
    title, rest = ARTICLE.split("\n\n", 1)
    assert clean(f"{title}\n\n{head}\n\n{rest}") == ARTICLE


def test_a_menu_above_the_title_goes() -> None:
    assert clean(f"Skip to content\nHome\nBlog\nAbout\nContact\n\n{ARTICLE}") == ARTICLE


MENUS = [
    "[Kombüse](/k) [Takelage](/t) [Lotsen](/l) [Bilge](/b)",
    "[Kombüse](/k) | [Takelage](/t) | [Lotsen](/l) | [Bilge](/b)",
    '- [Kombüse](/k)\n- [Takelage](/t)\n\n- [Lotsen](/l "Pilots")\n- [Bilge](/)',
    "[船坞](/a) · [缆绳](/b) · [灯塔](/c)\n[潮汐表](/d)",
]


@pytest.mark.parametrize("menu", MENUS)
def test_a_menu_in_words_that_nobody_listed_goes_by_its_links(menu: str) -> None:
    title, rest = ARTICLE.split("\n\n", 1)

    assert clean(f"{menu}\n\n{ARTICLE}") == ARTICLE
    assert clean(f"{title}\n\n{menu}\n\n{rest}\n\n{menu}") == ARTICLE


@pytest.mark.parametrize(
    "links",
    [
        "Read on:\n\n- [Winds](/w)\n- [Tides](/t)\n- [Rain](/r)\n- [Snow](/s)",
        "## Further reading\n\n- [Winds](/w)\n- [Tides](/t)\n- [Rain](/r)\n- [Snow](/s)",
        "- [Winds](https://a.org/w)\n- [Tides](https://b.org/t)\n- [Rain](https://c.org/r)\n- [Snow](https://d.org/s)",
        "- [Winds](/w) blow\n- [Tides](/t) rise\n- [Rain](/r) falls\n- [Snow](/s) melts",
        "- [Winds](/w)\n- [Tides](/t)\n- [Rain](/r)",
        "- [How the winds of the north were measured](/w)\n- [Why the tides of the south are late](/t)\n"
        "- [What the rain of the west tells us](/r)\n- [Where the snow of the east has gone](/s)",
    ],
)
def test_links_that_belong_to_a_text_stay(links: str) -> None:
    assert clean(f"{ARTICLE}\n\n{links}") == f"{ARTICLE}\n\n{links}"


def test_the_title_is_kept_once() -> None:
    title = ARTICLE.split("\n")[0]
    assert clean(ARTICLE.replace("\n\n", f"\n\n{title}\n\n")) == ARTICLE


def test_a_given_title_is_kept_once_too() -> None:
    text = "# 模型训练方法综述\n\n模型训练方法综述\n\n正文在这里。"
    assert clean(text, "模型训练方法综述") == "# 模型训练方法综述\n\n正文在这里。"


def test_lines_of_images_tags_comments_and_rules_go() -> None:
    text = "正文一。\n\n![结构图](img/1.png)\n\n<img src='a.png'>\n\n[![标](a.svg)](https://a.org)\n\n<!-- 暗\n注 -->\n\n---\n\n正文二。"
    assert clean(text) == "正文一。\n\n正文二。"


def test_an_image_inside_a_sentence_stays() -> None:
    assert clean("如图 ![结构](a.png) 所示。") == "如图 ![结构](a.png) 所示。"


def test_an_advert_in_the_middle_goes_when_it_is_a_paragraph_of_its_own() -> None:
    first, rest = ARTICLE.rsplit("\n\n", 1)
    assert clean(f"{first}\n\n点击下方卡片，关注我们，获取更多干货\n\n{rest}") == ARTICLE


@pytest.mark.parametrize(
    "paragraph",
    [
        "用户关注公众号后可以领取优惠券,这条路径的转化率是 3.2%。",
        "平台的社区里,点赞、评论和分享是三种主要互动。",
        "红包的金额和个数由用户填写,余额不足时提示充值。",
        "上面的表格会持续更新,欢迎大家关注下面的开源地址。",
        "版权问题是训练数据的一大难题,转载数据需要授权。",
        "Users who subscribe to the newsletter share articles twice as often.",
        "The model can like, share and comment on posts.",
        "三年前,大家都在讨论评论数据的质量。",
    ],
)
def test_running_text_about_such_things_stays(paragraph: str) -> None:
    assert clean(f"{ARTICLE}\n\n{paragraph}\n\n{ARTICLE[:9]}到此为止,结论如下。\n\n{paragraph}").count(paragraph) == 2


def test_a_list_that_a_sentence_introduces_stays() -> None:
    text = f"{ARTICLE}\n\n用户能做三件事：\n\n- 点赞\n- 收藏\n- 评论"
    assert clean(text) == text


def test_buttons_in_code_stay() -> None:
    text = f"{ARTICLE}\n\n```\n点赞\n分享\n评论\n```"
    assert clean(text) == text


def test_one_button_word_alone_is_not_enough() -> None:
    assert clean(f"{ARTICLE}\n\n分享") == f"{ARTICLE}\n\n分享"


def test_a_text_that_is_nothing_but_furniture_is_kept() -> None:
    assert clean("点赞\n收藏\n评论") == "点赞\n收藏\n评论"


DIRECTORY = "目录\n\n数据\n\n模型\n\n训练方法\n\n结果\n\n\n数据\n\n我们用了三种数据。\n\n模型\n\n模型有两种。\n\n公开的那种\n\n它在网上。\n\n训练方法\n\n训练分两步。\n\n结果\n\n结果很好。"


def test_a_directory_of_the_headings_goes() -> None:
    assert clean(DIRECTORY).startswith("数据\n\n我们用了三种数据。")


def test_lines_that_the_directory_does_not_name_are_no_headings_before_and_after_it_is_gone() -> None:
    once = Document.from_text(DIRECTORY, id="a")
    assert [section.title for section in once.sections] == ["数据", "模型", "训练方法", "结果"]
    assert Document.from_text(once.text, id="a").sections == once.sections


def test_a_directory_with_numbers_dots_and_pages_goes() -> None:
    text = "某手册的第一版\n\n目录\n1. 引言 ..... 1\n2. 数据 ..... 3\n3. 结论 ..... 9\n\n1. 引言\n\n先说目的。\n\n2. 数据\n\n再说数据。\n\n3. 结论\n\n最后总结。"
    assert "....." not in clean(text)
    assert clean(text).startswith("某手册的第一版\n\n1. 引言")


def test_a_list_of_links_into_the_page_goes() -> None:
    text = "# 项目\n\n## 目录\n\n- [安装](#安装)\n- [模型](#模型)\n- [许可](#许可)\n\n## 安装\n\n一条命令。"
    assert clean(text) == "# 项目\n\n## 安装\n\n一条命令。"


def test_a_chapter_called_contents_that_lists_something_else_stays() -> None:
    text = "目录\n\n服务目录有三级。\n\n第一级是产品,第二级是项目。"
    assert clean(text) == text


def test_glued_references_get_a_line_each() -> None:
    text = "参考资料\n\n[1]甲:https://a.org/1.pdf[2]乙:https://a.org/2[3]丙:https://a.org/3\n"
    assert clean(text) == "参考资料\n\n[1]甲:https://a.org/1.pdf\n[2]乙:https://a.org/2\n[3]丙:https://a.org/3"


def test_marks_in_prose_are_not_torn_apart() -> None:
    text = "见 https://a.org/1 和文献[2]里的 https://a.org/2 。"
    assert clean(text) == text


def test_inside_a_kept_line_only_white_space_changes() -> None:
    line = r"BLOOMZ \& mT0[31]  见\(LoRA\) **粗** “引” ，。"
    assert clean(f"{ARTICLE}\n\n{line}。") == f"{ARTICLE}\n\n{line}。"


def test_a_common_margin_goes_and_nested_lists_keep_theirs() -> None:
    assert clean("    - 甲\n      - 乙\n\n    丙。") == "- 甲\n  - 乙\n\n丙。"


def test_more_than_one_blank_line_becomes_one() -> None:
    assert clean("\n\n甲。\n\n\n \n\n乙。\n\n") == "甲。\n\n乙。"


@pytest.mark.parametrize(
    "line",
    [
        "赞 " + "1 " * 140,
        "[" * 5_000,
        "](" * 5_000,
        " " * 50_000 + "x",
        "<!--" * 5_000,
        "| " * 5_000,
        "点赞" * 5_000,
        "。" * 20_000,
    ],
)
def test_hostile_lines_take_no_long_time(line: str) -> None:
    begin = time.perf_counter()
    Document.from_text(f"{line}\nx", id="a")
    assert time.perf_counter() - begin < 5  # a second at most on a busy machine; what grows as a square takes minutes
