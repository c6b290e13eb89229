"""GeoPackage, with GDAL; GeoParquet, with geopandas and a validator."""

import sqlite3
import struct
import warnings

import geopandas
import geoparquet_validator
import pyarrow.parquet
import pyogrio
import shapely

from fault import faults, same_value

PLACED = {"district_gender": "MultiPolygon", "sector": "Point"}


def gdal_reads_the_geopackage(release, expected):
    # What GDAL warns of is a failure.
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        return layers_of(release / "data.gpkg", expected)


def layers_of(path, expected):
    layers = dict(pyogrio.list_layers(path).tolist())
    wanted = {"places_district": "MultiPolygon", "places_sector": "Point"}
    wanted |= {f"values_{it}": None for it in PLACED}
    wanted |= {it["name"]: PLACED.get(it["name"]) for it in expected}
    assert layers == wanted, f"layers are {layers}"
    for name, kind in wanted.items():
        if kind is not None:
            info = pyogrio.read_info(path, layer=name)
            assert info["crs"] == "EPSG:4326", f"{name}: CRS is {info['crs']}"
            in_britain(name, pyogrio.read_dataframe(path, layer=name), kind)
    for table in expected:
        for name in {table["name"], f"values_{table['name']}"} & set(layers):
            frame = pyogrio.read_dataframe(path, layer=name)
            assert pyogrio.read_info(path, layer=name)["features"] == len(table["cells"]), name
            same_values(frame, table)
    return f"pyogrio {pyogrio.__version__}, GDAL {pyogrio.__gdal_version_string__}: {layers}"


def geopandas_reads_geoparquet(release, expected):
    files = {it.stem for it in (release / "geo").iterdir()}
    assert files == set(PLACED), f"files are {files}"
    seen = []
    for table in (it for it in expected if it["name"] in PLACED):
        name = table["name"]
        frame = geopandas.read_parquet(release / "geo" / f"{name}.parquet")
        same_values(frame, table)
        in_britain(name, frame, PLACED[name])
        system = ":".join(frame.crs.to_authority() if frame.crs else ())
        assert system == "OGC:CRS84", f"CRS is {system}"
        seen.append(f"{name} {PLACED[name]} {len(frame)}")
    return f"geopandas {geopandas.__version__}: {seen}"


def the_validator_accepts_geoparquet(release, expected):
    said = []
    for name in PLACED:
        report = geoparquet_validator.check(str(release / "geo" / f"{name}.parquet"))
        wrong = [it["id"] for it in report["outcomes"] if it["status"] == "fail"]
        # Left out on purpose: statistics of what is in a part of a file.
        own = [it for it in wrong if it != "/conf/distribution/geospatial-statistics"]
        assert geoparquet_validator.conformant(report, "core") and not own, f"{name} fails {own}"
        passed = sum(1 for it in report["outcomes"] if it["status"] == "pass")
        said.append(f"{name} core conformant, {passed} tests passed, failed {wrong}")
    return f"geoparquet-validator {geoparquet_validator.__version__}: {said}"


def same_values(frame, table):
    assert len(frame) == len(table["cells"]), f"{table['name']} has {len(frame)} rows"
    rows = frame.reset_index(drop=True).iterrows()
    for (at, row), cell in zip(rows, table["cells"], strict=True):
        for key, code in zip(table["keys"], cell["codes"], strict=True):
            assert row[key] == code, f"row {at}: {code!r}, but read as {row[key]!r}"
        for measure, value in zip(table["measures"], cell["values"], strict=True):
            same_value(f"row {at}, {measure}", row[measure], value)
        assert row["status"] == cell["status"], f"row {at}: status is {row['status']!r}"


def in_britain(name, frame, kind):
    assert frame.geometry.notna().all() and not frame.geometry.is_empty.any(), f"{name}: no place"
    assert set(frame.geom_type) == {kind}, f"{name}: geometries are {set(frame.geom_type)}"
    assert frame.geometry.is_valid.all(), f"{name}: a geometry is not valid"
    west, south, east, north = frame.total_bounds
    inside = -9 < west <= east < 2 and 49 < south <= north < 61
    assert inside, f"{name}: not in Britain: {frame.total_bounds}"


