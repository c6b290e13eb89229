//! Bound parameters: of what type they are, and how they are written into a statement.

use std::sync::Arc;

use arrow::array::{Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow_pg::datatypes::df::deserialize_parameters_with_server_types;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{ParamValues, Result, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use pgwire::api::Type;
use pgwire::api::portal::Portal;
use pgwire::api::results::FieldFormat;
use pgwire::api::stmt::StoredStatement;
use pgwire::error::PgWireResult;

use super::wrong;

/// The values of `$1`, `$2` and so on.
#[derive(Clone, Debug, Default)]
pub struct Values(Vec<ScalarValue>);

impl Values {
    /// None.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Those that a client bound.
    ///
    /// # Errors
    /// Bytes that are none of the type.
    pub fn of<S: Clone>(portal: &Portal<S>, types: &[Type]) -> PgWireResult<Self> {
        // Lists in text come in every style of PostgreSQL's, and are read here.
        let lists: Vec<Option<ScalarValue>> = (0..portal.parameters.len())
            .map(|at| {
                let of = portal.statement.parameter_types.get(at).cloned().flatten();
                let of = of.or_else(|| types.get(at).cloned())?;
                let bytes = portal.parameters.get(at)?.as_ref()?;
                let text = std::str::from_utf8(bytes).ok()?;
                let is_list = of.name().starts_with('_');
                (is_list && portal.parameter_format.format_for(at) == FieldFormat::Text)
                    .then(|| list(text, &of))?
            })
            .collect();
        let mut others = Portal::<()>::default();
        let given = portal.statement.parameter_types.clone();
        others.statement = Arc::new(StoredStatement::new(String::new(), (), given));
        others.parameter_format = portal.parameter_format.clone();
        others.parameters.clone_from(&portal.parameters);
        for (bytes, _) in others.parameters.iter_mut().zip(&lists).filter(|it| it.1.is_some()) {
            *bytes = None;
        }
        let types: Vec<Option<&Type>> = types.iter().map(Some).collect();
        let values = deserialize_parameters_with_server_types(&others, &[], &types)?;
        let values: Vec<ScalarValue> = match values {
            ParamValues::List(values) => values.into_iter().map(|it| it.value).collect(),
            ParamValues::Map(values) => values.into_values().map(|it| it.value).collect(),
        };
        Ok(Self(values.into_iter().zip(lists).map(|(value, list)| list.unwrap_or(value)).collect()))
    }

    /// A statement with its parameters as literals.
    ///
    /// # Errors
    /// A value that is no literal of a question.
    pub fn written_into(&self, sql: &str) -> PgWireResult<String> {
        if self.0.is_empty() {
            return Ok(sql.to_owned());
        }
        let dialect = PostgreSqlDialect {};
        let tokens = Tokenizer::new(&dialect, sql).with_unescape(false).tokenize();
        let tokens = tokens.map_err(|cause| wrong::error("42601", cause.to_string()))?;
        let mut text = String::new();
        for token in tokens {
            match token {
                Token::Placeholder(name) => text.push_str(&self.literal(&name)?),
                token => text.push_str(&token.to_string()),
            }
        }
        Ok(text)
    }

    fn literal(&self, name: &str) -> PgWireResult<String> {
        let at = name.strip_prefix('$').and_then(|it| it.parse::<usize>().ok());
        let value = at.and_then(|it| self.0.get(it.checked_sub(1)?));
        let value =
            value.ok_or_else(|| wrong::error("42P02", format!("there is no parameter {name}")))?;
        written(value).ok_or_else(|| {
            let what = format!("parameter {name} of type {} cannot stand here", value.data_type());
            wrong::error(wrong::FEATURE_NOT_SUPPORTED, what)
        })
    }
}

fn written(value: &ScalarValue) -> Option<String> {
    if value.is_null() {
        return Some("NULL".to_owned());
    }
    match value {
        ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) => {
            Some(format!("'{}'", text.replace('\'', "''")))
        }
        ScalarValue::List(list) => {
            let each = (0..list.value(0).len()).map(|at| {
                let value = ScalarValue::try_from_array(&list.value(0), at).ok()?;
                written(&value)
            });
            Some(format!("ARRAY[{}]", each.collect::<Option<Vec<_>>>()?.join(", ")))
        }
        ScalarValue::Date32(_) => Some(format!("DATE '{value}'")),
        ScalarValue::Float32(Some(it)) if !it.is_finite() => None,
        ScalarValue::Float64(Some(it)) if !it.is_finite() => None,
        ScalarValue::Boolean(_)
        | ScalarValue::Int8(_)
        | ScalarValue::Int16(_)
        | ScalarValue::Int32(_)
        | ScalarValue::Int64(_)
        | ScalarValue::Float32(_)
        | ScalarValue::Float64(_)
        | ScalarValue::Decimal128(..) => Some(value.to_string()),
        _ => None,
    }
}

/// A list in PostgreSQL's text, of one dimension: `{a, "b,c", NULL}`.
fn list(text: &str, of: &Type) -> Option<ScalarValue> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut elements: Vec<Option<String>> = Vec::new();
    let (mut word, mut quoted, mut was_quoted) = (String::new(), false, false);
    let mut letters = inner.chars();
    let mut end = |word: &mut String, was_quoted: &mut bool| {
        let text = std::mem::take(word);
        let text = if *was_quoted { text } else { text.trim().to_owned() };
        let null = !std::mem::take(was_quoted) && text.eq_ignore_ascii_case("null");
        elements.push((!null).then_some(text));
    };
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                if !was_quoted {
                    word.clear();
                }
                quoted = !quoted;
                was_quoted = true;
            }
            '\\' => word.extend(letters.next()),
            ',' if !quoted => end(&mut word, &mut was_quoted),
            it if was_quoted && !quoted && it.is_whitespace() => {}
            it => word.push(it),
        }
    }
    if !inner.trim().is_empty() {
        end(&mut word, &mut was_quoted);
    }
    let kind = match *of {
        Type::INT2_ARRAY | Type::INT4_ARRAY | Type::INT8_ARRAY | Type::OID_ARRAY => DataType::Int64,
        Type::FLOAT4_ARRAY | Type::FLOAT8_ARRAY => DataType::Float64,
        Type::BOOL_ARRAY => DataType::Boolean,
        _ => DataType::Utf8,
    };
    let elements = cast(&StringArray::from(elements), &kind).ok()?;
    let list = SingleRowListArrayBuilder::new(elements).build_list_array();
    Some(ScalarValue::List(Arc::new(list)))
}

