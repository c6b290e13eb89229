//! From a row of a view to the cell of a family, and to what the row adds to a sum.
//!
//! Products read of a row the one number that they count by and look its cell up. Questions read rows in detail,
//! which may be grouped by and confined to anything of a row. A row of a place or site on no list is in no cell of
//! either: nothing tells of it, not even that it was. Proof: tally.md.

use serde::{Deserialize, Serialize};

use super::terms::Term;
use crate::dimension::{Codes, Dimension, NOWHERE};
use crate::error::{Error, Result};
use crate::plan::{Filter, Measure, PrivatePlan, View};

/// How the rows of a family are mapped to its cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RowMap {
    /// By the number that a row is: its cell, or [`NOWHERE`].
    Dense(Vec<u32>),
    /// By the parts of a row in detail.
    Detailed(Lookups),
}

/// What the two halves of a row in detail add to its cell, or [`NOWHERE`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookups {
    place: Vec<u32>,
    /// By kind of day, day and hour.
    time: Vec<u32>,
}

/// The columns of rows in detail, beside person and place, that a plan needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The hour: rows are grouped by it, or confined to some.
    pub hour: bool,
    /// The minutes: they are summed or ranked.
    pub minutes: bool,
}

impl Columns {
    /// What a plan needs.
    #[must_use]
    pub fn of(plan: &PrivatePlan) -> Self {
        let by_hour = plan.families.iter().any(|it| it.rows.contains(&Dimension::Hour));
        let confined = plan.filters.iter().any(|it| it.dimension == Dimension::Hour);
        let minutes = plan.marginals().any(|(_, it)| {
            let ranked = it.quantiles.as_ref().map(|it| it.measure);
            it.sums.iter().map(|it| it.measure).chain(ranked).any(|it| it == Measure::Minutes)
        });
        Self { hour: by_hour || confined, minutes }
    }
}

/// A row in detail, packed into the bits of a row cell; each part has its own bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// The number of the site, or of the district.
    pub place: u16,
    /// Whether its day is of the weekend, or a holiday.
    pub weekend: bool,
    /// The position of its day among those of the period, or [`LATE_DAY`].
    pub day: u8,
    /// The local hour in which it began.
    pub hour: u8,
    /// Its minutes; none where the view does not tell.
    pub minutes: u16,
}

/// The day of rows that came late, which is of the period before and so on no list.
pub const LATE_DAY: u8 = 31;

/// 2047: more minutes than a day has, so that none is lost.
const MINUTES_MAX: u16 = (1 << HOUR_AT) - 1;
const HOUR_AT: u32 = 11;
const DAY_AT: u32 = 16;
const WEEKEND_AT: u32 = 21;
const PLACE_AT: u32 = 22;
/// 38 bits in all.
const DETAIL_BITS: u32 = PLACE_AT + u16::BITS;
const _: () = assert!(MINUTES_MAX > 24 * 60 && DETAIL_BITS <= super::sorted_rows::ROW_BITS);
const _: () = assert!(LATE_DAY < 1 << (WEEKEND_AT - DAY_AT) && 24 < 1 << (DAY_AT - HOUR_AT));

impl Detail {
    /// The row as one number.
    #[must_use]
    pub fn pack(self) -> u64 {
        u64::from(self.place) << PLACE_AT
            | u64::from(self.weekend) << WEEKEND_AT
            | u64::from(self.day.min(LATE_DAY)) << DAY_AT
            | u64::from(self.hour.min(LATE_DAY)) << HOUR_AT
            | u64::from(self.minutes.min(MINUTES_MAX))
    }
}

/// The value of a dimension in a packed row, as code lists are indexed by.
fn part(row: u64, dimension: Dimension) -> usize {
    let bits = |from: u32, to: u32| usize::try_from(row >> from & ((1 << (to - from)) - 1));
    let value = match dimension {
        Dimension::Hour => bits(HOUR_AT, DAY_AT),
        Dimension::Day => bits(DAY_AT, WEEKEND_AT),
        Dimension::DayType => bits(WEEKEND_AT, PLACE_AT),
        _ => bits(PLACE_AT, DETAIL_BITS),
    };
    value.unwrap_or(usize::MAX)
}

impl Lookups {
    /// The lists of these terms of rows.
    fn of(terms: Vec<Term>) -> Result<Self> {
        let of_time = |it: &Term| {
            [Dimension::Hour, Dimension::Day, Dimension::DayType].contains(&it.dimension())
        };
        let (time, place): (Vec<Term>, Vec<Term>) = terms.into_iter().partition(of_time);
        let list = |terms: &[Term], from: u32, to: u32| {
            let value = |bits: u64| {
                let cell = Term::cell(terms, |it| part(bits << from, it));
                cell.map_or(Ok(NOWHERE), |it| u32::try_from(it).map_err(|_| too_many()))
            };
            (0..1 << (to - from)).map(value).collect::<Result<Vec<u32>>>()
        };
        Ok(Self {
            place: list(&place, PLACE_AT, DETAIL_BITS)?,
            time: list(&time, HOUR_AT, PLACE_AT)?,
        })
    }

    /// The cell of a packed row; `None` when a part of it stands nowhere.
    fn cell(&self, row: u64) -> Option<u64> {
        let part = |list: &[u32], from: u32, to: u32| {
            let value = usize::try_from(row >> from & ((1 << (to - from)) - 1));
            value.ok().and_then(|it| list.get(it)).copied().filter(|it| *it != NOWHERE)
        };
        let place = part(&self.place, PLACE_AT, DETAIL_BITS)?;
        let time = part(&self.time, HOUR_AT, PLACE_AT)?;
        Some(u64::from(place) + u64::from(time))
    }
}

