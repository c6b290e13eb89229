//! Statements about the catalog in words that DataFusion plans, beside what the catalog's library rewrites.
//!
//! Nothing here is for a statement about people or released tables: those go to the planner as they are typed.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, ArrayElemTypeDef, BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg,
    FunctionArgExpr, FunctionArguments, Ident, ObjectName, ObjectNamePart, Query, SelectItem,
    SetExpr, Statement, TableAliasColumnDef, TableFactor, UnaryOperator, Value, ValueWithSpan,
    Visit, VisitMut, Visitor, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};

/// What a statement may ask of the session that it is made in.
pub trait Surroundings {
    /// Who asks.
    fn user(&self) -> String;
    /// A setting; none when it is not known.
    fn setting(&self, name: &str) -> Option<String>;
}

/// What columns are called, each where it is known; none where a column stands for several.
pub type Names = Option<Vec<Option<String>>>;

/// A statement in other words, and what PostgreSQL calls its columns where the statement does not say.
///
/// # Errors
/// A text that is no SQL.
pub fn rewrite(sql: &str, around: &dyn Surroundings) -> Result<(String, Names), ParserError> {
    let mut statements = Parser::parse_sql(&PostgreSqlDialect {}, sql)?;
    let [statement] = statements.as_mut_slice() else {
        return Err(ParserError::ParserError("one statement at a time".to_owned()));
    };
    let names = names(statement);
    let _: ControlFlow<()> = statement.visit(&mut Words { around });
    Ok((statement.to_string(), names))
}

struct Words<'session> {
    around: &'session dyn Surroundings,
}

impl VisitorMut for Words<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Some(other) = self.other(expression) {
            *expression = other;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        if let [ObjectNamePart::Identifier(name)] = relation.0.as_slice()
            && name.value.starts_with("pg_")
        {
            relation.0.insert(0, ObjectNamePart::Identifier(Ident::new("pg_catalog")));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        // The one column of a list that is spread out is called as the list is.
        if let TableFactor::UNNEST { alias: Some(alias), .. } = factor
            && alias.columns.is_empty()
        {
            let name = alias.name.clone();
            alias.columns.push(TableAliasColumnDef { name, data_type: None });
        }
        if let TableFactor::Table { args: Some(_), alias: Some(alias), .. } = factor
            && alias.columns.is_empty()
        {
            let name = alias.name.clone();
            alias.columns.push(TableAliasColumnDef { name, data_type: None });
        }
        // A plain function in the place of a relation is a relation of its one value.
        if let TableFactor::Table { name, args: Some(arguments), alias, .. } = factor
            && let Some(last) = name.0.last().and_then(|it| it.as_ident())
            && !["generate_series", "unnest", "pg_get_keywords"].contains(&last.value.as_str())
        {
            let name = alias.as_ref().map_or_else(|| last.clone(), |it| it.name.clone());
            let each: Vec<String> = arguments.args.iter().map(ToString::to_string).collect();
            let sql = format!("(SELECT {last}({}) AS {name}) AS {name}", each.join(", "));
            if let Some(derived) = parsed_factor(&sql) {
                *factor = derived;
                return ControlFlow::Continue(());
            }
        }
        // Counted by a column, which stands in a relation without rows wherever clients write it.
        if let TableFactor::Table { name, args: Some(arguments), .. } = factor
            && name.to_string().ends_with("generate_series")
            && arguments.args.iter().any(has_column)
        {
            let number = |it| FunctionArg::Unnamed(FunctionArgExpr::Expr(parsed(it)));
            arguments.args = vec![number("1"), number("0")];
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        apart(&mut query.body);
        ControlFlow::Continue(())
    }
}

/// Gives literals that stand for columns names of their own.
fn apart(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => {
            let _: ControlFlow<()> = VisitMut::visit(&mut select.projection, &mut Lists);
            for (at, item) in select.projection.iter_mut().enumerate() {
                if let SelectItem::UnnamedExpr(expr @ Expr::Value(_)) = item {
                    let alias = Ident::new(format!("c{at}"));
                    *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
                }
            }
        }
        SetExpr::SetOperation { left, right, .. } => {
            apart(left);
            apart(right);
        }
        _ => {}
    }
}

