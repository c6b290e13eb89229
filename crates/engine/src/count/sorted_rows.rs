//! Cursors over vault tables that are sorted by person: blocks of people, and the rows of a block.

use std::ops::Range;

use datafusion::arrow::array::{Array, RecordBatch, UInt8Array, UInt16Array, UInt32Array};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use super::row_map::{Detail, presence_cell};
use super::tally::Person;

/// How a row of a table names its cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// `visit`: the site number, on the list or that of an encrypted host.
    Visit,
    /// `presence` of one day: district and hour, with the kind of that day.
    Presence {
        /// Saturday or Sunday.
        weekend: bool,
    },
    /// Either, of one day, in detail: a site, its hour and its minutes, or a district and the hour.
    Detailed {
        /// Saturday, Sunday or a holiday.
        weekend: bool,
        /// The position of the day in the period.
        day: u8,
    },
}

/// 40: the bits of a row that name its cell; those above are the place of its person in a block.
pub const ROW_BITS: u32 = 40;

/// Consecutive people, dense in their ordinal.
pub struct Block {
    start: u32,
    people: Vec<Person>,
}

impl Block {
    /// The ordinal of the first person.
    pub const fn start(&self) -> u32 {
        self.start
    }

    /// One past the ordinal of the last.
    pub fn end(&self) -> u32 {
        self.start.saturating_add(u32::try_from(self.people.len()).unwrap_or(u32::MAX))
    }

    /// The people, by ordinal.
    pub fn people(&self) -> &[Person] {
        &self.people
    }
}

/// Reads people in blocks.
pub struct PeopleCursor {
    stream: SendableRecordBatchStream,
    next: Option<u32>,
}

impl PeopleCursor {
    /// Reads the columns person, token, gender, `age_band`, sector, in that order.
    pub const fn new(stream: SendableRecordBatchStream) -> Self {
        Self { stream, next: None }
    }

    /// The next block inside `range`; `None` at the end.
    pub async fn next_block(&mut self, range: &Range<u32>) -> Result<Option<Block>> {
        while let Some(batch) = self.stream.next().await.transpose()? {
            let person: &UInt32Array = column(&batch, 0)?;
            let values = person.values();
            let from = values.partition_point(|&it| it < range.start);
            let to = values.partition_point(|&it| it < range.end);
            let Some(&start) = values.get(from).filter(|_| from < to) else { continue };
            let dense = values[from..to].iter().zip(start..).all(|(&got, want)| got == want)
                && to - from <= 1 << (u64::BITS - ROW_BITS);
            if !dense || self.next.is_some_and(|next| next != start) {
                return Err(unsorted("people"));
            }
            let token: &UInt32Array = column(&batch, 1)?;
            let gender: &UInt8Array = column(&batch, 2)?;
            let age_band: &UInt8Array = column(&batch, 3)?;
            let sector: &UInt16Array = column(&batch, 4)?;
            let people = (from..to)
                .map(|row| Person {
                    token: token.value(row),
                    gender: gender.value(row),
                    age_band: age_band.value(row),
                    sector: sector.value(row),
                })
                .collect();
            let block = Block { start, people };
            self.next = Some(block.end());
            return Ok(Some(block));
        }
        Ok(None)
    }
}

/// Reads the rows of one table in step with the blocks of people.
pub struct RowCursor {
    stream: SendableRecordBatchStream,
    kind: RowKind,
    batch: Option<RecordBatch>,
    at: usize,
    last: u32,
}

impl RowCursor {
    /// Reads person first, then the columns of `kind`: site, or district and hour.
    pub const fn new(stream: SendableRecordBatchStream, kind: RowKind) -> Self {
        Self { stream, kind, batch: None, at: 0, last: 0 }
    }

    /// Appends the rows of people `from..until` as `(person - from) << ROW_BITS | cell`; drops earlier.
    pub async fn take_until(&mut self, until: u32, from: u32, out: &mut Vec<u64>) -> Result<()> {
        loop {
            let batch = match self.batch.take() {
                Some(batch) => batch,
                None => match self.stream.next().await.transpose()? {
                    Some(batch) => {
                        self.at = 0;
                        self.check_order(&batch)?;
                        batch
                    }
                    None => return Ok(()),
                },
            };
            let person: &UInt32Array = column(&batch, 0)?;
            let people = person.values();
            let begin = self.at + people[self.at..].partition_point(|&it| it < from);
            let end = begin + people[begin..].partition_point(|&it| it < until);
            let packed = |person: u32, cell: u64| u64::from(person - from) << ROW_BITS | cell;
            match self.kind {
                RowKind::Visit => {
                    let site: &UInt32Array = column(&batch, 1)?;
                    let rows = people[begin..end].iter().zip(&site.values()[begin..end]);
                    out.extend(rows.map(|(&person, &site)| packed(person, site.into())));
                }
                RowKind::Presence { weekend } => {
                    let district: &UInt16Array = column(&batch, 1)?;
                    let hour: &UInt8Array = column(&batch, 2)?;
                    out.extend((begin..end).map(|row| {
                        let cell = presence_cell(district.value(row), hour.value(row), weekend);
                        packed(people[row], cell.into())
                    }));
                }
                RowKind::Detailed { weekend, day } => {
                    let details = Details::of(&batch)?;
                    let rows = (begin..end).map(|row| details.at(row, weekend, day));
                    let people = people[begin..end].iter();
                    out.extend(people.zip(rows).map(|(&person, row)| packed(person, row.pack())));
                }
            }
            if end < people.len() {
                self.at = end;
                self.batch = Some(batch);
                return Ok(());
            }
        }
    }

    fn check_order(&mut self, batch: &RecordBatch) -> Result<()> {
        let person: &UInt32Array = column(batch, 0)?;
        let ordered = person.values().is_sorted()
            && person.values().first().is_none_or(|&first| first >= self.last);
        self.last = person.values().last().copied().unwrap_or(self.last);
        if ordered { Ok(()) } else { Err(unsorted("rows")) }
    }
}

/// The columns of rows that are read in detail.
enum Details<'batch> {
    Visit { site: &'batch UInt32Array, hour: &'batch UInt8Array, minutes: &'batch UInt16Array },
    Presence { district: &'batch UInt16Array, hour: &'batch UInt8Array },
}

impl<'batch> Details<'batch> {
    fn of(batch: &'batch RecordBatch) -> Result<Self> {
        let hour = column(batch, 2)?;
        if batch.num_columns() == 3 {
            return Ok(Self::Presence { district: column(batch, 1)?, hour });
        }
        Ok(Self::Visit { site: column(batch, 1)?, hour, minutes: column(batch, 3)? })
    }

    fn at(&self, row: usize, weekend: bool, day: u8) -> Detail {
        match self {
            Self::Visit { site, hour, minutes } => {
                // A number that no list can have stands nowhere, and still does.
                let place = u16::try_from(site.value(row)).unwrap_or(u16::MAX);
                Detail { place, weekend, day, hour: hour.value(row), minutes: minutes.value(row) }
            }
            Self::Presence { district, hour } => {
                let (place, hour) = (district.value(row), hour.value(row));
                Detail { place, weekend, day, hour, minutes: 0 }
            }
        }
    }
}

fn column<T: Array + 'static>(batch: &RecordBatch, index: usize) -> Result<&T> {
    batch.columns().get(index).and_then(|it| it.as_any().downcast_ref::<T>()).ok_or_else(|| {
        DataFusionError::Internal(format!("column {index} of a vault table has a wrong type"))
    })
}

fn unsorted(what: &str) -> DataFusionError {
    DataFusionError::Internal(format!("the {what} of a vault table are not sorted by person"))
}
