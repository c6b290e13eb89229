"""GeoPackage and GeoParquet, with GDAL, geopandas, and a validator."""

import warnings

import geopandas
import geoparquet_validator
import pyogrio

PLACED = ["district_gender", "sector"]


def gdal_reads_the_geopackage(release, expected):
    # What GDAL warns of is a failure.
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        return layers_of(release / "data.gpkg", expected)


def layers_of(path, expected):
    layers = {name: kind for name, kind in pyogrio.list_layers(path)}
    seen = []
    for table in expected:
        name = table["name"]
        info = pyogrio.read_info(path, layer=name)
        assert info["features"] == len(table["cells"]), info
        frame = pyogrio.read_dataframe(path, layer=name)
        same_values(frame, table)
        if name in PLACED:
            assert info["crs"] == "EPSG:4326", info["crs"]
            in_britain(frame)
        else:
            assert layers[name] is None
        seen.append(f"{name} {layers[name]} {info['features']}")
    return f"pyogrio {pyogrio.__version__}, GDAL {pyogrio.__gdal_version_string__}: {seen}"


def geopandas_reads_geoparquet(release, expected):
    seen = []
    for table in expected:
        path = release / "geo" / f"{table['name']}.parquet"
        assert path.exists() == (table["name"] in PLACED)
        if path.exists():
            frame = geopandas.read_parquet(path)
            same_values(frame, table)
            in_britain(frame)
            assert frame.crs.to_string() == "OGC:CRS84", frame.crs
            seen.append(f"{table['name']} {set(frame.geom_type)} {len(frame)}")
    return f"geopandas {geopandas.__version__}: {seen}"


def the_validator_accepts_geoparquet(release, expected):
    said = []
    for name in PLACED:
        report = geoparquet_validator.check(str(release / "geo" / f"{name}.parquet"))
        wrong = [it for it in report["outcomes"] if it["status"] == "fail"]
        assert geoparquet_validator.conformant(report, "core"), wrong
        passed = sum(1 for it in report["outcomes"] if it["status"] == "pass")
        said.append(f"{name} core conformant, {passed} tests passed, failed {[it['id'] for it in wrong]}")
    return f"geoparquet-validator {geoparquet_validator.__version__}: {said}"


def same_values(frame, table):
    frame = frame.reset_index(drop=True)
    for at, cell in enumerate(table["cells"]):
        row = frame.loc[at]
        for key, code in zip(table["keys"], cell["codes"]):
            assert row[key] == code, (row[key], code)
        for measure, value in zip(table["measures"], cell["values"]):
            missing = row[measure] != row[measure] or row[measure] is None
            assert missing if value is None else row[measure] == value, (measure, row[measure])
        assert row["status"] == cell["status"]


def in_britain(frame):
    assert frame.geometry.notna().all() and frame.geometry.is_valid.all()
    west, south, east, north = frame.total_bounds
    assert -9 < west < east < 2 and 49 < south < north < 61, frame.total_bounds
