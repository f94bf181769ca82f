"""The exceptions of the index.

SurveyQAError
└── IndexError_
    ├── IndexNotFound      there is no index in that directory
    ├── IndexDamaged       bytes on disk are not what was written
    ├── IndexMismatch      the index was made with something else than what is asked for (embedder, encoding)
    │   └── IndexOutdated  the index was made by another version, whose files this one cannot read
    ├── IndexLocked        another process is writing
    ├── IndexWriteFailed   the new snapshot could not be written; the previous one still serves
    ├── EmptyCorpus        there is nothing to index
    ├── UnknownDocument    no document has that id
    ├── UnknownSnapshot    there is no snapshot of that name, or none to go back to
    ├── EmbedderUnavailable  the embedder's model cannot be loaded
    ├── EngineFailed         an engine beyond this process refused what it was asked, or holds something else than was written
    │   ├── EngineUnreachable  it did not answer in time
    │   └── EngineUnavailable  the package that speaks to it is not installed
    └── WorkersUnavailable   the processes or the cluster that were to work on a build cannot
"""

from corpus.errors import SurveyQAError, UsageError


class IndexError_(SurveyQAError):  # noqa: N801 the built-in name is taken
    """Root of what can go wrong with an index."""


class IndexNotFound(IndexError_):
    """There is no index in that directory."""


class IndexDamaged(IndexError_):
    """Bytes on disk are not what was written."""


class IndexMismatch(IndexError_, UsageError):
    """The index was made with something else than what is asked for."""


class IndexOutdated(IndexMismatch):
    """The index was made by another version, whose files this one cannot read."""


class IndexLocked(IndexError_):
    """Another process is writing this index."""


class IndexWriteFailed(IndexError_):
    """The new snapshot could not be written; the previous one still serves."""


class EmptyCorpus(IndexError_, UsageError):
    """There is nothing to index."""


class UnknownDocument(IndexError_, UsageError):
    """No document in the index has that id."""


class UnknownSnapshot(IndexError_, UsageError):
    """The index has no snapshot of that name, or none to go back to."""


class EmbedderUnavailable(IndexError_):
    """The embedder's model cannot be loaded; the message says how to get it."""


class EngineFailed(IndexError_):
    """An engine refused what it was asked, or holds something else than was written."""


class EngineUnreachable(EngineFailed):
    """An engine did not answer in time."""


class EngineUnavailable(EngineFailed):
    """The package that speaks to an engine is not installed; the message says how to get it."""


class WorkersUnavailable(IndexError_):
    """The processes or the cluster that were to work on a build cannot; the message says why and what is kept."""
