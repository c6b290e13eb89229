//! Bound parameters as literals: the same question in other words, on every wire.

use std::ops::Range;

use arrow::array::Array;
use datafusion::common::ScalarValue;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, Tokenizer};
use engine::{Error, Result};

/// 64 KB: what a statement may be; a longer one can be deeper than any stack.
const LONGEST: usize = 65_536;

/// Refuses a statement that is too long.
///
/// # Errors
/// `Q02`.
pub fn check_length(sql: &str) -> Result<()> {
    if sql.len() <= LONGEST {
        return Ok(());
    }
    let what = format!("the statement is no SQL of ours: it has {} bytes", sql.len());
    Err(Error::policy("Q02", what).allowed(format!("at most {LONGEST} bytes")))
}

/// The tokens of a statement, each with the bytes where it stands.
///
/// # Errors
/// `Q02` for no SQL, or too much of it.
pub fn pieces(sql: &str) -> Result<Vec<(Token, Range<usize>)>> {
    check_length(sql)?;
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, sql).with_unescape(false).tokenize_with_location();
    let tokens = tokens
        .map_err(|cause| Error::policy("Q02", format!("the statement is no SQL: {cause}")))?;
    // Tokens come in order, so one walk over the letters finds the bytes of all of them.
    let mut letters = sql.char_indices().peekable();
    let (mut line, mut column) = (1, 1);
    let mut at = |place: Location| {
        while (line, column) < (place.line, place.column)
            && let Some((_, letter)) = letters.next()
        {
            (line, column) = if letter == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        letters.peek().map_or(sql.len(), |it| it.0)
    };
    let starts: Vec<usize> = tokens.iter().map(|it| at(it.span.start)).collect();
    let ends = starts.iter().copied().skip(1).chain(std::iter::once(sql.len()));
    let ranges: Vec<Range<usize>> = starts.iter().copied().zip(ends).map(|it| it.0..it.1).collect();
    Ok(tokens.into_iter().map(|it| it.token).zip(ranges).collect())
}

/// A statement with each `?` that stands for a value as `$1`, `$2` and so on.
pub fn numbered(sql: &str) -> String {
    // What is no SQL the planner says in its own words.
    let Ok(pieces) = pieces(sql) else { return sql.to_owned() };
    let (mut text, mut next) = (String::new(), 0);
    for (token, place) in pieces {
        if token == Token::Question {
            next += 1;
            text.push_str(&format!("${next} "));
        } else {
            text.push_str(sql.get(place).unwrap_or_default());
        }
    }
    text
}

/// A statement with the values of `$1`, `$2` and so on as literals; every other letter of it is kept.
///
/// # Errors
/// `I68` for a parameter without a value, or a value that is no literal of a question; `Q02` for no SQL.
pub fn written_into(sql: &str, values: &[ScalarValue]) -> Result<String> {
    if values.is_empty() {
        return Ok(sql.to_owned());
    }
    let mut text = String::new();
    for (token, place) in pieces(sql)? {
        if let Token::Placeholder(name) = token {
            let at = name.strip_prefix('$').and_then(|it| it.parse::<usize>().ok());
            let at = at.and_then(|it| it.checked_sub(1));
            // Apart from what stands beside it, so that the two are never read as one.
            text.push_str(&format!(" {} ", literal(&name, at.and_then(|it| values.get(it)))?));
        } else {
            text.push_str(sql.get(place).unwrap_or_default());
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

fn signed(number: &str) -> String {
    if number.starts_with('-') { format!("({number})") } else { number.to_owned() }
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
        // A number keeps its kind, and its sign to itself.
        ScalarValue::Float32(Some(it)) => Some(format!("({it:?})")),
        ScalarValue::Float64(Some(it)) => Some(format!("({it:?})")),
        ScalarValue::Boolean(_) => Some(value.to_string()),
        ScalarValue::Int8(_)
        | ScalarValue::Int16(_)
        | ScalarValue::Int32(_)
        | ScalarValue::Int64(_)
        | ScalarValue::Decimal128(..) => Some(signed(&value.to_string())),
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
        let literal = "SELECT '$1', a FROM t WHERE a =  'it''s'  AND b >=  (-50)  AND c =  DATE '2026-10-06'  -- $1";
        assert_eq!(written_into(sql, &values).unwrap(), literal);
        assert_eq!(numbered("SELECT ?, '?' -- ?\n, ?"), "SELECT $1 , '?' -- ?\n, $2 ");
        let number = [ScalarValue::Int64(Some(-5)), ScalarValue::Float64(Some(2.0))];
        assert_eq!(written_into("a -$1 AND b/$2", &number).unwrap(), "a - (-5)  AND b/ (2.0) ");
        assert!(written_into("SELECT $4", &values).is_err());
        assert!(written_into("SELECT $1", &[ScalarValue::Float64(Some(f64::NAN))]).is_err());
        assert_eq!(written_into("SELECT $1", &[]).unwrap(), "SELECT $1");
        // What stands in quotes of any kind stays as it was typed.
        let quoted = r"SELECT E'\\', U&'\0041', $$a;$1$$, $1, 'é' -- ü";
        let kept = r"SELECT E'\\', U&'\0041', $$a;$1$$,  'it''s' , 'é' -- ü";
        assert_eq!(written_into(quoted, &values).unwrap(), kept);
        assert_eq!(check_length(&"1+".repeat(40_000)).unwrap_err().code(), "Q02");
    }
}
