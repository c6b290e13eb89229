"""The workbook, with openpyxl."""

import zipfile

import openpyxl

CELL = 32_767


def openpyxl_reads_it(release, expected):
    path = release / "data.xlsx"
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Cover", "Notes"] + [it["name"] for it in expected]
    assert book.properties.creator in (None, ""), book.properties.creator
    assert book.properties.lastModifiedBy in (None, "")
    assert str(book.properties.created) == "2026-11-03 09:30:00", book.properties.created
    links = [it.hyperlink.location for row in book["Cover"] for it in row if it.hyperlink]
    assert "'Notes'!A1" in links and "'district_gender'!A1" in links, links
    seen = 0
    for table in expected:
        sheet = book[table["name"]]
        assert sheet.freeze_panes == "A4", sheet.freeze_panes
        assert not sheet.merged_cells.ranges
        rows = list(sheet.iter_rows(min_row=4))
        assert len(rows) == len(table["cells"])
        marked = list(sheet.tables.values())
        assert len(marked) == (1 if rows else 0)
        for row, cell in zip(rows, table["cells"]):
            width = len(cell["values"])
            for it, value in zip(row[-width - 1 : -1], cell["values"]):
                assert it.data_type == ("s" if value is None else "n"), it
                assert it.value == ("[c]" if value is None else value), (it.value, value)
                seen += 1
            texts = row[: -width - 1]
            assert all(it.data_type == "s" for it in texts), "a label became a formula"
            read = {it.value for it in texts}
            for wanted in cell["codes"] + cell["labels"]:
                assert wanted in read or len(wanted) > CELL, wanted
    with zipfile.ZipFile(path) as archive:
        times = {it.date_time for it in archive.infolist()}
    assert times == {(1980, 1, 1, 0, 0, 0)}, times
    return f"openpyxl {openpyxl.__version__}: {len(book.sheetnames)} sheets, {seen} values"
