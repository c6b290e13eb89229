"""What SQLAlchemy reads of a database; run under two versions of it. Prints columns and whether all is well."""

import sys

import sqlalchemy
from sqlalchemy import create_engine, inspect, text

engine = create_engine(sys.argv[1])
look = inspect(engine)
assert "released" in look.get_schema_names()
tables = look.get_table_names("released")
assert "presence" in tables, tables
columns = look.get_columns("presence", schema="released")
kinds = {it["name"]: str(it["type"]) for it in columns}
assert kinds["people"] == "BIGINT" and kinds["present_in"] == "TEXT", kinds
assert columns[0].get("comment"), columns[0]
assert look.get_pk_constraint("presence", schema="released")["constrained_columns"] == []
assert look.get_foreign_keys("presence", schema="released") == []
assert look.get_indexes("presence", schema="released") == []
assert look.get_unique_constraints("presence", schema="released") == []
assert look.get_check_constraints("presence", schema="released") == []
assert look.get_table_comment("presence", schema="released")["text"]
assert look.has_table("presence", schema="released")
assert look.get_view_names("released") == []
with engine.connect() as connection:
    found = connection.execute(text("SELECT count(*) FROM released.presence WHERE people >= :n"), {"n": 50})
    assert found.scalar() > 0
print(sqlalchemy.__version__, sorted(kinds))
