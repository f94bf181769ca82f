"""What one file may cost. More is a file made to be a burden, or one that should be split."""

FILE_BYTES = 50_000_000
DOCUMENT_CHARACTERS = 20_000_000
PAGES = 5_000
ENTRIES = 10_000
"""Files in an archive, archives in it included."""
UNPACKED_BYTES = 500_000_000
UNPACKED_RATIO = 100
"""How many times larger than packed something may be that is larger than ``RATIO_MATTERS`` bytes."""
RATIO_MATTERS = 20_000_000
ARCHIVE_DEPTH = 3
"""Archives in archives."""
SECONDS, SECONDS_PER_MEGABYTE = 60.0, 5.0
MEMORY_BYTES = 1_500_000_000
"""Address space of a process that parses, the interpreter and its libraries included."""
