"""Fills a disk while a file exists, and frees it when that goes: ``filling.py FOLDER FLAG TOLD``; TOLD says what it has done."""

import contextlib
import sys
import time
from pathlib import Path


def main() -> None:
    folder, flag, told = map(Path, sys.argv[1:])
    filler = folder / "filler"
    while True:
        if flag.exists():
            with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
                while file.write(b"\0" * 4096) == 4096:
                    pass
            told.write_text("full")
        elif filler.exists():
            filler.unlink()
            told.write_text("free")
        time.sleep(0.05)


if __name__ == "__main__":
    main()