/// The types that a plan wants of its parameters, in order; none where it does not say.
///
/// # Errors
/// Two types for one parameter.
pub fn inferred(plan: &LogicalPlan) -> Result<Vec<Option<DataType>>> {
    let mut types = plan.get_parameter_types()?;
    // What is cast is of the type that it is cast to.
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|it| {
                if let Expr::Cast(cast) = it
                    && let Expr::Placeholder(placeholder) = cast.expr.as_ref()
                    && let Some(open @ None) = types.get_mut(&placeholder.id)
                {
                    *open = Some(cast.field.data_type().clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    let number = |name: &String| name.strip_prefix('$').and_then(|it| it.parse::<usize>().ok());
    let most = types.keys().filter_map(number).max().unwrap_or(0);
    Ok((1..=most).map(|at| types.get(&format!("${at}")).cloned().flatten()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_in_every_style() {
        let check = |text: &str, of: &Type, literal: &str| {
            assert_eq!(list(text, of).and_then(|it| written(&it)).unwrap(), literal, "{text}");
        };
        check(r#"{"p", "f" ,r}"#, &Type::TEXT_ARRAY, "ARRAY['p', 'f', 'r']");
        check(
            r#"{"a,b", "c\"d", NULL, "null"}"#,
            &Type::TEXT_ARRAY,
            r#"ARRAY['a,b', 'c"d', NULL, 'null']"#,
        );
        check("{1, 2}", &Type::INT8_ARRAY, "ARRAY[1, 2]");
        check("{}", &Type::TEXT_ARRAY, "ARRAY[]");
        assert_eq!(list("p, f", &Type::TEXT_ARRAY), None);
    }

    #[test]
    fn values_are_written_as_literals_and_nowhere_else() {
        let values = Values(vec![
            ScalarValue::Utf8(Some("it's".to_owned())),
            ScalarValue::Int64(Some(-50)),
            ScalarValue::Date32(Some(20_732)),
        ]);
        let sql = "SELECT '$1', a FROM t WHERE a = $1 AND b >= $2 AND c = $3 -- $1";
        let written =
            "SELECT '$1', a FROM t WHERE a = 'it''s' AND b >= -50 AND c = DATE '2026-10-06' -- $1";
        assert_eq!(values.written_into(sql).unwrap(), written);
        assert!(values.written_into("SELECT $4").is_err());
        assert!(
            Values(vec![ScalarValue::Float64(Some(f64::NAN))]).written_into("SELECT $1").is_err()
        );
        assert_eq!(Values::none().written_into("SELECT $1").unwrap(), "SELECT $1");
    }
}
