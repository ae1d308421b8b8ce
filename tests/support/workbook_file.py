"""Workbooks like the monthly list of deactivated numbers, and the same ones spoiled."""

import io
import re
import zipfile
from collections.abc import Callable, Sequence

from openpyxl import Workbook

NAME = "NPPES Deactivated NPI Report 20260510.xlsx"
TITLE = "CMS NPPES Deactivated NPI Report as of May 10 2026"
SHEET = "xl/worksheets/sheet1.xml"


def book(rows: Sequence[Sequence[object]], *others: Sequence[Sequence[object]]) -> bytes:
    """Return a workbook with these rows on its first sheet, and a sheet for each of `others`."""
    made = Workbook()
    for number, values in enumerate([rows, *others]):
        sheet = made.worksheets[0] if not number else made.create_sheet()
        for row in values:
            sheet.append(list(row))
    out = io.BytesIO()
    made.save(out)
    made.close()
    return out.getvalue()


def zipped(*files: tuple[str, bytes]) -> bytes:
    """Return a ZIP of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    """Return what a workbook is made of."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed(data: bytes, change: Callable[[str], str], part: str = SHEET) -> bytes:
    """Return the workbook with the text of one part changed; it must have changed."""
    found = parts(data)
    before = found[part].decode()
    found[part] = change(before).encode()
    assert found[part] != before.encode()
    return zipped(*found.items())


def shared(data: bytes) -> bytes:
    """Return the workbook as other programs write it: texts stand once, in a part of their own."""
    found = parts(data)
    texts: list[str] = []

    def kept(cell: re.Match[str]) -> str:
        texts.append(cell[2])
        return f'<c{cell[1]} t="s"><v>{len(texts) - 1}</v></c>'

    inline = r'<c([^>]*) t="inlineStr"><is><t>([^<]*)</t></is></c>'
    found[SHEET] = re.sub(inline, kept, found[SHEET].decode()).encode()
    assert texts
    types, main = "[Content_Types].xml", "application/vnd.openxmlformats-officedocument"
    found[types] = found[types].replace(
        b"</Types>",
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{main}.spreadsheetml'
        '.sharedStrings+xml"/></Types>'.encode(),
    )
    listed = "".join(f"<si><t>{text}</t></si>" for text in texts)
    found["xl/sharedStrings.xml"] = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"{listed}</sst>".encode()
    )
    return zipped(*found.items())