impl Words<'_> {
    fn other(&self, expression: &mut Expr) -> Option<Expr> {
        match expression {
            // Only the backslash is known as an escape.
            Expr::Like { pattern, escape_char, .. } | Expr::ILike { pattern, escape_char, .. } => {
                let escape = text_of(escape_char.take()?)?;
                if escape != "\\" {
                    let kept =
                        call("replace", [pattern.as_ref().clone(), text("\\"), text("\\\\")]);
                    **pattern = call("replace", [kept, text(&escape), text("\\")]);
                }
                None
            }
            // The functions of a type are told by name.
            Expr::Cast { expr, data_type, .. } if is_named(data_type, "regproc") => {
                let name = text_of_expression(expr)?;
                Some(text(name.rsplit('.').next().unwrap_or(&name)))
            }
            Expr::Cast { expr, data_type, .. } if is_named(data_type, "regclass") => {
                let number = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
                let known = text_of_expression(expr).is_some_and(|it| !number(&it));
                (known || is_placeholder(expr))
                    .then(|| call("to_regclass", [expr.as_ref().clone()]))
            }
            Expr::BinaryOp { left, op: BinaryOperator::NotEq | BinaryOperator::Eq, right } => {
                by_name(left, right);
                by_name(right, left);
                None
            }
            // A parameter that values are looked up in is a list.
            Expr::AnyOp { right, .. } if is_placeholder(right) => {
                let list = ArrayElemTypeDef::SquareBracket(Box::new(DataType::Text), None);
                **right = Expr::Cast {
                    kind: CastKind::Cast,
                    expr: right.clone(),
                    data_type: DataType::Array(list),
                    array: false,
                    format: None,
                };
                None
            }
            // A member of a composite value.
            Expr::CompoundFieldAccess { root, access_chain } => match access_chain.as_slice() {
                [AccessExpr::Dot(Expr::Identifier(name))] => {
                    Some(call("get_field", [root.as_ref().clone(), text(&name.value)]))
                }
                _ => None,
            },
            Expr::Subquery(query) => {
                one_row(query);
                None
            }
            Expr::Function(function) => self.of_function(function),
            _ => None,
        }
    }

    fn of_function(&self, function: &Function) -> Option<Expr> {
        let name = function.name.0.last()?.as_ident()?.value.to_ascii_lowercase();
        match name.as_str() {
            "array" if matches!(function.args, FunctionArguments::Subquery(_)) => {
                // Over relations without rows, wherever clients write it.
                Some(parsed("CAST(NULL AS TEXT[])"))
            }
            "current_user" | "session_user" | "user" | "current_role" => {
                Some(text(&self.around.user()))
            }
            "current_setting" => {
                let setting = argument(function, 0).and_then(|it| self.around.setting(&it));
                Some(setting.map_or_else(|| parsed("CAST(NULL AS TEXT)"), |it| text(&it)))
            }
            // What is set for good is set by SET.
            "set_config" => Some(text(&argument(function, 1).unwrap_or_default())),
            _ => None,
        }
    }
}

/// Subqueries that a value is looked up in, where columns are computed: as lists.
struct Lists;

impl VisitorMut for Lists {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Expr::InSubquery { expr, subquery, negated } = expression
            && let SetExpr::Select(select) = subquery.body.as_mut()
            && let [SelectItem::UnnamedExpr(item)] = select.projection.as_mut_slice()
        {
            *item = call("array_agg", [item.clone()]);
            let list = Expr::Subquery(subquery.clone());
            let found = call("array_has", [list, expr.as_ref().clone()]);
            *expression = if *negated {
                Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(found) }
            } else {
                found
            };
        }
        ControlFlow::Continue(())
    }
}

