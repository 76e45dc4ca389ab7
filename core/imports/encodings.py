"""Which encoding a file is in, and its lines as text.

Files pasted together of several sources have lines in more than one: of a file that is not
UTF-8 as a whole, each line is read by itself.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import charset_normalizer

from heliograph.errors import BadInput
from heliograph.installation import current_settings

CHUNK = 1 << 20
SAMPLE = 1 << 16
LOOKED_AT = 1 << 23  # bytes behind the first that are not UTF-8
STUMBLE = "\ufffd"  # stands for a character that cannot be read
SINGLE_BYTE = (
    *("cp1252", "iso8859_15", "cp1250", "iso8859_2", "cp1251", "koi8_r", "cp1253", "cp1254"),
    "mac_roman",
)
CANDIDATES = [*SINGLE_BYTE, "shift_jis", "gb18030", "big5", "euc_kr"]
WHOLE = ("utf-8", "utf-8-sig", "utf-16")  # one decoder for all of the file
WESTERN = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŸŒ«»“”‘’„–—…€£°¿¡ªº·\xa0"
)
NOT_WESTERN = {
    *("CZ", "SK", "PL", "HU", "RO", "HR", "SI", "RS", "BA", "ME", "MK", "BG"),
    *("RU", "UA", "BY", "GR", "TR", "IL", "EG", "JP", "CN", "TW", "KR"),
}
SAVE_AS = "Save it as CSV (UTF-8) and try again."


class Encoding(NamedTuple):
    """`mixed`: some lines are UTF-8, though the file is not."""

    name: str
    mixed: bool = False


def find_encoding(path: Path, head: bytes) -> Encoding:
    """The encoding of the file that begins with *head*; raises BadInput when it is no text."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16")
    if b"\x00" in head:
        raise BadInput("file", "is no text", value=path.name, mend=SAVE_AS)
    strange = strange_lines(path)
    if strange is None:
        return Encoding("utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8")
    if is_western(strange.sample) and current_settings().region not in NOT_WESTERN:
        return Encoding("cp1252", strange.beside_utf8)
    guess = charset_normalizer.from_bytes(strange.sample, cp_isolation=CANDIDATES).best()
    name = guess.encoding if guess is not None else "cp1252"
    return Encoding(name if name in CANDIDATES else "cp1252", strange.beside_utf8)


def is_western(sample: bytes) -> bool:
    """Whether *sample* makes sense as Windows-1252, where most such files come from.

    Statistics alone take French for Czech: the same bytes are letters in both.
    """
    letters = [character for character in sample.decode("cp1252", "replace") if character > "\x7f"]
    broken = letters.count(STUMBLE)  # bytes that are nothing in Windows-1252
    if 2 * broken > len(letters):
        return False
    return all(character in WESTERN or character == STUMBLE for character in letters)


class Strange(NamedTuple):
    """Lines that are not UTF-8, and whether others are that are not ASCII either."""

    sample: bytes
    beside_utf8: bool


def strange_lines(path: Path) -> Strange | None:
    """A sample of the lines that are not UTF-8; None when there is none."""
    start = first_stranger(path)
    if start is None:
        return None
    sample, beside = bytearray(), False
    with path.open("rb") as file:
        for line in file:
            at = file.tell()
            if not line.isascii():
                if is_utf8(line):
                    beside = True
                elif len(sample) < SAMPLE:
                    sample += line
            if at > start + LOOKED_AT:
                break
    return Strange(bytes(sample[:SAMPLE]), beside)


def first_stranger(path: Path) -> int | None:
    """Where the first bytes are that are not UTF-8, or None."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return max(0, file.tell() - len(chunk) + error.start)
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return file.tell()
    return None


def is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def open_lines(path: Path, encoding: str) -> Iterator[tuple[IO[bytes], Iterator[str]]]:
    """The file, and its lines with their ends; `tell` of the file says how far it was read."""
    with path.open("rb") as raw:
        if encoding in WHOLE or ends_in_returns(path):
            yield raw, io.TextIOWrapper(raw, encoding, errors="replace", newline="")
        else:
            yield raw, map(line_decoder(encoding), raw)


def ends_in_returns(path: Path) -> bool:
    """Whether its lines end as on old Macs: in a carriage return alone."""
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    return b"\r" in head and b"\n" not in head


def line_decoder(encoding: str) -> Callable[[bytes], str]:
    """Decodes a line by itself: as UTF-8, which hardly any other text happens to be.

    Two bytes of an East Asian encoding may well happen to be: there it comes second.
    """
    order = ("utf-8", encoding) if encoding in SINGLE_BYTE else (encoding, "utf-8")

    def decode(line: bytes) -> str:
        for name in order:
            try:
                return line.decode(name)
            except UnicodeDecodeError:
                continue
        return line.decode(encoding, "replace")

    return decode