# An outline that crosses itself.
BOW_TIE = shapely.MultiPolygon(
    [shapely.Polygon([(-2.1, 57.1), (-2.0, 57.2), (-2.0, 57.1), (-2.1, 57.2)])]
)


def stored(geometry):
    """A geometry as a geopackage stores it: magic, version, flags, reference system, WKB."""
    return struct.pack("<2sBBi", b"GP", 0, 1, 4326) + shapely.to_wkb(geometry, byte_order=1)


def sql(*statements):
    """Plants what the statements do to the geopackage."""

    def plant(release):
        with sqlite3.connect(release / "data.gpkg") as package:
            for text, *values in statements:
                assert package.execute(text, values).rowcount > 0, text
        package.close()

    return plant


def frame(name, change):
    """Plants what `change` makes of a table's frame."""

    def plant(release):
        path = release / "geo" / f"{name}.parquet"
        change(geopandas.read_parquet(path)).to_parquet(path)

    return plant


def without_metadata(release):
    path = release / "geo" / "sector.parquet"
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(path).replace_schema_metadata(), path)


def unknown_kind(release):
    path = release / "geo" / "sector.parquet"
    table = pyarrow.parquet.read_table(path)
    about = table.schema.metadata[b"geo"].replace(b'"Point"', b'"Dot"')
    assert about != table.schema.metadata[b"geo"]
    pyarrow.parquet.write_table(table.replace_schema_metadata({b"geo": about}), path)


def shown_as_zero(it):
    return it.assign(people=it["people"].fillna(0))


def bow_tied(it):
    return it.set_geometry([BOW_TIE] * len(it), crs=it.crs)


def unlisted(name):
    return [
        (f"DELETE FROM gpkg_geometry_columns WHERE table_name = '{name}'",),
        (f"DELETE FROM gpkg_contents WHERE table_name = '{name}'",),
    ]


def hide_nothing(column, value):
    return sql((f"UPDATE values_sector SET {column} = {value} WHERE status = '[c]'",))


CHECKS = [
    gdal_reads_the_geopackage,
    geopandas_reads_geoparquet,
    the_validator_accepts_geoparquet,
]
FAULTS = [
    *faults(
        gdal_reads_the_geopackage,
        ("[c] is 0", hide_nothing("people", 0), "people: hidden, but read as 0"),
        ("a hidden row counts as published", hide_nothing("status", "'A'"), "status is 'A'"),
        (
            "a number is one more",
            sql(("UPDATE values_sector SET people = 78 WHERE people = 77",)),
            "people: 77, but read as 78",
        ),
        (
            "an outline crosses itself",
            sql(("UPDATE places_district SET geom = ? WHERE code = 'M1'", stored(BOW_TIE))),
            "a geometry is not valid",
        ),
        (
            "a place has no point",
            sql(("DELETE FROM places_sector WHERE code = 'M1 1'",)),
            "sector: no place",
        ),
        (
            "east and north are changed round",
            sql(("UPDATE places_sector SET geom = ?", stored(shapely.Point(57.1, -2.1)))),
            "not in Britain",
        ),
        (
            "the reference system is not said",
            sql(
                ("UPDATE gpkg_geometry_columns SET srs_id = 0",),
                ("UPDATE gpkg_contents SET srs_id = 0 WHERE data_type = 'features'",),
            ),
            "CRS is",
        ),
        ("a layer is not listed", sql(*unlisted("sector")), "layers are"),
    ),
    *faults(
        geopandas_reads_geoparquet,
        ("[c] is 0", frame("sector", shown_as_zero), "people: hidden, but read as 0"),
        (
            "an outline crosses itself",
            frame("district_gender", bow_tied),
            "a geometry is not valid",
        ),
        (
            "the reference system is another",
            frame("sector", lambda it: it.set_crs("EPSG:27700", allow_override=True)),
            "CRS is EPSG:27700",
        ),
        ("a row is missing", frame("sector", lambda it: it[:1]), "sector has 1 rows"),
        (
            "a table is missing",
            lambda release: (release / "geo" / "sector.parquet").unlink(),
            "files are",
        ),
    ),
    *faults(
        the_validator_accepts_geoparquet,
        ("nothing says what the geometry is", without_metadata, "sector fails"),
        ("a kind of geometry that there is not", unknown_kind, "sector fails"),
    ),
]