/// A scalar of one row at most, in a form that is known to have no more.
fn one_row(query: &mut Query) {
    if query.limit_clause.is_none()
        && let SetExpr::Select(select) = query.body.as_mut()
        && let [SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }] =
            select.projection.as_mut_slice()
        && !is_aggregate(item)
    {
        let whole = if matches!(item, Expr::BinaryOp { .. }) { "bool_or" } else { "max" };
        *item = call(whole, [item.clone()]);
    }
}

fn is_aggregate(expression: &Expr) -> bool {
    let known =
        ["max", "min", "count", "sum", "avg", "array_agg", "string_agg", "bool_or", "bool_and"];
    let Expr::Function(function) = expression else { return false };
    let name = function.name.0.last().and_then(|it| it.as_ident());
    name.is_some_and(|it| known.contains(&it.value.to_ascii_lowercase().as_str()))
}

/// What the columns of the outermost SELECT are called when nothing is said; none where a column stands for several.
fn names(statement: &Statement) -> Names {
    let Statement::Query(query) = statement else { return None };
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let name = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expression) => Some(unnamed(expression)),
        SelectItem::ExprWithAlias { alias, .. } => Some(Some(alias.value.clone())),
        _ => None,
    };
    select.projection.iter().map(name).collect()
}

fn unnamed(expression: &Expr) -> Option<String> {
    Some(match expression {
        // Those have names of their own.
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => return None,
        Expr::Function(it) => it.name.0.last()?.as_ident()?.value.to_ascii_lowercase(),
        Expr::Nested(inner) => return unnamed(inner),
        Expr::Cast { expr, data_type, .. } => match expr.as_ref() {
            Expr::Value(_) => known_as(data_type),
            Expr::Identifier(name) => name.value.clone(),
            Expr::CompoundIdentifier(names) => names.last()?.value.clone(),
            inner => return unnamed(inner),
        },
        Expr::Case { .. } => "case".to_owned(),
        Expr::Exists { .. } => "exists".to_owned(),
        Expr::Array(_) => "array".to_owned(),
        _ => "?column?".to_owned(),
    })
}

fn known_as(of: &DataType) -> String {
    match of.to_string().to_ascii_lowercase().as_str() {
        "int" | "integer" => "int4".to_owned(),
        "bigint" => "int8".to_owned(),
        "smallint" => "int2".to_owned(),
        "boolean" => "bool".to_owned(),
        other => other.to_owned(),
    }
}

fn argument(function: &Function, at: usize) -> Option<String> {
    let FunctionArguments::List(list) = &function.args else { return None };
    match list.args.get(at)? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(it)) => text_of_expression(it),
        _ => None,
    }
}

fn has_column(argument: &FunctionArg) -> bool {
    struct Columns;
    impl Visitor for Columns {
        type Break = ();

        fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
            match expression {
                Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    argument.visit(&mut Columns).is_break()
}

fn is_named(of: &DataType, name: &str) -> bool {
    let text = of.to_string().to_ascii_lowercase();
    text == name || text.strip_prefix("pg_catalog.") == Some(name)
}

/// Whether a column holds the name of a function of a type.
fn is_type_function(expression: &Expr) -> bool {
    let name = match expression {
        Expr::Identifier(it) => it.value.as_str(),
        Expr::CompoundIdentifier(it) => it.last().map_or("", |it| it.value.as_str()),
        _ => return false,
    };
    ["typinput", "typoutput", "typreceive", "typsend", "typsubscript"].contains(&name)
}

/// Functions of types are told by name, and compared by it.
fn by_name(function: &Expr, other: &mut Expr) {
    if !is_type_function(function) {
        return;
    }
    if is_zero(other) {
        *other = text("-");
    } else if let Expr::CompoundIdentifier(names) = other
        && let Some(last) = names.last_mut().filter(|it| it.value == "oid")
    {
        "proname".clone_into(&mut last.value);
    }
}

fn is_placeholder(expression: &Expr) -> bool {
    match expression {
        Expr::Value(it) => matches!(it.value, Value::Placeholder(_)),
        Expr::Nested(inner) => is_placeholder(inner),
        _ => false,
    }
}

fn is_zero(expression: &Expr) -> bool {
    matches!(expression, Expr::Value(ValueWithSpan { value: Value::Number(it, _), .. }) if it == "0")
}

fn text_of(value: ValueWithSpan) -> Option<String> {
    value.value.into_string()
}

fn text_of_expression(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Value(it) => text_of(it.clone()),
        Expr::Cast { expr, .. } | Expr::Nested(expr) => text_of_expression(expr),
        _ => None,
    }
}

fn text(value: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(value.to_owned()).with_empty_span())
}

