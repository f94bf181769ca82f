"""The words of the page, in Chinese and in English; whoever adds one is told by the types to add the other.

Knows no markup and no Gradio. Messages of our exceptions are not here: they travel with the exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rag.answers import SupportLabel

Language = Literal["zh", "en"]
View = Literal["chat", "explore", "documents", "settings"]
Picture = Literal["tree", "timeline", "table"]


@dataclass(frozen=True, slots=True)
class Texts:
    """Every string that the page shows of its own accord."""

    title: str
    subtitle: str
    welcome: str
    welcome_hint: str
    examples: str
    language: str
    conversation: str
    question: str
    question_hint: str
    send: str
    stop: str
    clear: str
    menu: str
    conversations: str
    find_conversation: str
    no_conversations: str
    rename: str
    new_title: str
    delete: str
    really_delete: str
    export: str
    edit: str
    editing: str
    again: str
    like: str
    dislike: str
    why: str
    copy: str
    copied: str
    searching: str
    sources: str
    open_source: str
    close: str
    original: str
    page: str
    refused: str
    moderated: str
    nearest: str
    stopped: str
    stopped_early: str
    failed: str
    failed_unexpectedly: str
    support: Mapping[SupportLabel, str]
    fine_print: str
    views: Mapping[View, str]
    pictures: Mapping[Picture, str]
    find_model: str
    no_models: str
    model: str
    other_branch: str
    ask_about: str
    question_about: str
    pick: str
    pick_hint: str
    compared: str
    fields: Mapping[str, str]  # by the names of rag.exploring.FIELDS
    openness: Mapping[str, str]
    user: str
    code_word: str  # what a password is called
    log_in: str
    log_out: str
    login_failed: str
    inside: str
    inside_question: str
    inside_kind: str
    inside_names: str
    inside_reader: str
    inside_snapshot: str
    inside_decision: str
    inside_times: str
    inside_candidates: str
    reword: str
    again_with: str
    candidate_columns: tuple[str, ...]
    readers: Mapping[str, str]
    reader: str
    passages: str
    as_set: str
    spec: str
    key: str
    check: str
    checked: str
    check_failed: str
    no_model: str
    fixed: str
    facts: Mapping[str, str]
    upload: str
    upload_hint: str
    address: str
    add: str
    reread: str
    verify: str
    find_document: str
    no_documents: str
    listed_documents: str
    limited: str
    limit_hint: str
    limit: str
    remove: str
    really_remove: str
    look_inside: str
    contents: str
    cancel: str
    no_snapshots: str
    snapshot: str
    current_snapshot: str
    damaged_snapshot: str
    roll_back: str
    really_roll_back: str
    snapshots: str
    document_columns: Mapping[str, str]
    works: Mapping[str, str]
    states: Mapping[str, str]


TEXTS: Mapping[Language, Texts] = {
    "zh": Texts(
        title="大模型综述问答",
        subtitle="每一句都能点开原文",
        welcome="想了解哪个大模型？",
        welcome_hint="回答只取自收录的资料，每句话都标着出处；资料没说的，会直说没有。",
        examples="试试这些问题",
        language="界面语言",
        conversation="对话",
        question="问题",
        question_hint="输入问题，按回车发送",
        send="发送",
        stop="停止",
        clear="新对话",
        menu="显示或收起对话列表",
        conversations="对话记录",
        find_conversation="搜索对话",
        no_conversations="还没有对话",
        rename="改名",
        new_title="新的名称：",
        delete="删除",
        really_delete="删除这个对话？删除后无法恢复。",
        export="导出",
        edit="修改后重问",
        editing="正在修改之前的问题；发送后，那一轮和之后的内容会被替换。按 Esc 取消。",
        again="重新回答",
        like="有帮助",
        dislike="没有帮助",
        why="哪里不对？（可以不填，只保存在本机）",
        copy="复制回答",
        copied="已复制",
        searching="正在查找资料",
        sources="出处",
        open_source="打开出处",
        close="关闭",
        original="打开原始网页",
        page="第 {page} 页",
        refused="资料里没有答案",
        moderated="没有通过内容审核",
        nearest="最接近的段落",
        stopped="已停止，以上内容保留",
        stopped_early="已停止，还没有写出内容",
        failed="没能回答",
        failed_unexpectedly="程序出了意外（{kind}）。请再问一次；如果还是这样，请把终端里的日志报告给维护者。",
        support={
            "supported": "引文支持这句话",
            "weak": "引文只部分支持这句话，请核对",
            "unsupported": "引文不支持这句话，请核对",
        },
        fine_print="回答出自资料原文；资料可能过时或有误，重要的事请点开核对。",
        views={"chat": "问答", "explore": "模型图谱", "documents": "资料", "settings": "设置"},
        pictures={"tree": "演化树", "timeline": "时间线", "table": "表格"},
        find_model="筛选模型：名称、机构、语言……",
        no_models="资料里没有介绍模型的表格。",
        model="模型",
        other_branch="其他架构，或资料没有说明",
        ask_about="问问 {name}",
        question_about="介绍一下 {name}",
        pick="把 {name} 加入或移出对比",
        pick_hint="点表头排序，点名称提问，点圆点看原文；勾选两个以上的模型可以并排对比。",
        compared="对比",
        fields={
            "organisation": "机构",
            "date": "时间",
            "parameters": "参数量",
            "architecture": "架构",
            "derived_from": "基于",
            "tuning": "训练方法",
            "training_tokens": "训练 token 数",
            "data": "训练数据",
            "hardware": "硬件",
            "cost": "训练成本",
            "languages": "语言",
            "weights_open": "权重",
            "commercial_use": "商用",
            "about": "说明",
        },
        openness={"yes": "权重开放", "partly": "部分开放", "no": "不开放", "": "资料没说或说法不一"},
        user="用户名",
        code_word="密码",
        log_in="登录",
        log_out="退出登录",
        login_failed="用户名或密码不对。",
        inside="看看怎么得出的",
        inside_question="实际查找的问题（点一下可以修改）",
        inside_kind="问题类型",
        inside_names="认出的名称",
        inside_reader="由谁作答",
        inside_snapshot="索引快照",
        inside_decision="是否作答的依据",
        inside_times="各步用时",
        inside_candidates="候选段落",
        reword="把这个问题放进输入框修改",
        again_with="换一个候选段落数，再答一次",
        candidate_columns=("名次", "段落", "词语名次", "向量名次", "得分", "入选次序，或落选原因"),
        readers={"operator": "管理员设定的模型：{spec}", "extractive": "不用模型，直接摘录原文", "own": "我自己的模型"},
        reader="由谁作答",
        passages="每个问题看多少个段落",
        as_set="默认",
        spec="模型，例如 openai:gpt-4.1-mini",
        key="密钥（只留在这次会话的内存里）",
        check="试一下",
        checked="可以用：{first:.1f} 秒后开始回答，每秒约 {speed:.0f} 个 token，上下文 {context} token。",
        check_failed="不能用：{failure}",
        no_model="不用模型，随时可用。",
        fixed="由管理员固定",
        facts={
            "embedder": "向量模型",
            "vectors": "向量索引",
            "snapshot": "快照",
            "documents": "资料",
            "passages": "段落",
        },
        upload="上传文件",
        upload_hint="可以一次选多个文件，也可以拖到这里。上传期间照常提问。",
        address="网页地址，或 arxiv:2302.13971",
        add="添加",
        reread="重新读取",
        verify="校验索引",
        find_document="筛选资料：标题、文件名、类型……",
        no_documents="没有这样的资料。",
        listed_documents="显示 {shown} 份，共 {total} 份。",
        limited="现在只用勾选的 {count} 份资料回答。",
        limit_hint="勾选资料，就只用它们回答。",
        limit="只用（或不再只用）{name} 回答",
        remove="移除",
        really_remove="移除这份资料？之后的回答不再用到它；可以用快照恢复。",
        look_inside="看看里面有什么",
        contents="段落 {passages} · 小节 {sections} · 表格 {tables} · 字符 {characters}",
        cancel="取消",
        no_snapshots="这个索引在内存里，没有快照。",
        snapshot="{name}，{made} UTC，{documents} 份资料",
        current_snapshot="当前",
        damaged_snapshot="已损坏",
        roll_back="回到这个快照",
        really_roll_back="回到这个快照？现在的快照会保留，可以再切换回来。",
        snapshots="快照",
        document_columns={"title": "资料", "kind": "类型", "language": "语言", "year": "年份", "passages": "段落"},
        works={
            "upload": "上传",
            "fetch": "添加",
            "remove": "移除",
            "reread": "重新读取",
            "verify": "校验",
            "rollback": "恢复快照",
        },
        states={"waiting": "等待中", "running": "进行中", "done": "完成", "failed": "失败", "cancelled": "已取消"},
    ),
    "en": Texts(
        title="LLM survey Q&A",
        subtitle="Every sentence opens its source",
        welcome="Which model do you want to know about?",
        welcome_hint="Answers come from the indexed documents only, each sentence with its source. "
        "Where the documents do not say, you are told so.",
        examples="Try one of these",
        language="Language of the page",
        conversation="Conversation",
        question="Question",
        question_hint="Ask a question, press Enter to send",
        send="Send",
        stop="Stop",
        clear="New chat",
        menu="Show or hide the conversations",
        conversations="Conversations",
        find_conversation="Search conversations",
        no_conversations="No conversations yet",
        rename="Rename",
        new_title="New title:",
        delete="Delete",
        really_delete="Delete this conversation? It cannot be brought back.",
        export="Export",
        edit="Edit and ask again",
        editing="You are editing an earlier question; sending replaces that turn and all after it. Esc cancels.",
        again="Answer again",
        like="Helpful",
        dislike="Not helpful",
        why="What is wrong? (optional; kept on this machine only)",
        copy="Copy answer",
        copied="Copied",
        searching="Searching the documents",
        sources="Sources",
        open_source="Open source",
        close="Close",
        original="Open the original page",
        page="page {page}",
        refused="Not in the documents",
        moderated="Stopped by the content check",
        nearest="Nearest passages",
        stopped="Stopped; what was written is kept",
        stopped_early="Stopped before anything was written",
        failed="Could not answer",
        failed_unexpectedly="Something unexpected happened ({kind}). Ask again; if it stays, "
        "report the log in the terminal to the maintainers.",
        support={
            "supported": "The quote supports the statement",
            "weak": "The quote supports the statement only in part: check it",
            "unsupported": "The quote does not support the statement: check it",
        },
        fine_print="Answers are taken from the documents, which may be dated or wrong: open the source before you rely on one.",
        views={"chat": "Ask", "explore": "Models", "documents": "Documents", "settings": "Settings"},
        pictures={"tree": "Evolution tree", "timeline": "Timeline", "table": "Table"},
        find_model="Filter models: name, organisation, language…",
        no_models="The documents have no tables about models.",
        model="Model",
        other_branch="Another architecture, or the documents do not say",
        ask_about="Ask about {name}",
        question_about="Tell me about {name}",
        pick="Add {name} to the comparison or take it out",
        pick_hint="A click on a heading sorts, on a name asks, on a dot opens the source; tick two models or more to compare them.",
        compared="Compared",
        fields={
            "organisation": "Organisation",
            "date": "Date",
            "parameters": "Parameters",
            "architecture": "Architecture",
            "derived_from": "Based on",
            "tuning": "How it was made",
            "training_tokens": "Training tokens",
            "data": "Training data",
            "hardware": "Hardware",
            "cost": "Training cost",
            "languages": "Languages",
            "weights_open": "Weights",
            "commercial_use": "Commercial use",
            "about": "About",
        },
        openness={"yes": "open weights", "partly": "partly open", "no": "closed", "": "not told, or told differently"},
        user="Name",
        code_word="Password",
        log_in="Log in",
        log_out="Log out",
        login_failed="The name or the password is wrong.",
        inside="See how it came about",
        inside_question="What was searched for (click to edit it)",
        inside_kind="Kind of question",
        inside_names="Names recognised",
        inside_reader="Written by",
        inside_snapshot="Snapshot of the index",
        inside_decision="Evidence for answering",
        inside_times="Time of each stage",
        inside_candidates="Candidate passages",
        reword="Put this question into the field to edit it",
        again_with="Answer again with another number of candidates",
        candidate_columns=(
            "rank",
            "passage",
            "by words",
            "by vectors",
            "score",
            "place among the packed, or why it was cut",
        ),
        readers={
            "operator": "The operator's model: {spec}",
            "extractive": "No model: the documents' own words",
            "own": "A model of my own",
        },
        reader="Who writes the answer",
        passages="Passages looked at for each question",
        as_set="as set up",
        spec="Model, such as openai:gpt-4.1-mini",
        key="Key (stays in this session's memory)",
        check="Check",
        checked="It works: first words after {first:.1f} s, about {speed:.0f} tokens a second, {context} tokens of context.",
        check_failed="It does not work: {failure}",
        no_model="No model is needed; it always works.",
        fixed="Fixed by the operator",
        facts={
            "embedder": "Embedder",
            "vectors": "Vector index",
            "snapshot": "Snapshot",
            "documents": "Documents",
            "passages": "Passages",
        },
        upload="Upload files",
        upload_hint="Choose several at once, or drop them here. Questions are answered meanwhile.",
        address="Address of a page, or arxiv:2302.13971",
        add="Add",
        reread="Read again",
        verify="Verify the index",
        find_document="Filter documents: title, file, kind…",
        no_documents="There are no such documents.",
        listed_documents="{shown} of {total} shown.",
        limited="Only what is ticked answers now: {count}.",
        limit_hint="Tick documents to have only them answer.",
        limit="Answer from {name} only, or no longer only from it",
        remove="Remove",
        really_remove="Remove this document? It answers no more; a snapshot brings it back.",
        look_inside="See what is in it",
        contents="Passages {passages} · sections {sections} · tables {tables} · characters {characters}",
        cancel="Cancel",
        no_snapshots="This index is in memory and has no snapshots.",
        snapshot="{name}, {made} UTC, {documents} documents",
        current_snapshot="current",
        damaged_snapshot="damaged",
        roll_back="Go back to this snapshot",
        really_roll_back="Go back to this snapshot? The present one is kept, so you can return to it.",
        snapshots="Snapshots",
        document_columns={
            "title": "Document",
            "kind": "Kind",
            "language": "Language",
            "year": "Year",
            "passages": "Passages",
        },
        works={
            "upload": "Upload",
            "remove": "Remove",
            "reread": "Read again",
            "verify": "Verify",
            "rollback": "Go back to",
        },
        states={
            "waiting": "waiting",
            "running": "running",
            "done": "done",
            "failed": "failed",
            "cancelled": "cancelled",
        },
    ),
}

LANGUAGES: Mapping[Language, str] = {"zh": "中文", "en": "English"}


# Candidates for the questions that an empty chat offers; the page shows those that its index answers.
EXAMPLES: Mapping[Language, tuple[str, ...]] = {
    "zh": (
        "ChatGLM-6B 量化后最低要多少显存？",
        "LLaMA 有哪几种参数规模？",
        "BLOOM 是用多少种语言训练的？",
        "什么是指令微调？",
        "Alpaca 是怎么训练出来的？",
        "GLM-130B 是谁开源的？",
    ),
    "en": (
        "How much GPU memory does quantised ChatGLM-6B need?",
        "What sizes does LLaMA come in?",
        "How many languages was BLOOM trained on?",
        "What is instruction tuning?",
        "How was Alpaca trained?",
        "Who released GLM-130B?",
    ),
}


def language_of_browser(accept_language: str | None) -> Language:
    """Return the page's language for an ``Accept-Language`` header: the first of ours that the browser names.

    >>> language_of_browser("fr-CH, zh-TW;q=0.9, en;q=0.8")
    'zh'
    """
    for choice in _by_preference(accept_language or ""):
        for language in LANGUAGES:
            if choice == language or choice.startswith(f"{language}-"):
                return language
    return "en"


def _by_preference(accept_language: str) -> list[str]:
    """Return the language tags of the header, most wanted first; equal weights keep their order."""
    weighted: list[tuple[float, str]] = []
    for part in accept_language[:500].lower().split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for _, tag in sorted(weighted, key=lambda pair: pair[0])]
