"""The workbook, with openpyxl."""

import json
import zipfile

import openpyxl

from fault import faults

CELL = 32_767
HEADER = 3


def openpyxl_reads_it(release, expected):
    path = release / "data.xlsx"
    book = openpyxl.load_workbook(path)
    sheets = ["Cover", "Notes"] + [it["name"] for it in expected]
    assert book.sheetnames == sheets, f"sheets are {book.sheetnames}"
    front_says(release, book)
    seen = sum(same_cells(book[it["name"]], it) for it in expected)
    about = book.properties
    people = (about.creator, about.lastModifiedBy)
    assert not any(people), f"it names who made it: {people}"
    assert str(about.created) == "2026-11-03 09:30:00", about.created
    with zipfile.ZipFile(path) as archive:
        times = {it.date_time for it in archive.infolist()}
    assert times == {(1980, 1, 1, 0, 0, 0)}, times
    return f"openpyxl {openpyxl.__version__}: {len(book.sheetnames)} sheets, {seen} values"


def front_says(release, book):
    cover = {row[0].value: row[1].value for row in book["Cover"].iter_rows(max_col=2)}
    title = json.loads((release / "datapackage.json").read_text())["title"]
    assert book["Cover"]["A1"].value == title, "the cover has no title"
    links = {it.hyperlink.location for row in book["Cover"] for it in row if it.hyperlink}
    wanted = {f"'{it}'!A1" for it in book.sheetnames[1:]}
    assert wanted <= links, f"the cover links to {links} only"
    for about in ("How it was made safe", "Privacy loss", "Publisher", "Licence", "Licence text"):
        assert cover.get(about), f"the cover does not say: {about}"
    notes = {row[0].value: row[1].value for row in book["Notes"].iter_rows(max_col=2)}
    for says in (cover.get("Shorthand"), notes.get("Hidden cells")):
        assert says and says.startswith("[c]: hidden"), "[c] is not explained"
    for about in ("Status", "Intervals", "Smallest group", "Privacy unit"):
        assert notes.get(about), f"the notes do not say: {about}"


def same_cells(sheet, table):
    assert sheet.freeze_panes == "A4", sheet.freeze_panes
    assert not sheet.merged_cells.ranges
    rows = list(sheet.iter_rows(min_row=HEADER + 1))
    heads = [it.value for it in sheet[HEADER]]
    assert len(rows) == len(table["cells"]), f"{sheet.title} has {len(rows)} rows"
    assert len(sheet.tables) == (1 if rows else 0), "the table is not marked up"
    seen = 0
    for row, cell in zip(rows, table["cells"]):
        width = len(cell["values"])
        for it, value in zip(row[-width - 1 : -1], cell["values"], strict=True):
            wanted = ("s", "[c]") if value is None else ("n", value)
            assert (it.data_type, it.value) == wanted, f"{it}: {wanted}, but read as {it.value!r}"
            seen += 1
        assert row[-1].value == cell["status"], f"{row[-1]}: status is {row[-1].value!r}"
        texts = row[: -width - 1]
        assert all(it.data_type == "s" for it in texts), "a label became a formula"
        wanted = []
        for key, code, label in zip(table["keys"], cell["codes"], cell["labels"]):
            wanted += [code, label] if f"{key}_label" in heads else [code]
        for it, text in zip(texts, wanted, strict=True):
            assert it.value == text or len(text) > CELL, f"{it}: {text!r}, but read as {it.value!r}"
    return seen


def edit(change):
    """Plants what `change` does to the workbook."""

    def plant(release):
        book = openpyxl.load_workbook(release / "data.xlsx")
        change(book)
        book.save(release / "data.xlsx")

    return plant


def put(sheet, cell, value):
    return edit(lambda book: book[sheet].__setitem__(cell, value))


CHECKS = [openpyxl_reads_it]
FAULTS = faults(
    openpyxl_reads_it,
    ("[c] is 0", put("district_gender", "D5", 0), "D5>: ('s', '[c]'), but read as 0"),
    ("[c] is empty", put("district_gender", "D5", None), "D5>: ('s', '[c]'), but read as None"),
    ("a number is one more", put("district_gender", "D4", 311), "('n', 310), but read as 311"),
    ("a number is text", put("district_gender", "D4", "310"), "('n', 310), but read as '310'"),
    ("a hidden row counts as published", put("district_gender", "H5", "A"), "status is 'A'"),
    ("a place is another", put("sector", "A5", "M1 2"), "'M1 1', but read as 'M1 2'"),
    ("a label is a formula", put("region_site", "C4", "=1+1"), "a label became a formula"),
    ("no cover", edit(lambda it: it.remove(it["Cover"])), "sheets are ['Notes'"),
    ("the notes are short of [c]", edit(lambda it: it["Notes"].delete_rows(3)), "[c] is not explained"),
    ("it is written by another program", edit(lambda it: None), "it names who made it"),
    ("a row is missing", edit(lambda it: it["sector"].delete_rows(5)), "sector has 1 rows"),
)
