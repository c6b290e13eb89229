//! Relations of `pg_catalog` and `information_schema` as views over what is shown, columns as in PostgreSQL 16
//! (chapters 53 and 37); those without rows here are written down for their columns.
//!
//! `described.relation` and `described.field` are the tables of [`super::relations`].

/// Schema, name and definition of each view with rows.
pub const VIEWS: &[(&str, &str, &str)] = &[
    (
        PG,
        "pg_namespace",
        "SELECT namespace AS oid, schema AS nspname, 10::oid AS nspowner, CAST(NULL AS TEXT[]) AS nspacl
         FROM described.relation GROUP BY namespace, schema
         UNION ALL SELECT 11::oid, 'pg_catalog', 10::oid, NULL
         UNION ALL SELECT 13212::oid, 'information_schema', 10::oid, NULL",
    ),
    (
        PG,
        "pg_class",
        "SELECT oid, name AS relname, namespace AS relnamespace, 0::oid AS reltype, 0::oid AS reloftype,
           10::oid AS relowner, CASE kind WHEN 'r' THEN 2 ELSE 0 END::oid AS relam, oid AS relfilenode,
           0::oid AS reltablespace, CAST(0 AS INT) AS relpages, CAST(-1 AS REAL) AS reltuples,
           CAST(0 AS INT) AS relallvisible, 0::oid AS reltoastrelid, false AS relhasindex, false AS relisshared,
           'p' AS relpersistence, kind AS relkind, width AS relnatts, CAST(0 AS SMALLINT) AS relchecks,
           false AS relhasrules, false AS relhastriggers, false AS relhassubclass, false AS relrowsecurity,
           false AS relforcerowsecurity, true AS relispopulated, 'd' AS relreplident, false AS relispartition,
           0::oid AS relrewrite, CAST(0 AS INT) AS relfrozenxid, CAST(0 AS INT) AS relminmxid,
           CAST(NULL AS TEXT[]) AS relacl, CAST(NULL AS TEXT[]) AS reloptions, CAST(NULL AS TEXT) AS relpartbound
         FROM described.relation",
    ),
    (
        PG,
        "pg_attribute",
        "SELECT relation AS attrelid, name AS attname, type AS atttypid, type_length AS attlen, number AS attnum,
           CAST(-1 AS INT) AS attcacheoff, CAST(-1 AS INT) AS atttypmod, CAST(0 AS SMALLINT) AS attndims,
           type_length BETWEEN 1 AND 8 AS attbyval, CASE type_length WHEN 8 THEN 'd' ELSE 'i' END AS attalign,
           CASE type_length WHEN -1 THEN 'x' ELSE 'p' END AS attstorage, '' AS attcompression,
           required AS attnotnull, false AS atthasdef, false AS atthasmissing, '' AS attidentity,
           '' AS attgenerated, false AS attisdropped, true AS attislocal, CAST(0 AS SMALLINT) AS attinhcount,
           CAST(-1 AS SMALLINT) AS attstattarget, CASE type_name WHEN 'text' THEN 100 ELSE 0 END::oid AS attcollation,
           CAST(NULL AS TEXT[]) AS attacl, CAST(NULL AS TEXT[]) AS attoptions,
           CAST(NULL AS TEXT[]) AS attfdwoptions, CAST(NULL AS TEXT) AS attmissingval
         FROM described.field",
    ),
    (
        PG,
        "pg_description",
        "SELECT oid AS objoid, 1259::oid AS classoid, CAST(0 AS INT) AS objsubid, comment AS description
         FROM described.relation
         UNION ALL SELECT relation, 1259::oid, CAST(number AS INT), comment FROM described.field",
    ),
    (
        PG,
        "pg_tables",
        "SELECT schema AS schemaname, name AS tablename, 'quorate' AS tableowner, CAST(NULL AS TEXT) AS tablespace,
           false AS hasindexes, false AS hasrules, false AS hastriggers, false AS rowsecurity
         FROM described.relation WHERE kind = 'r'",
    ),
    (
        PG,
        "pg_views",
        "SELECT schema AS schemaname, name AS viewname, 'quorate' AS viewowner, CAST(NULL AS TEXT) AS definition
         FROM described.relation WHERE kind = 'v'",
    ),
    (
        PG,
        "pg_database",
        "SELECT CAST(number AS INT)::oid AS oid, name AS datname, 10::oid AS datdba, CAST(6 AS INT) AS encoding,
           'c' AS datlocprovider, false AS datistemplate, true AS datallowconn, CAST(-1 AS INT) AS datconnlimit,
           CAST(0 AS INT) AS datfrozenxid, CAST(0 AS INT) AS datminmxid, 1663::oid AS dattablespace,
           'C.UTF-8' AS datcollate, 'C.UTF-8' AS datctype, CAST(NULL AS TEXT) AS daticulocale,
           CAST(NULL AS TEXT) AS daticurules, CAST(NULL AS TEXT) AS datcollversion, CAST(NULL AS TEXT[]) AS datacl
         FROM (VALUES (5, 'quorate'), (6, 'protected')) AS known (number, name)",
    ),
    (
        PG,
        "pg_roles",
        "SELECT 10::oid AS oid, 'quorate' AS rolname, false AS rolsuper, true AS rolinherit, false AS rolcreaterole,
           false AS rolcreatedb, false AS rolcanlogin, false AS rolreplication, CAST(-1 AS INT) AS rolconnlimit,
           '********' AS rolpassword, CAST(NULL AS TIMESTAMP) AS rolvaliduntil, false AS rolbypassrls,
           CAST(NULL AS TEXT[]) AS rolconfig",
    ),
    (
        PG,
        "pg_user",
        "SELECT 'quorate' AS usename, 10::oid AS usesysid, false AS usecreatedb, false AS usesuper, false AS userepl,
           false AS usebypassrls, '********' AS passwd, CAST(NULL AS TIMESTAMP) AS valuntil,
           CAST(NULL AS TEXT[]) AS useconfig",
    ),
    (
        PG,
        "pg_settings",
        "SELECT name, setting, CAST(NULL AS TEXT) AS unit, 'Quorate' AS category, name AS short_desc,
           CAST(NULL AS TEXT) AS extra_desc, 'user' AS context, 'string' AS vartype, 'default' AS source,
           CAST(NULL AS TEXT) AS min_val, CAST(NULL AS TEXT) AS max_val, CAST(NULL AS TEXT[]) AS enumvals,
           setting AS boot_val, setting AS reset_val, CAST(NULL AS TEXT) AS sourcefile,
           CAST(NULL AS INT) AS sourceline, false AS pending_restart
         FROM described.setting",
    ),
    (
        INFORMATION,
        "schemata",
        "SELECT DISTINCT current_database() AS catalog_name, schema AS schema_name, 'quorate' AS schema_owner,
           CAST(NULL AS TEXT) AS default_character_set_catalog, CAST(NULL AS TEXT) AS default_character_set_schema,
           CAST(NULL AS TEXT) AS default_character_set_name, CAST(NULL AS TEXT) AS sql_path
         FROM described.relation",
    ),
    (
        INFORMATION,
        "tables",
        "SELECT current_database() AS table_catalog, schema AS table_schema, name AS table_name,
           CASE kind WHEN 'r' THEN 'BASE TABLE' ELSE 'VIEW' END AS table_type,
           CAST(NULL AS TEXT) AS self_referencing_column_name, CAST(NULL AS TEXT) AS reference_generation,
           CAST(NULL AS TEXT) AS user_defined_type_catalog, CAST(NULL AS TEXT) AS user_defined_type_schema,
           CAST(NULL AS TEXT) AS user_defined_type_name, 'NO' AS is_insertable_into, 'NO' AS is_typed,
           CAST(NULL AS TEXT) AS commit_action, comment
         FROM described.relation",
    ),
    (
        INFORMATION,
        "views",
        "SELECT current_database() AS table_catalog, schema AS table_schema, name AS table_name,
           CAST(NULL AS TEXT) AS view_definition, 'NONE' AS check_option, 'NO' AS is_updatable,
           'NO' AS is_insertable_into, 'NO' AS is_trigger_updatable, 'NO' AS is_trigger_deletable,
           'NO' AS is_trigger_insertable_into
         FROM described.relation WHERE kind = 'v'",
    ),
    (
        INFORMATION,
        "columns",
        "SELECT current_database() AS table_catalog, schema AS table_schema, \"table\" AS table_name,
           name AS column_name, CAST(number AS BIGINT) AS ordinal_position, CAST(NULL AS TEXT) AS column_default,
           CASE required WHEN true THEN 'NO' ELSE 'YES' END AS is_nullable, type_words AS data_type,
           CAST(NULL AS INT) AS character_maximum_length, CAST(NULL AS INT) AS character_octet_length,
           CASE type_name WHEN 'int8' THEN 64 WHEN 'int4' THEN 32 WHEN 'int2' THEN 16 WHEN 'float8' THEN 53 END
             AS numeric_precision,
           CASE WHEN type_name IN ('int8', 'int4', 'int2', 'float8') THEN 2 END AS numeric_precision_radix,
           CASE WHEN type_name IN ('int8', 'int4', 'int2') THEN 0 END AS numeric_scale,
           CASE WHEN type_name = 'date' THEN 0 END AS datetime_precision, CAST(NULL AS TEXT) AS interval_type,
           CAST(NULL AS INT) AS interval_precision, CAST(NULL AS TEXT) AS character_set_catalog,
           CAST(NULL AS TEXT) AS character_set_schema, CAST(NULL AS TEXT) AS character_set_name,
           CAST(NULL AS TEXT) AS collation_catalog, CAST(NULL AS TEXT) AS collation_schema,
           CAST(NULL AS TEXT) AS collation_name, CAST(NULL AS TEXT) AS domain_catalog,
           CAST(NULL AS TEXT) AS domain_schema, CAST(NULL AS TEXT) AS domain_name,
           current_database() AS udt_catalog, 'pg_catalog' AS udt_schema, type_name AS udt_name,
           CAST(NULL AS TEXT) AS scope_catalog, CAST(NULL AS TEXT) AS scope_schema, CAST(NULL AS TEXT) AS scope_name,
           CAST(NULL AS INT) AS maximum_cardinality, CAST(number AS TEXT) AS dtd_identifier,
           'NO' AS is_self_referencing, 'NO' AS is_identity, CAST(NULL AS TEXT) AS identity_generation,
           CAST(NULL AS TEXT) AS identity_start, CAST(NULL AS TEXT) AS identity_increment,
           CAST(NULL AS TEXT) AS identity_maximum, CAST(NULL AS TEXT) AS identity_minimum,
           'NO' AS identity_cycle, 'NEVER' AS is_generated, CAST(NULL AS TEXT) AS generation_expression,
           'NO' AS is_updatable, comment
         FROM described.field",
    ),
    (INFORMATION, "table_privileges", PRIVILEGES),
    (INFORMATION, "role_table_grants", PRIVILEGES),
    (
        INFORMATION,
        "information_schema_catalog_name",
        "SELECT current_database() AS catalog_name",
    ),
];

