"""The exceptions of the project, from the root that every layer shares to those of reading documents.

    SurveyQAError                  whatever goes wrong in our own terms; the message says what to do
    ├── UsageError                 the caller asked for something that cannot be (the command line exits with 2)
    └── CorpusError
        ├── ReadError              one file or text cannot become a Document
        ├── EncodingUnavailable    a token encoding that is neither built in nor cached
        └── CatalogueError         a row of the model catalogue breaks the rules of the catalogue

A refusal ("the documents do not say") is an Answer, never an exception.
"""


class SurveyQAError(Exception):
    """Root of everything this project raises on purpose."""


class UsageError(SurveyQAError, ValueError):
    """The caller asked for something that cannot be; the message says what can."""


class CorpusError(SurveyQAError):
    """Documents could not be read or split."""


class ReadError(CorpusError):
    """One source cannot become a Document; the message names the source and the reason."""


class EncodingUnavailable(CorpusError):
    """A tiktoken encoding is neither built in nor cached, and downloading was not allowed."""


class CatalogueError(CorpusError):
    """A row of the model catalogue cannot be taken; the message names the row, the field and what is expected there."""
