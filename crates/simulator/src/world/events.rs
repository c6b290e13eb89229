//! Rows of the table of events, with what goes wrong among them.

use super::SimulateError;
use super::places::push_cell;
use super::record::push_subscriber;
use super::wrong::{Mischief, Place, Planted, Wrong, count};
use crate::customers::Customer;
use crate::day::{Day, HOUR_MS};
use crate::land::Land;
use crate::life::{Event, KINDS, Life};
use crate::table::{Column, Columns, Kind, Numbers, Part, Table, Texts, push_digits};

pub(super) const EVENTS: Columns = &[
    ("subscriber_id", Kind::Text),
    ("event_time", Kind::LongOrNone),
    ("type", Kind::Text),
    ("cell_id", Kind::Text),
    ("duration_s", Kind::Int),
    ("volume_down", Kind::Long),
    ("mcc", Kind::Int),
    ("mnc", Kind::Int),
];

/// The country code of the test network, which the operator is in.
const HOME_MCC: u32 = 1;

/// Where visitors come from: France, Germany, Ireland, the United States.
const ABROAD: [u32; 4] = [208, 262, 272, 310];

/// Rows of one block and day, made in order of time.
#[derive(Default)]
pub(super) struct EventRows {
    id: Texts,
    time: Numbers<i64>,
    kind: Texts,
    cell: Texts,
    duration: Numbers<i32>,
    volume: Numbers<i64>,
    mcc: Numbers<i32>,
    mnc: Numbers<i32>,
}

/// What is needed to name a row's subscriber.
#[derive(Clone, Copy)]
pub(super) enum Names<'block> {
    Customers(&'block [Customer]),
    /// From abroad, from this number on.
    Visitors(u32),
}

impl EventRows {
    /// Takes the events of a day, in order, and plants wrong ones among them.
    pub fn fill<'rows>(
        &mut self,
        (life, day, place): (&Life<'_>, &Day, Place),
        names: Names<'_>,
        events: impl Iterator<Item = &'rows Event>,
        planted: &mut Planted,
    ) {
        self.clear();
        let mut mischief = Mischief::in_events(&life.world.rates, place);
        for row in events {
            self.push(row, day, names, None);
            if matches!(names, Names::Visitors(_)) {
                count(planted, "visitor_from_abroad");
            } else if row.is_stray {
                count(planted, "no_contract");
            } else if let Some(wrong) = mischief.next() {
                let number = mischief.number();
                if self.plant((life.land, day, names), row, wrong, number) {
                    count(planted, wrong.name());
                }
            }
        }
    }

    /// Plants a wrong row or two after a right one; whether that could be done.
    fn plant(
        &mut self,
        (land, day, names): (&Land, &Day, Names<'_>),
        row: &Event,
        wrong: Wrong,
        number: u32,
    ) -> bool {
        let mut add = |seconds: u32, cell: u32| {
            let moved = Event { at: row.at + seconds * 1_000, cell, ..*row };
            self.push(&moved, day, names, None);
        };
        let elsewhere = || land.far_from(row.cell, number);
        // Away and back stays within the hour.
        let early = row.at % HOUR_MS < 3_500_000;
        match wrong {
            Wrong::SuspiciousJump | Wrong::SameTimeElsewhere if !early => return false,
            Wrong::SuspiciousJump => {
                let Some(far) = elsewhere() else { return false };
                add(20, far);
                add(40, row.cell);
            }
            Wrong::SameTimeElsewhere => {
                let Some(far) = elsewhere() else { return false };
                add(1, far);
                add(1, row.cell);
            }
            Wrong::CellNotValid => {
                let Some(retired) = land.retired else { return false };
                add(0, retired);
            }
            wrong => self.push(row, day, names, Some((wrong, number))),
        }
        true
    }

    fn push(&mut self, event: &Event, day: &Day, names: Names<'_>, wrong: Option<(Wrong, u32)>) {
        push_time(&mut self.time, day.base_ms + i64::from(event.at), wrong);
        let mut mcc = HOME_MCC;
        match names {
            Names::Customers(customers) => push_id(&mut self.id, customers, event.who, wrong),
            Names::Visitors(first) => {
                mcc = ABROAD[usize::try_from(event.who % 4).unwrap_or_default()];
                let key = usize::try_from(event.who - first).unwrap_or_default();
                self.id.push(key, |out| {
                    push_digits(out, mcc.into(), 3);
                    out.extend_from_slice(b"01");
                    push_digits(out, event.who.into(), 9);
                });
            }
        }
        let kind = usize::from(event.kind);
        self.kind.push(kind, |out| out.extend_from_slice(KINDS[kind].as_bytes()));
        if let Some((Wrong::UnknownCell, number)) = wrong {
            self.cell.push_new(|out| {
                out.extend_from_slice(b"00101-9");
                push_digits(out, number.into(), 10);
            });
        } else {
            push_cell_of(&mut self.cell, event.cell);
        }
        self.duration.push(event.duration_s.into());
        self.volume.push(event.volume.into());
        self.mcc.push(i32::try_from(mcc).unwrap_or_default());
        self.mnc.push(1);
    }

    pub fn rows(&self) -> usize {
        self.id.rows()
    }

    pub fn encode(&self, table: &Table) -> Result<Part, SimulateError> {
        table.encode(&[
            Column::Texts(&self.id),
            Column::Longs(&self.time),
            Column::Texts(&self.kind),
            Column::Texts(&self.cell),
            Column::Ints(&self.duration),
            Column::Longs(&self.volume),
            Column::Ints(&self.mcc),
            Column::Ints(&self.mnc),
        ])
    }

    fn clear(&mut self) {
        [&mut self.id, &mut self.kind, &mut self.cell].into_iter().for_each(Texts::clear);
        self.time.clear();
        self.volume.clear();
        [&mut self.duration, &mut self.mcc, &mut self.mnc].into_iter().for_each(Numbers::clear);
    }
}

/// Adds the cell of a row.
pub(super) fn push_cell_of(out: &mut Texts, cell: u32) {
    out.push(usize::try_from(cell).unwrap_or_default(), |out| push_cell(out, cell));
}

/// Adds the id of the customer at a position of the block.
pub(super) fn push_id(
    out: &mut Texts,
    customers: &[Customer],
    who: u32,
    wrong: Option<(Wrong, u32)>,
) {
    let at = usize::try_from(who).unwrap_or_default();
    match wrong {
        Some((Wrong::NullId, _)) => out.push_none(),
        Some((Wrong::UnknownSubscriber, number)) => out.push_new(|out| {
            out.extend_from_slice(b"00199");
            push_digits(out, number.into(), 10);
        }),
        _ => out.push(at, |out| push_subscriber(out, customers.get(at).map_or(0, |it| it.sim))),
    }
}

/// Adds an instant.
pub(super) fn push_time(out: &mut Numbers<i64>, at_ms: i64, wrong: Option<(Wrong, u32)>) {
    match wrong {
        // Nothing at all, and the year 1969.
        Some((Wrong::BadTime, _)) if at_ms % 2 == 0 => out.push_none(),
        Some((Wrong::BadTime, _)) => out.push(-1),
        _ => out.push(at_ms),
    }
}