fn call<const N: usize>(name: &str, arguments: [Expr; N]) -> Expr {
    let mut function = match parsed(&format!("{name}()")) {
        Expr::Function(function) => function,
        other => return other,
    };
    if let FunctionArguments::List(list) = &mut function.args {
        let arguments = arguments.map(|it| FunctionArg::Unnamed(FunctionArgExpr::Expr(it)));
        list.args = arguments.into_iter().collect();
    }
    Expr::Function(function)
}

fn parsed_factor(sql: &str) -> Option<TableFactor> {
    let mut parser = Parser::new(&PostgreSqlDialect {}).try_with_sql(sql).ok()?;
    parser.parse_table_factor().ok()
}

/// An expression of this file.
fn parsed(sql: &str) -> Expr {
    let parsed = Parser::new(&PostgreSqlDialect {}).try_with_sql(sql);
    let parsed = parsed.and_then(|mut it| it.parse_expr());
    parsed.unwrap_or_else(|_| Expr::Identifier(Ident::new(sql)))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;

    impl Surroundings for Nobody {
        fn user(&self) -> String {
            "ada".to_owned()
        }

        fn setting(&self, name: &str) -> Option<String> {
            (name == "server_version_num").then(|| "160006".to_owned())
        }
    }

    fn check(sql: &str, other: &str) {
        assert_eq!(rewrite(sql, &Nobody).unwrap().0, other);
    }

    #[test]
    fn what_is_not_planned_is_said_in_other_words() {
        check(
            "SELECT 1 FROM n WHERE a NOT LIKE 'pg/_' || '%' ESCAPE '/'",
            r"SELECT 1 AS c0 FROM n WHERE a NOT LIKE replace(replace('pg/_' || '%', '\', '\\'), '/', '\')",
        );
        check("SELECT typinput = 'pg_catalog.array_in'::regproc", "SELECT typinput = 'array_in'");
        check(
            "SELECT typreceive != 0 OR t.typsend <> 0",
            "SELECT typreceive <> '-' OR t.typsend <> '-'",
        );
        check("SELECT current_user, session_user", "SELECT 'ada', 'ada'");
        check(
            "SELECT current_setting('server_version_num')::int / 100, current_setting('x', true)",
            "SELECT '160006'::INT / 100, CAST(NULL AS TEXT)",
        );
        check(
            "SELECT 1 WHERE a = 0 OR (SELECT c.k = 'c' FROM c WHERE c.o = a)",
            "SELECT 1 AS c0 WHERE a = 0 OR (SELECT bool_or(c.k = 'c') FROM c WHERE c.o = a)",
        );
    }

    #[test]
    fn columns_are_called_as_postgresql_calls_them() {
        let check = |sql: &str, names: Option<&[Option<&str>]>| {
            let found = rewrite(sql, &Nobody).unwrap().1;
            let names = names.map(|it| it.iter().map(|it| it.map(str::to_owned)).collect());
            assert_eq!(found, names, "{sql}");
        };
        check(
            "SELECT 1, a, b.c, version(), '1'::int, a::text, max(x) AS m",
            Some(&[
                Some("?column?"),
                None,
                None,
                Some("version"),
                Some("int4"),
                Some("a"),
                Some("m"),
            ]),
        );
        check("SELECT * FROM t", None);
        check("SELECT 1 UNION SELECT 2", None);
    }
}
