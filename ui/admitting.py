"""Whether a person may upload once more, in words of the page's language."""

from __future__ import annotations

import math

from ui.errors import TooMuch
from ui.quotas import Person, Quotas
from ui.texts import TEXTS, Language


def check_upload(quotas: Quotas, person: Person, size: int, language: Language) -> None:
    """Count an upload of so many bytes.

    Raises:
        TooMuch: There is no room for it in this hour.
    """
    seconds = quotas.upload(person, size)
    if seconds:
        quota = quotas.quota
        told = TEXTS[language].too_many_uploads
        size_limit = quota.upload_bytes_per_hour // 1_000_000
        raise TooMuch(told.format(files=quota.uploads_per_hour, megabytes=size_limit, minutes=math.ceil(seconds / 60)))


def check_question(quotas: Quotas, person: Person, language: Language) -> None:
    """Count a question.

    Raises:
        TooMuch: There is no room for it in this minute.
    """
    seconds = quotas.ask(person)
    if seconds:
        most = quotas.quota.questions_per_minute
        raise TooMuch(TEXTS[language].too_many_questions.format(most=most, seconds=seconds))