const PG: &str = "pg_catalog";
const INFORMATION: &str = "information_schema";

const PRIVILEGES: &str =
    "SELECT 'quorate' AS grantor, 'PUBLIC' AS grantee, current_database() AS table_catalog,
   schema AS table_schema, name AS table_name, 'SELECT' AS privilege_type, 'NO' AS is_grantable,
   'YES' AS with_hierarchy
 FROM described.relation";

/// Schema, name and columns of each relation without rows; a column is text unless a type stands after it.
pub const EMPTY: &[(&str, &str, &str)] = &[
    (
        PG,
        "pg_index",
        "indexrelid oid, indrelid oid, indnatts smallint, indnkeyatts smallint, indisunique boolean,
         indnullsnotdistinct boolean, indisprimary boolean, indisexclusion boolean, indimmediate boolean,
         indisclustered boolean, indisvalid boolean, indcheckxmin boolean, indisready boolean, indislive boolean,
         indisreplident boolean, indkey smallint[], indcollation int[], indclass int[], indoption smallint[],
         indexprs, indpred",
    ),
    (
        PG,
        "pg_constraint",
        "oid oid, conname, connamespace oid, contype, condeferrable boolean, condeferred boolean,
         convalidated boolean, conrelid oid, contypid oid, conindid oid, conparentid oid, confrelid oid, confupdtype,
         confdeltype, confmatchtype, conislocal boolean, coninhcount smallint, connoinherit boolean,
         conkey smallint[], confkey smallint[], conpfeqop int[], conppeqop int[], conffeqop int[],
         confdelsetcols smallint[], conexclop int[], conbin",
    ),
    (PG, "pg_enum", "oid oid, enumtypid oid, enumsortorder real, enumlabel"),
    (
        PG,
        "pg_collation",
        "oid oid, collname, collnamespace oid, collowner oid, collprovider, collisdeterministic boolean,
         collencoding int, collcollate, collctype, colliculocale, collicurules, collversion",
    ),
    (PG, "pg_inherits", "inhrelid oid, inhparent oid, inhseqno int, inhdetachpending boolean"),
    (PG, "pg_attrdef", "oid oid, adrelid oid, adnum smallint, adbin"),
    (
        PG,
        "pg_policy",
        "oid oid, polname, polrelid oid, polcmd, polpermissive boolean, polroles int[], polqual, polwithcheck",
    ),
    (
        PG,
        "pg_trigger",
        "oid oid, tgrelid oid, tgparentid oid, tgname, tgfoid oid, tgtype smallint, tgenabled, tgisinternal boolean,
         tgconstrrelid oid, tgconstrindid oid, tgconstraint oid, tgdeferrable boolean, tginitdeferred boolean,
         tgnargs smallint, tgattr smallint[], tgargs, tgqual, tgoldtable, tgnewtable",
    ),
    (
        PG,
        "pg_rewrite",
        "oid oid, rulename, ev_class oid, ev_type, ev_enabled, is_instead boolean, ev_qual, ev_action",
    ),
    (
        PG,
        "pg_depend",
        "classid oid, objid oid, objsubid int, refclassid oid, refobjid oid, refobjsubid int, deptype",
    ),
    (
        PG,
        "pg_sequence",
        "seqrelid oid, seqtypid oid, seqstart bigint, seqincrement bigint, seqmax bigint, seqmin bigint,
         seqcache bigint, seqcycle boolean",
    ),
    (PG, "pg_sequences", "schemaname, sequencename, sequenceowner, data_type, start_value bigint,
         min_value bigint, max_value bigint, increment_by bigint, cycle boolean, cache_size bigint, last_value bigint"),
    (
        PG,
        "pg_publication",
        "oid oid, pubname, pubowner oid, puballtables boolean, pubinsert boolean, pubupdate boolean,
         pubdelete boolean, pubtruncate boolean, pubviaroot boolean",
    ),
    (PG, "pg_publication_rel", "oid oid, prpubid oid, prrelid oid, prqual, prattrs smallint[]"),
    (PG, "pg_publication_namespace", "oid oid, pnpubid oid, pnnspid oid"),
    (
        PG,
        "pg_statistic_ext",
        "oid oid, stxrelid oid, stxname, stxnamespace oid, stxowner oid, stxkeys smallint[], stxstattarget smallint,
         stxkind text[], stxexprs",
    ),
    (PG, "pg_foreign_table", "ftrelid oid, ftserver oid, ftoptions text[]"),
    (
        PG,
        "pg_partitioned_table",
        "partrelid oid, partstrat, partnatts smallint, partdefid oid, partattrs smallint[], partclass int[],
         partcollation int[], partexprs",
    ),
    (PG, "pg_auth_members", "oid oid, roleid oid, member oid, grantor oid, admin_option boolean,
         inherit_option boolean, set_option boolean"),
    (PG, "pg_shdescription", "objoid oid, classoid oid, description"),
    (PG, "pg_seclabel", "objoid oid, classoid oid, objsubid int, provider, label"),
    (PG, "pg_extension", "oid oid, extname, extowner oid, extnamespace oid, extrelocatable boolean, extversion,
         extconfig int[], extcondition text[]"),
    (PG, "pg_indexes", "schemaname, tablename, indexname, tablespace, indexdef"),
    (PG, "pg_matviews", "schemaname, matviewname, matviewowner, tablespace, hasindexes boolean,
         ispopulated boolean, definition"),
    (PG, "pg_rules", "schemaname, tablename, rulename, definition"),
    (PG, "pg_policies", "schemaname, tablename, policyname, permissive, roles text[], cmd, qual, with_check"),
    (PG, "pg_group", "groname, grosysid oid, grolist int[]"),
    (PG, "pg_shadow", "usename, usesysid oid, usecreatedb boolean, usesuper boolean"),
    (PG, "pg_available_extensions", "name, default_version, installed_version, comment"),
    (PG, "pg_timezone_names", "name, abbrev, utc_offset, is_dst boolean"),
    (PG, "pg_locks", "locktype, database oid, relation oid, pid int, mode, granted boolean"),
    (PG, "pg_stat_activity", "datid oid, datname, pid int, usesysid oid, usename, application_name, state, query"),
    (PG, "pg_stats", "schemaname, tablename, attname, inherited boolean, null_frac real, n_distinct real"),
    (INFORMATION, "table_constraints", "constraint_catalog, constraint_schema, constraint_name, table_catalog,
         table_schema, table_name, constraint_type, is_deferrable, initially_deferred, enforced, nulls_distinct"),
    (INFORMATION, "key_column_usage", "constraint_catalog, constraint_schema, constraint_name, table_catalog,
         table_schema, table_name, column_name, ordinal_position int, position_in_unique_constraint int"),
    (INFORMATION, "referential_constraints", "constraint_catalog, constraint_schema, constraint_name,
         unique_constraint_catalog, unique_constraint_schema, unique_constraint_name, match_option, update_rule,
         delete_rule"),
    (INFORMATION, "constraint_column_usage", "table_catalog, table_schema, table_name, column_name,
         constraint_catalog, constraint_schema, constraint_name"),
    (INFORMATION, "check_constraints", "constraint_catalog, constraint_schema, constraint_name, check_clause"),
    (INFORMATION, "column_privileges", "grantor, grantee, table_catalog, table_schema, table_name, column_name,
         privilege_type, is_grantable"),
    (INFORMATION, "element_types", "object_catalog, object_schema, object_name, object_type,
         collection_type_identifier, data_type, udt_catalog, udt_schema, udt_name"),
    (INFORMATION, "domains", "domain_catalog, domain_schema, domain_name, data_type"),
    (INFORMATION, "routines", "specific_catalog, specific_schema, specific_name, routine_catalog, routine_schema,
         routine_name, routine_type, data_type, type_udt_name, routine_definition, external_language"),
    (INFORMATION, "parameters", "specific_catalog, specific_schema, specific_name, ordinal_position int,
         parameter_mode, parameter_name, data_type, udt_name"),
    (INFORMATION, "sequences", "sequence_catalog, sequence_schema, sequence_name, data_type, start_value,
         minimum_value, maximum_value, increment, cycle_option"),
    (INFORMATION, "triggers", "trigger_catalog, trigger_schema, trigger_name, event_manipulation,
         event_object_catalog, event_object_schema, event_object_table, action_statement, action_timing"),
    (INFORMATION, "character_sets", "character_set_catalog, character_set_schema, character_set_name,
         character_repertoire, form_of_use, default_collate_catalog, default_collate_schema, default_collate_name"),
];
