"""People in front: command line, chat page, server."""
