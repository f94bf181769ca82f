"""ZIP containers, as archives and as what Office files and books are made of: opened only if they stay within bounds."""

from __future__ import annotations

import io
import zipfile

from corpus.errors import ReadError
from corpus.formats import limits
from corpus.patterns import pattern

_PROLOGUE = 65_536  # bytes of a part that a document type definition is looked for in
_MEGABYTE = 1_000_000
_ENTITY = pattern(r"<!ENTITY|<!DOCTYPE[^>]*\[")


def open_zip(data: bytes) -> zipfile.ZipFile:
    """Open a ZIP container in memory.

    Raises:
        ReadError: It is damaged, encrypted, or unpacks to more than the limits allow.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise ReadError(f"it is damaged or no such file at all ({str(error)[:80]})") from error
    entries = archive.infolist()
    if len(entries) > limits.ENTRIES:
        raise ReadError(f"it holds {len(entries):,} files, more than the {limits.ENTRIES:,} that are unpacked")
    check_unpacked(sum(entry.file_size for entry in entries), len(data))
    return archive


def check_unpacked(unpacked: int, packed: int) -> None:
    """Raise if something unpacks to more bytes, or to many more times its size, than an honest file does."""
    if unpacked > limits.UNPACKED_BYTES:
        raise ReadError(
            f"it unpacks to {unpacked // _MEGABYTE:,} MB, more than the limit of {limits.UNPACKED_BYTES // _MEGABYTE} MB"
        )
    if unpacked > limits.RATIO_MATTERS and unpacked > packed * limits.UNPACKED_RATIO:
        raise ReadError(
            f"it unpacks to {unpacked // max(packed, 1):,} times its size, more than the limit of {limits.UNPACKED_RATIO}"
        )


def read_entry(archive: zipfile.ZipFile, name: str | zipfile.ZipInfo) -> bytes:
    """Return one file of a container.

    Raises:
        ReadError: It is not there, damaged or encrypted.
    """
    try:
        return archive.read(name)
    except KeyError:
        raise ReadError(f"it lacks its part {name}") from None
    except RuntimeError as error:  # what zipfile says of a password
        raise ReadError("it is encrypted; save it without a password") from error
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise ReadError(f"it is damaged ({str(error)[:80]})") from error
    except Exception as error:  # zlib.error and lzma.LZMAError have no base of their own
        if type(error).__name__ in {"error", "LZMAError"}:
            raise ReadError(f"it is damaged ({str(error)[:80]})") from error
        raise


def check_office(data: bytes, part: str, what: str) -> None:
    """Raise unless bytes are an Office file of that kind, within bounds and without entities that expand.

    Args:
        data: The whole file.
        part: The part that files of this kind have.
        what: What such a file is called in messages.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise ReadError(f"it is encrypted or in the format before 2007; save it as {what} without a password")
    with open_zip(data) as archive:
        if part not in archive.namelist():
            raise ReadError(f"it is no {what}: it has no {part}")
        for entry in archive.infolist():
            if entry.filename.endswith((".xml", ".rels", ".vml")):
                with archive.open(entry) as opened:
                    start = opened.read(_PROLOGUE)
                if _ENTITY.search(start.replace(b"\0", b"").decode("latin-1")):
                    raise ReadError("it declares entities, which Office files do not; it may be made to do harm")
