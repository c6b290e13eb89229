//! `data.parquet`: the sheet for programs, built from nothing but the sheet.
//!
//! Fixed row groups, no statistics, no left-over dictionaries: the bytes are a function of what is
//! printed (privacy model §12, files).

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::sheet::{Row, Sheet};
use super::word::Word;
use crate::error::{Error, Result};
use crate::report::Ratio;

const ROW_GROUP_ROWS: usize = 65_536;

/// The sheet as Parquet; a hidden measure is null and its status says `[c]`.
pub(super) fn bytes(sheet: &Sheet) -> Result<Vec<u8>> {
    let failed = |cause: &dyn std::fmt::Display| Error::fault("F03", cause.to_string());
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns(sheet)).map_err(|it| failed(&it))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by("quorate".to_owned())
        .build();
    let options =
        ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), batch.schema(), options)
        .map_err(|it| failed(&it))?;
    writer.write(&batch).map_err(|it| failed(&it))?;
    writer.into_inner().map_err(|it| failed(&it))
}

type Column = (String, ArrayRef, bool);

/// Takes one share of a row.
type ShareOf<'sheet> = &'sheet dyn Fn(&Row) -> Option<Ratio>;

fn columns(sheet: &Sheet) -> Vec<Column> {
    let rows = &sheet.rows;
    let text = |of: &dyn Fn(&'_ Row) -> &'_ str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(of)))
    };
    let whole = |of: &dyn Fn(&Row) -> Option<i64>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<Int64Array>())
    };
    let part = |of: &dyn Fn(&Row) -> Option<f64>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<Float64Array>())
    };
    let mut columns: Vec<Column> =
        vec![("level".to_owned(), text(&|row| row.level.as_str()), false)];
    for (at, key) in sheet.keys.iter().enumerate() {
        let labels = text(&|row| row.labels.get(at).map_or("", Word::as_str));
        columns.push((key.name().to_owned(), labels, false));
    }
    let people = [
        ("people", whole(&|row| Some(row.people?.value))),
        ("people_lo", whole(&|row| Some(row.people?.lo))),
        ("people_hi", whole(&|row| Some(row.people?.hi))),
    ];
    columns.extend(people.map(|(name, values)| (name.to_owned(), values, true)));
    for (at, measure) in sheet.measures.iter().enumerate() {
        let own = |row: &Row| row.sums.get(at).copied().flatten();
        let name = measure.name();
        columns.push((name.to_owned(), whole(&|row| Some(own(row)?.value)), true));
        columns.push((format!("{name}_lo"), whole(&|row| Some(own(row)?.lo)), true));
        columns.push((format!("{name}_hi"), whole(&|row| Some(own(row)?.hi)), true));
    }
    if sheet.shares {
        let ratios: [(&str, ShareOf<'_>); 3] = [
            ("reach", &|row| Some(row.shares.reach?.1)),
            ("composition", &|row| Some(row.shares.composition?.1)),
            ("index", &|row| row.shares.index),
        ];
        for (name, of) in ratios {
            match name {
                "reach" => {
                    columns.push((
                        "reach_of".into(),
                        whole(&|row| Some(row.shares.reach?.0)),
                        true,
                    ));
                }
                "composition" => {
                    let of = whole(&|row| Some(row.shares.composition?.0));
                    columns.push(("composition_of".into(), of, true));
                }
                _ => {}
            }
            columns.push((name.to_owned(), part(&|row| Some(of(row)?.value)), true));
            columns.push((format!("{name}_lo"), part(&|row| Some(of(row)?.lo)), true));
            columns.push((format!("{name}_hi"), part(&|row| Some(of(row)?.hi)), true));
        }
    }
    columns.push(("status".to_owned(), text(&|row| row.status()), false));
    columns
}
