"""What the page says of its own accord: the name and the kind of each text, which every language has to fill.

Knows no markup, no Gradio and no language; the texts are in ``words_zh`` and ``words_en``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rag.answers import SupportLabel

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
    not_kept: str
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
    read_only: str
    address: str
    add: str
    reread: str
    rebuild: str
    verify: str
    find_document: str
    no_documents: str
    listed_documents: str
    limit_hint: str
    limit: str
    facet_groups: Mapping[str, str]  # by the groups of ui.facets
    kinds: Mapping[str, str]  # of documents; others show as they are
    languages: Mapping[str, str]
    all_documents: str
    only_these: str
    use_all: str
    limited_to: str
    ticked: str
    too_many_questions: str
    too_many_uploads: str
    gone: str
    refused_here: str  # above a sentence that says why something was not done
    remove: str
    really_remove: str
    look_inside: str
    contents: str
    yes: str
    cancel: str
    no_snapshots: str
    snapshot: str
    current_snapshot: str
    damaged_snapshot: str
    roll_back: str
    really_roll_back: str
    snapshots_hint: str
    document_columns: Mapping[str, str]
    works: Mapping[str, str]
    states: Mapping[str, str]
