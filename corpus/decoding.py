"""From bytes to text: which encoding a file is in, and whether it is text at all.

Certain signs come first (byte order mark, valid UTF-8, the NULs of UTF-16); then GB18030 where the result reads like
Chinese; a statistical detector (charset-normalizer) has the last word, and only on texts long enough for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from corpus.errors import ReadError
from corpus.patterns import pattern

_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip
_MAGIC = (
    (b"\x7fELF", "an ELF program"), (b"%PDF-", "a PDF"), (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"PK\x05\x06", "an empty ZIP archive"), (b"\x89PNG\r\n", "a PNG image"), (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"), (b"GIF89a", "a GIF image"), (b"\x1f\x8b", "gzip data"), (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ\x00", "xz data"), (b"(\xb5/\xfd", "Zstandard data"), (b"7z\xbc\xaf'\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"), (b"SQLite format 3\x00", "an SQLite database"), (b"\xca\xfe\xba\xbe", "a Java class or a Mach-O program"),
    (b"\xcf\xfa\xed\xfe", "a Mach-O program"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"), (b"\x00asm", "a WebAssembly module"),
    (b"OggS", "Ogg media"), (b"ID3", "an MP3 file"), (b"\x93NUMPY", "a NumPy array"), (b"\x80\x04\x95", "a pickle"), (b"{\\rtf", "an RTF document"),
)  # fmt: skip
_SAMPLE = 100_000  # bytes that the signs are looked for in
_GLANCE = 4_000  # bytes of it
_DETECTOR_MINIMUM = 24  # bytes; on less the detector takes GBK for Big5
_DETECTABLE = ["big5", "shift_jis", "euc_jp", "euc_kr", "cp1251", "cp1252", "gb18030"]

_CONTROL = pattern("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")  # line ends and the escape of colours are text
_PLAUSIBLE = pattern(
    "[\t\n\r -~\u00a0-\u024f\u0400-\u045f\u2010-\u2027\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff5e]"
)
_HAN = pattern("[\u4e00-\u9fff]")
_FREQUENT = pattern(
    "[的一是了不在有人我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小型模语用言数方法文，。、：“”]"
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the encoding that its bytes were in, and how many of them were no text (now U+FFFD)."""

    text: str
    encoding: str
    invalid: int = 0


def decode(data: bytes) -> Decoded:
    """Return the text of a file's bytes.

    Raises:
        ReadError: The bytes are no text; the message is the reason, without the file's name.
    """
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise ReadError(f"it is {what}, not text")
    decoded = _decode(data)
    controls = len(_CONTROL.findall(decoded.text, 0, _SAMPLE))
    length = min(len(decoded.text), _SAMPLE)
    if controls * 20 > length or decoded.text.count("\0") * 1000 > len(decoded.text):
        raise ReadError("it is binary, not text (too many control characters)")
    if decoded.invalid * 10 > len(decoded.text):
        raise ReadError("it is binary or in an unknown encoding (save it as UTF-8)")
    return decoded


def _decode(data: bytes) -> Decoded:
    """Go down the ladder of encodings."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _with_replacements(data, encoding)
    if wide := _wide_encoding(data):
        return _with_replacements(data, wide)
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        pass
    damaged = _with_replacements(data, "utf-8")
    if _is_mostly_utf8(data, damaged.invalid):
        return damaged
    return _decode_legacy(data) or damaged


def _with_replacements(data: bytes, encoding: str) -> Decoded:
    """Decode with U+FFFD for what is no text, and count those that were not there before."""
    text = data.decode(encoding, "replace")
    return Decoded(text, encoding, max(text.count("\ufffd") - data.count(b"\xef\xbf\xbd"), 0))


def _wide_encoding(data: bytes) -> str:
    """Return the UTF-16 that bytes without a mark are in, or "": judged by NULs on one side, else by what it would say."""
    sample = data[: _SAMPLE & ~1]
    if len(sample) < 4 or len(data) % 2:
        return ""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd * 10 > half * 3 and even * 5 <= odd:
        return "utf-16-le"
    if even * 10 > half * 3 and odd * 5 <= even:
        return "utf-16-be"
    for encoding in ("utf-16-le", "utf-16-be"):
        begins = _reads_like_text(sample[:_GLANCE], encoding)  # most texts are none of this, which a glance tells
        if begins and _reads_like_text(sample, encoding) and not _reads_like_text(sample, "utf-8"):
            return encoding
    return ""


def _reads_like_text(sample: bytes, encoding: str) -> bool:
    """Tell whether bytes decode to letters that texts have, Chinese with its frequent characters among them."""
    text = sample.decode(encoding, "ignore" if len(sample) >= _SAMPLE - 1 else "replace")
    if not text or "\ufffd" in text or len(_PLAUSIBLE.findall(text)) < 0.97 * len(text):
        return False
    han = len(_HAN.findall(text))
    if 2 * han > len(text):
        return _has_frequent_characters(text, han)
    return encoding == "utf-8" or sum(character > "\u03ff" for character in text) * 2 > len(text) >= 8


def _has_frequent_characters(text: str, han: int) -> bool:
    """Tell whether one in twelve Chinese characters is one of the most frequent, as in all real texts."""
    return 12 * len(_FREQUENT.findall(text)) >= han


def _is_mostly_utf8(data: bytes, invalid: int) -> bool:
    """Tell whether bytes are UTF-8 with some damage: far more valid sequences than broken ones."""
    valid = len(re.findall(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}", data))
    return valid >= 3 * invalid


def _decode_legacy(data: bytes) -> Decoded | None:
    """Try GB18030, then what the detector says, then GB18030 again if it decodes at all, then Windows-1252."""
    chinese = _strictly(data, "gb18030")
    if chinese is not None and (len(data) < _DETECTOR_MINIMUM or _is_common_chinese(data, chinese.text[:_SAMPLE])):
        return chinese
    if len(data) >= _DETECTOR_MINIMUM and (detected := _detect(data)) is not None:
        return detected
    return chinese or _strictly(data, "cp1252")


def _strictly(data: bytes, encoding: str) -> Decoded | None:
    """Decode, or return None where a byte does not fit."""
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError:
        return None


def _is_common_chinese(data: bytes, text: str) -> bool:
    """Tell whether most pairs of bytes are common Chinese characters or punctuation of GB 2312, and say something."""
    pairs = re.findall(rb"[\x81-\xfe][\x40-\xfe]", data[:_SAMPLE])
    common = re.findall(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]", b" ".join(pairs))
    han = len(_HAN.findall(text))
    return len(common) >= 0.85 * len(pairs) and (han < 40 or _has_frequent_characters(text, han))


def _detect(data: bytes) -> Decoded | None:
    """Ask charset-normalizer, whose answer must decode all bytes."""
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE], cp_isolation=_DETECTABLE).best()
    return _strictly(data, best.encoding) if best else None
