//! Bound parameters as literals: the same question in other words, on every wire.

use arrow::array::Array;
use datafusion::common::ScalarValue;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use engine::{Error, Result};

/// A statement with each `?` that stands for a value as `$1`, `$2` and so on.
pub fn numbered(sql: &str) -> String {
    let dialect = PostgreSqlDialect {};
    let Ok(tokens) = Tokenizer::new(&dialect, sql).with_unescape(false).tokenize() else {
        // The planner says what is wrong with it.
        return sql.to_owned();
    };
    let mut next = 0;
    let texts = tokens.into_iter().map(|token| match token {
        Token::Question => {
            next += 1;
            format!("${next}")
        }
        token => token.to_string(),
    });
    texts.collect()
}

/// A statement with the values of `$1`, `$2` and so on as literals.
///
/// # Errors
/// `I68` for a parameter without a value, or a value that is no literal of a question; `Q02` for no SQL.
pub fn written_into(sql: &str, values: &[ScalarValue]) -> Result<String> {
    if values.is_empty() {
        return Ok(sql.to_owned());
    }
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, sql).with_unescape(false).tokenize();
    let tokens = tokens
        .map_err(|cause| Error::policy("Q02", format!("the statement is no SQL: {cause}")))?;
    let mut text = String::new();
    for token in tokens {
        match token {
            Token::Placeholder(name) => {
                let at = name.strip_prefix('$').and_then(|it| it.parse::<usize>().ok());
                let at = at.and_then(|it| it.checked_sub(1));
                text.push_str(&literal(&name, at.and_then(|it| values.get(it)))?);
            }
            token => text.push_str(&token.to_string()),
        }
    }
    Ok(text)
}

fn literal(name: &str, value: Option<&ScalarValue>) -> Result<String> {
    let value = value.ok_or_else(|| {
        Error::input("I68", format!("there is no value for the parameter {name}"))
            .remedy("bind a value to each parameter")
    })?;
    written(value).ok_or_else(|| {
        let what = format!("the parameter {name} of type {} cannot stand here", value.data_type());
        Error::input("I68", what)
            .allowed("texts, whole numbers, decimals, days, flags, lists of these")
    })
}

/// A value as a literal.
pub fn written(value: &ScalarValue) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_literals_and_nowhere_else() {
        let values = [
            ScalarValue::Utf8(Some("it's".to_owned())),
            ScalarValue::Int64(Some(-50)),
            ScalarValue::Date32(Some(20_732)),
        ];
        let sql = "SELECT '$1', a FROM t WHERE a = $1 AND b >= $2 AND c = $3 -- $1";
        let literal =
            "SELECT '$1', a FROM t WHERE a = 'it''s' AND b >= -50 AND c = DATE '2026-10-06' -- $1";
        assert_eq!(written_into(sql, &values).unwrap(), literal);
        assert_eq!(numbered("SELECT ?, '?' -- ?\n, ?"), "SELECT $1, '?' -- ?\n, $2");
        assert!(written_into("SELECT $4", &values).is_err());
        assert!(written_into("SELECT $1", &[ScalarValue::Float64(Some(f64::NAN))]).is_err());
        assert_eq!(written_into("SELECT $1", &[]).unwrap(), "SELECT $1");
    }
}
