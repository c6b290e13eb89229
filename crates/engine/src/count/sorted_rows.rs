//! Cursors over vault tables that are sorted by person: blocks of people, and the rows of a block.

use std::ops::Range;

use datafusion::arrow::array::{Array, RecordBatch, UInt8Array, UInt16Array, UInt32Array};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use super::row_map::{Columns, Detail, presence_cell};
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
        /// What is read of it beside person and place.
        columns: Columns,
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
                RowKind::Detailed { weekend, day, columns } => {
                    let of_day = Detail { weekend, day, ..Detail::default() }.pack();
                    let first = out.len();
                    out.extend(people[begin..end].iter().map(|&person| packed(person, of_day)));
                    Details::of(&batch, columns)?.add(begin..end, &mut out[first..]);
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
struct Details<'batch> {
    place: Place<'batch>,
    hour: Option<&'batch UInt8Array>,
    minutes: Option<&'batch UInt16Array>,
}

/// A site, or a district of presence.
enum Place<'batch> {
    Site(&'batch UInt32Array),
    District(&'batch UInt16Array),
}

impl<'batch> Details<'batch> {
    fn of(batch: &'batch RecordBatch, columns: Columns) -> Result<Self> {
        let place = match column(batch, 1) {
            Ok(site) => Place::Site(site),
            Err(_) => Place::District(column(batch, 1)?),
        };
        let hour = if columns.hour { Some(column(batch, 2)?) } else { None };
        let minutes = 2 + usize::from(columns.hour);
        let minutes = if columns.minutes { Some(column(batch, minutes)?) } else { None };
        Ok(Self { place, hour, minutes })
    }

    /// Adds what stands in these rows to as many packed ones, a column at a time.
    fn add(&self, rows: Range<usize>, packed: &mut [u64]) {
        let place = |place: u16| Detail { place, ..Detail::default() }.pack();
        match self.place {
            Place::Site(site) => {
                // A number that no list can have stands nowhere, and still does.
                let sites = site.values()[rows.clone()].iter();
                let sites = sites.map(|it| place(u16::try_from(*it).unwrap_or(u16::MAX)));
                packed.iter_mut().zip(sites).for_each(|(row, own)| *row |= own);
            }
            Place::District(district) => {
                let districts = district.values()[rows.clone()].iter();
                packed.iter_mut().zip(districts).for_each(|(row, own)| *row |= place(*own));
            }
        }
        if let Some(hour) = self.hour {
            let hour = hour.values()[rows.clone()].iter();
            let hours = hour.map(|&hour| Detail { hour, ..Detail::default() }.pack());
            packed.iter_mut().zip(hours).for_each(|(row, own)| *row |= own);
        }
        if let Some(minutes) = self.minutes {
            let minutes = minutes.values()[rows].iter();
            let minutes = minutes.map(|&minutes| Detail { minutes, ..Detail::default() }.pack());
            packed.iter_mut().zip(minutes).for_each(|(row, own)| *row |= own);
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
