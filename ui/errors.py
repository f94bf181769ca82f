"""The exceptions of the doors.

SurveyQAError
├── ServeFailed           the page cannot be served there (the port is taken, the address is not ours)
├── ReadOnly              the operator allows no changes, or no more of them
├── TooMuch               a person asks or uploads more than the operator allows in a time
├── ConversationsBroken   their file cannot be read or written: the disk is full, or it is damaged
├── UnknownConversation   nobody's, somebody else's, or deleted
└── BadRequest            what came over HTTP is not what the route takes (a UsageError: status 400)
"""

from corpus.errors import SurveyQAError, UsageError


class ServeFailed(SurveyQAError):
    """The page cannot be served at that address; the message says which other one to type."""


class ReadOnly(SurveyQAError):
    """The documents of this server may not be changed (now); the message says why."""


class TooMuch(SurveyQAError):
    """A person has asked or uploaded too much for now; the message says how much is allowed and when to come back."""


class UnknownConversation(SurveyQAError):
    """The owner has no conversation with that id."""


class ConversationsBroken(SurveyQAError):
    """The file of the conversations cannot be read or written; the message says what the system says."""


class BadRequest(UsageError):
    """A request's body is not what the route takes."""
