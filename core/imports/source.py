"""Looking a CSV file over: encoding, delimiter and header."""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass
from pathlib import Path

import charset_normalizer

from core.errors import BadInput
from core.installation import current_settings
from core.phone import looks_like_number

MAX_COLUMNS = 200
CHUNK = 1 << 20
SAMPLE = 1 << 16
DELIMITERS = (",", ";", "\t", "|")
SIGNATURES = {
    b"PK\x03\x04": "a spreadsheet or archive",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
}
CANDIDATES = [
    *("cp1252", "iso8859_15", "cp1250", "iso8859_2", "cp1251", "koi8_r", "cp1253", "cp1254"),
    *("mac_roman", "shift_jis", "gb18030", "big5", "euc_kr"),
]
WESTERN = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŸŒ«»“”‘’„–—…€£°¿¡ªº·\xa0"
)
NOT_WESTERN = {
    *("CZ", "SK", "PL", "HU", "RO", "HR", "SI", "RS", "BA", "ME", "MK", "BG"),
    *("RU", "UA", "BY", "GR", "TR", "IL", "EG", "JP", "CN", "TW", "KR"),
}
SAVE_AS = "Save it as CSV (UTF-8) and try again."


@dataclass(frozen=True, slots=True)
class Source:
    """A CSV file that was looked at; `size` is in bytes."""

    path: Path
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    size: int


def inspect_file(path: Path) -> Source:
    """Look the file over; raises BadInput that says what is wrong and the mend."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(SAMPLE)
    except OSError as error:
        raise BadInput(
            "file", f"cannot be read: {error.strerror}", value=path, mend="Check the path."
        ) from None
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \r\n\t,;|"):
        raise BadInput("file", "is empty", value=path.name, mend="Choose a file with rows.")
    for signature, kind in SIGNATURES.items():
        if head.startswith(signature):
            raise BadInput("file", f"is {kind}, no CSV", value=path.name, mend=SAVE_AS)
    encoding = find_encoding(path, head)
    delimiter = find_delimiter(head.decode(encoding, "replace"))
    columns = read_header(path, encoding, delimiter)
    return Source(path, encoding, delimiter, columns, size)


def find_encoding(path: Path, head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in head:
        raise BadInput("file", "is no text", value=path.name, mend=SAVE_AS)
    stranger = first_stranger(path)
    if stranger is None:
        return "utf-8"
    if is_western(stranger) and current_settings().region not in NOT_WESTERN:
        return "cp1252"
    guess = charset_normalizer.from_bytes(stranger, cp_isolation=CANDIDATES).best()
    return guess.encoding if guess is not None else "cp1252"


def is_western(sample: bytes) -> bool:
    """Whether *sample* makes sense as Windows-1252, where most such files come from.

    Statistics alone take French for Czech: the same bytes are letters in both.
    """
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return all(character.isascii() or character in WESTERN for character in text)


def first_stranger(path: Path) -> bytes | None:
    """A sample around the first bytes that are not UTF-8, or None."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                at = max(0, file.tell() - len(chunk) + error.start - SAMPLE // 2)
                file.seek(at)
                return file.read(SAMPLE)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return path.read_bytes()[-SAMPLE:]
    return None


def find_delimiter(text: str) -> str:
    """The one that cuts the first lines into the same number of cells, the most."""
    lines = text.lstrip("\ufeff").splitlines()[:30]
    lines = lines[:-1] if len(lines) == 30 else lines
    best, most = ",", (0, 0)
    for delimiter in DELIMITERS:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        if not widths or widths[0] < 2:
            continue
        same = sum(width == widths[0] for width in widths)
        if (same * 100 // len(widths), widths[0]) > most:
            best, most = delimiter, (same * 100 // len(widths), widths[0])
    return best


def read_header(path: Path, encoding: str, delimiter: str) -> tuple[str, ...]:
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        try:
            header = next((row for row in csv.reader(file, delimiter=delimiter) if any(row)), [])
        except csv.Error as error:
            raise BadInput(
                "file", f"cannot be read: {error}", value=path.name, mend=SAVE_AS
            ) from None
    names = tuple(name.strip().lstrip("\ufeff") for name in header)
    if not any(names):
        raise BadInput("file", "is empty", value=path.name, mend="Choose a file with rows.")
    if len(names) > MAX_COLUMNS:
        mend = f"{MAX_COLUMNS} is the most: take out those you do not need."
        raise BadInput("file", f"has {len(names)} columns", value=path.name, mend=mend)
    if any(looks_like_number(name) and name.strip("+")[:1].isdigit() for name in names):
        mend = "Put a first row with the names of the columns."
        raise BadInput("file", "has no header row", value=", ".join(names)[:60], mend=mend)
    filled = tuple(name or f"column {number}" for number, name in enumerate(names, 1))
    twice = next((name for name in filled if filled.count(name) > 1), None)
    if twice is not None:
        raise BadInput("file", "has this column twice", value=twice, mend="Rename one of them.")
    return filled