fn too_many() -> Error {
    Error::policy("P05", "a question has more row cells than can be numbered")
}

/// What a packed row adds to a sum: at least one unit.
#[must_use]
pub fn amount(row: u64, measure: Measure) -> u64 {
    match measure {
        Measure::Rows => 1,
        Measure::Minutes => (row & u64::from(MINUTES_MAX)).max(1),
    }
}

/// Whether the rows of a plan are read in detail.
#[must_use]
pub fn in_detail(plan: &PrivatePlan) -> bool {
    plan.is_question() && plan.view != View::Subscriber
}

impl RowMap {
    /// The map for a family of `plan` with these rows.
    ///
    /// # Errors
    /// [`Error`] `P03` for rows, a filter or a measure that the view does not have.
    pub fn of(plan: &PrivatePlan, rows: &[Dimension]) -> Result<Self> {
        check_measures(plan)?;
        let filters = || plan.filters.iter().filter(|it| !it.dimension.partitions_people());
        if !in_detail(plan) {
            return match filters().next() {
                None => row_lookup(plan.view, rows, &plan.codes).map(Self::Dense),
                Some(it) => Err(no_such(plan.view, &format!("confined by {}", it.dimension))),
            };
        }
        let (allowed, listed): (&[_], _) = match plan.view {
            View::Presence => (&[Dimension::PresentIn], Dimension::PresentIn),
            _ => (&[Dimension::Site, Dimension::Category], Dimension::Site),
        };
        let of_time = [Dimension::Day, Dimension::Hour, Dimension::DayType];
        let known = |it: &Dimension| allowed.contains(it) || of_time.contains(it);
        let twice = (1..rows.len()).any(|at| rows[..at].contains(&rows[at]));
        let cross = allowed.len() > 1 && allowed.iter().all(|it| rows.contains(it));
        if twice || cross || !rows.iter().all(known) {
            return Err(no_such(plan.view, &format!("grouped by {rows:?}")));
        }
        if let Some(it) = filters().find(|it| !known(&it.dimension)) {
            return Err(no_such(plan.view, &format!("confined by {}", it.dimension)));
        }
        let (mut terms, _) = Term::by(plan, rows)?;
        terms.push(Term::listed(plan, listed));
        let confined = filters().map(|it: &Filter| Term::confined(plan, it));
        terms.extend(confined.collect::<Result<Vec<_>>>()?);
        Lookups::of(terms).map(Self::Detailed)
    }

    /// The cell of a row; `None` for one that is in none.
    #[must_use]
    pub fn cell(&self, row: u64) -> Option<u64> {
        match self {
            Self::Dense(lookup) => {
                let cell = lookup.get(usize::try_from(row).ok()?)?;
                (*cell != NOWHERE).then(|| u64::from(*cell))
            }
            Self::Detailed(lookups) => lookups.cell(row),
        }
    }
}

fn check_measures(plan: &PrivatePlan) -> Result<()> {
    let told = in_detail(plan) && plan.view == View::Visit;
    let minutes = |it: &Measure| *it == Measure::Minutes && !told;
    if plan.marginals().flat_map(|it| &it.1.sums).any(|it| minutes(&it.measure)) {
        return Err(no_such(plan.view, "summed in minutes"));
    }
    if plan.marginals().filter_map(|it| it.1.quantiles.as_ref()).any(|it| minutes(&it.measure)) {
        return Err(no_such(plan.view, "ranked by minutes"));
    }
    Ok(())
}

fn no_such(view: View, what: &str) -> Error {
    Error::policy("P03", format!("rows of view {view:?} cannot be {what}")).allowed(
        "subscriber: no rows; presence: present_in, day, hour, day_type; visit: site or category, day, hour, \
         day_type, and minutes",
    )
}

/// How many row cells a view has for each value of its key column: hours times kinds of day.
pub const PRESENCE_SLOTS: u32 = 48;

/// The row cell of a presence row.
#[must_use]
pub fn presence_cell(district: u16, hour: u8, weekend: bool) -> u32 {
    u32::from(district) * PRESENCE_SLOTS + u32::from(hour) * 2 + u32::from(weekend)
}

fn row_lookup(view: View, rows: &[Dimension], codes: &Codes) -> Result<Vec<u32>> {
    match (view, rows) {
        (View::Subscriber, []) => Ok(vec![0]),
        (View::Presence, [Dimension::PresentIn, Dimension::Hour, Dimension::DayType]) => {
            let districts = codes.list(Dimension::PresentIn).positions().iter();
            Ok(districts
                .flat_map(|&at| {
                    (0..PRESENCE_SLOTS).map(move |slot| match at {
                        NOWHERE => NOWHERE,
                        at => at * PRESENCE_SLOTS + slot,
                    })
                })
                .collect())
        }
        (View::Visit, [dimension @ (Dimension::Site | Dimension::Category)]) => {
            Ok(codes.list(*dimension).positions().to_vec())
        }
        _ => Err(Error::policy(
            "P03",
            format!("rows of view {view:?} cannot be grouped by {rows:?}"),
        )
        .allowed(
            "subscriber: none; presence: present_in, hour, day_type; visit: site or category",
        )),
    }
}
