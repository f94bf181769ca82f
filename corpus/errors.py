"""The exceptions of the project, from the root that every layer shares to those of reading documents.

    SurveyQAError                  whatever goes wrong in our own terms; the message says what to do
    ├── UsageError                 the caller asked for something that cannot be (the command line exits with 2)
    └── CorpusError
        ├── ReadError              one file or text cannot become a Document
        │   └── FetchError         an address on the web cannot be read
        │       ├── AddressRefused it leads into a network that is not the public one, or its site asks robots to stay away
        │       └── Offline        nothing on the network answers
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


class FetchError(ReadError):
    """An address on the web cannot be read; the message names it and the reason."""


class AddressRefused(FetchError):
    """An address is not asked: it leads into a private network, or its site does not want programs there."""


class Offline(FetchError):
    """The name of a host cannot be resolved or nothing answers there: most likely there is no network."""


class EncodingUnavailable(CorpusError):
    """A tiktoken encoding is neither built in nor cached, and downloading was not allowed."""


class CatalogueError(CorpusError):
    """A row of the model catalogue cannot be taken; the message names the row, the field and what is expected there."""
