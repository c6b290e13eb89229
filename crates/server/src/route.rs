//! Where a statement goes: to the catalog or to the planner, by the relations that it names and not by its text.
//!
//! Going wrong gives an empty answer and nobody's row: the catalog holds none. Source: client rule 1.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, ObjectName, Query, Statement, TableFactor, Visit, Visitor,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;
use engine::query::may_be_table;

/// Whether a text is one statement that reads of the catalog alone, or of nothing.
pub fn is_of_catalog(sql: &str) -> bool {
    let parsed = Parser::new(&PostgreSqlDialect {})
        .with_recursion_limit(100)
        .try_with_sql(sql)
        .and_then(|mut it| it.parse_statements());
    let Ok([statement]) = parsed.as_deref() else { return false };
    let asks = matches!(statement, Statement::Query(_));
    let mut others = Others::default();
    // Without a relation of the catalog a function that makes rows is no look at the catalog.
    asks && !statement.visit(&mut others).is_break() && (others.of_catalog || !others.makes_rows)
}

/// Finds what the planner is for: a relation outside the catalog, or a function of its own.
///
/// A name that WITH gives is of neither, unless a table could be meant: where it holds is for the planner to say.
#[derive(Default)]
struct Others {
    given: BTreeSet<String>,
    of_catalog: bool,
    makes_rows: bool,
}

impl Visitor for Others {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        // A function in the place of a relation.
        if let TableFactor::Table { name, args: Some(_), .. } = factor
            && let Some(name) = name.0.last().and_then(|it| it.as_ident())
        {
            self.makes_rows = true;
            self.given.insert(name.value.to_ascii_lowercase());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let with = query.with.iter().flat_map(|it| &it.cte_tables);
        let names = with.map(|it| it.alias.name.value.to_ascii_lowercase());
        self.given.extend(names.filter(|it| !may_be_table(it)));
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let parts: Vec<String> = relation
            .0
            .iter()
            .filter_map(|it| it.as_ident())
            .map(|it| it.value.to_ascii_lowercase())
            .collect();
        let of_catalog = match parts.as_slice() {
            // The settings of the engine are nobody's business.
            [.., schema, name] if schema == "information_schema" => !name.starts_with("df_"),
            [.., schema, _] => schema == "pg_catalog",
            [name] => name.starts_with("pg_"),
            [] => false,
        };
        let given = matches!(parts.as_slice(), [it] if self.given.contains(it));
        self.of_catalog |= of_catalog;
        if of_catalog || given { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Function(it) if it.name.to_string().to_ascii_lowercase().starts_with("dp_") => {
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_go_by_the_relations_that_they_name() {
        for text in [
            "SELECT 1",
            "select version()",
            "SELECT * FROM pg_catalog.pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace",
            "SELECT table_name FROM information_schema.tables",
            "WITH t AS (SELECT oid FROM pg_class), u AS (SELECT * FROM t) SELECT * FROM u",
        ] {
            assert!(is_of_catalog(text), "{text}");
        }
        for text in [
            "SELECT * FROM released.presence",
            "SELECT * FROM visit",
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM visit)",
            "SELECT * FROM pg_class, subscriber",
            "WITH pg_class AS (SELECT * FROM visit) SELECT * FROM pg_class",
            "SELECT dp_budget()",
            "TABLE visit",
            "WITH t AS (SELECT * FROM visit) SELECT * FROM t",
            "WITH visit AS (SELECT 1) SELECT * FROM visit",
            "SELECT * FROM visit, (WITH visit AS (SELECT 1) SELECT 1) AS v",
            "SELECT * FROM information_schema.df_settings",
            "EXPLAIN PRIVACY SELECT COUNT(*) FROM visit",
            "SELECT (SELECT COUNT(*) FROM visit)",
            "nonsense",
        ] {
            assert!(!is_of_catalog(text), "{text}");
        }
    }
}
