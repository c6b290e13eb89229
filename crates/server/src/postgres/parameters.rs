//! Bound parameters: of what type they are, and how they are written into a statement.

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow_pg::datatypes::df::deserialize_parameters_with_server_types;
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{ParamValues, ScalarValue};
use pgwire::api::Type;
use pgwire::api::portal::Portal;
use pgwire::api::results::FieldFormat;
use pgwire::api::stmt::StoredStatement;
use pgwire::error::PgWireResult;

/// The values of `$1`, `$2` and so on.
#[derive(Clone, Debug, Default)]
pub struct Values(pub Vec<ScalarValue>);

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::literal::written;

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
}
