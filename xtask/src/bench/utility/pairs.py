"""Flat distinct (person, cell) pairs of each table, from a vault and from a file of (user, area) pairs.

pairs.py OUT VAULT SECTORS [REAL]: writes OUT/<table>.pairs, two little-endian u32 a pair, sorted by
person, cells numbered densely from zero; says the number of people, cells and pairs of each as JSON.
"""
import glob, json, sys
import duckdb, numpy

out, vault, sectors = sys.argv[1:4]
real = sys.argv[4] if len(sys.argv) > 4 else None
duck = duckdb.connect()
duck.execute("set enable_progress_bar=false")
period = glob.glob(f"{vault}/20*")[0]
people, visit, presence = (f"'{period}/{it}'" for it in ("people-*.parquet", "visit/*.parquet", "presence/*.parquet"))
duck.execute(f"""create view district as select row_number() over () - 1 as sector, split_part(sector, ' ', 1) as home
                 from read_csv('{sectors}', header=true)""")
duck.execute(f"""create view who as select person, age_band, sector, home,
                 case when gender = 2 then token % 2 else gender end as gender from {people} join district using (sector)""")
duck.execute(f"create view site as select distinct person, site from {visit}")
duck.execute(f"""create view listed as select row_number() over () - 1 as site, category
                 from read_csv('{vault}/sites.csv', header=true)""")
day = f"cast(regexp_extract(filename, '([0-9-]+)[.]parquet', 1) as date)"
TABLES = {
    "sector_age": "select person, sector || '/' || age_band as cell from who",
    "site": "select person, site::varchar as cell from site",
    "site_age": "select person, site || '/' || age_band as cell from site join who using (person)",
    "site_gender_age": """select person, site || '/' || gender || '/' || age_band as cell
        from site join who using (person)""",
    "site_district": "select person, site || '/' || home as cell from site join who using (person)",
    "category_age": """select person, category || '/' || age_band as cell
        from site join listed using (site) join who using (person)""",
    "presence": f"""select person, district || '/' || hour || '/' || (isodow({day}) > 5) as cell
        from read_parquet({presence}, filename=true)""",
}
if real:
    TABLES["real_areas"] = f"select \"user\" as person, vroot::varchar as cell from read_csv('{real}')"
sizes = {}
for name, query in TABLES.items():
    rows = duck.execute(f"""
        with pair as (select distinct person, cell from ({query})),
             code as (select cell, row_number() over (order by cell) - 1 as number
                      from (select distinct cell from pair))
        select person::uinteger as person, number::uinteger as cell
        from pair join code using (cell) order by 1, 2""").fetchnumpy()
    flat = numpy.stack([rows["person"], rows["cell"]], axis=1).astype("<u4")
    flat.tofile(f"{out}/{name}.pairs")
    persons, counts = numpy.unique(flat[:, 0], return_counts=True)
    sizes[name] = {"people": len(persons), "cells": int(flat[:, 1].max()) + 1, "pairs": len(flat),
                   "median_cells": float(numpy.median(counts)), "p95_cells": float(numpy.quantile(counts, .95)), "most_cells": int(counts.max())}
print(json.dumps(sizes))
