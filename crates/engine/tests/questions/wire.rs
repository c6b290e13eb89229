//! Runs a file of statements: the driver of this wire. The files know nothing of it, nor of any other.
//!
//! A refusal is the whole text of its error; NULL is `NULL`, a whole number has no point, a real one has three
//! digits behind it.

use std::sync::mpsc::{Sender, channel};

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use engine::query::Desk;
use sqllogictest::{DB, DBOutput, DefaultColumnType};

/// What is said of a statement.
type Said = engine::Result<DBOutput<DefaultColumnType>>;

/// A connection: statements go to a desk that answers one after the other.
#[derive(Clone)]
pub struct Wire {
    statements: Sender<(String, Sender<Said>)>,
}

impl Wire {
    /// Serves `session` from a desk until it is done.
    pub fn to(desk: &Desk<'_>, session: impl FnOnce(Self) + Send) {
        let (statements, asked) = channel();
        std::thread::scope(|scope| {
            scope.spawn(move || session(Self { statements }));
            for (sql, reply) in asked {
                drop(Sender::<Said>::send(&reply, said(desk, &sql)));
            }
        });
    }
}

impl DB for Wire {
    type Error = engine::Error;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Said {
        let (reply, said) = channel();
        self.statements.send((sql.to_owned(), reply)).unwrap();
        said.recv().unwrap()
    }

    fn engine_name(&self) -> &'static str {
        "quorate"
    }
}

fn said(desk: &Desk<'_>, sql: &str) -> Said {
    let answer = desk.answer(&desk.decide(sql)?)?;
    let types = answer.schema.fields().iter().map(|it| kind(it.data_type())).collect();
    Ok(DBOutput::Rows { types, rows: answer.rows.iter().flat_map(rows).collect() })
}

fn kind(of: &DataType) -> DefaultColumnType {
    match of {
        DataType::Float64 => DefaultColumnType::FloatingPoint,
        it if it.is_integer() => DefaultColumnType::Integer,
        _ => DefaultColumnType::Text,
    }
}

/// The rows of a batch, as text.
pub fn rows(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let columns = batch.columns();
    let columns = columns.iter().map(|it| (it, ArrayFormatter::try_new(it, &options).unwrap()));
    let columns: Vec<_> = columns.collect();
    let value = |row: usize, (array, text): &(&arrow::array::ArrayRef, ArrayFormatter<'_>)| {
        let text = text.value(row).to_string();
        match array.data_type() {
            DataType::Float64 if array.is_valid(row) => {
                format!("{:.3}", text.parse::<f64>().unwrap())
            }
            _ if text.is_empty() => "(empty)".to_owned(),
            _ => text,
        }
    };
    (0..batch.num_rows()).map(|row| columns.iter().map(|it| value(row, it)).collect()).collect()
}
