//! Bounds one person's cells and adds them to the counters: the loop that everything else feeds.
//!
//! For each person: (1) map row cells to a family's cells, (2) keep at most L of them by keyed
//! rank, (3) add one to each kept cell of every marginal of the family. No set of people is built. Who lacks
//! an attribute that any marginal of the plan is by is in none, so that sums of parts are whole.
//! Guarantee: one person changes a marginal by at most one in at most L cells. Proof: tally.md.
//! Source: privacy model §2 (bounding, clip family).

use privacy::{BoundingKey, CellLimit, keep};
use reference::Gender;
use serde::{Deserialize, Serialize};

use crate::dimension::{Codes, Dimension, NOWHERE};
use crate::error::{Error, Result};
use crate::plan::{Family, Marginal, PrivatePlan, View};

/// What a person is, as the vault stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The person's own draw token: the first 32 bits of the pseudonym, nobody else's business.
    pub token: u32,
    /// Index of the gender, 255 when unknown.
    pub gender: u8,
    /// Index of the age band, 255 when unknown.
    pub age_band: u8,
    /// Index of the home sector, 65535 when none.
    pub sector: u16,
}

impl Person {
    /// Where the person stands in the code list of `gender_plus`: X by the coin that the token ends in.
    fn gender_plus(self) -> usize {
        let coin = if self.gender == Gender::X.index() { self.token & 1 } else { 0 };
        usize::from(self.gender) + usize::try_from(coin).unwrap_or_default()
    }
}

/// Counters for one plan: serialisable, so that the same operator runs anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallySpec {
    families: Vec<FamilySpec>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FamilySpec {
    /// From a row cell of the view to the family's cell, or [`NOWHERE`].
    lookup: Vec<u32>,
    limit: u32,
    marginals: Vec<MarginalSpec>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct MarginalSpec {
    rows: bool,
    terms: Vec<Term>,
    /// Cells of the partitioning dimensions alone.
    width: u64,
    cells: u64,
}

/// One partitioning dimension: where to look, and how far its positions lie apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Term {
    dimension: Dimension,
    positions: Vec<u32>,
    stride: u64,
}

impl TallySpec {
    /// The counters that `plan` asks for.
    ///
    /// # Errors
    /// [`Error`] `P03` when a family groups by something that its view does not have.
    pub fn of(plan: &PrivatePlan) -> Result<Self> {
        let families = plan
            .families
            .iter()
            .map(|family| {
                Ok(FamilySpec {
                    lookup: row_lookup(plan.view, &family.rows, &plan.codes)?,
                    limit: family.limit.cells(),
                    marginals: family
                        .marginals
                        .iter()
                        .map(|marginal| MarginalSpec::of(plan, family, marginal))
                        .collect(),
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self { families })
    }

    /// The number of cells of each marginal, in plan order.
    #[must_use]
    pub fn cells(&self) -> Vec<u64> {
        self.families.iter().flat_map(|family| family.marginals.iter().map(|it| it.cells)).collect()
    }
}

impl MarginalSpec {
    fn of(plan: &PrivatePlan, family: &Family, marginal: &Marginal) -> Self {
        let mut width = 1;
        let mut terms: Vec<Term> = Vec::with_capacity(marginal.by.len());
        for &dimension in marginal.by.iter().rev() {
            let list = plan.codes.list(dimension);
            terms.push(Term { dimension, positions: list.positions().to_vec(), stride: width });
            width *= u64::try_from(list.labels().len()).unwrap_or(u64::MAX);
        }
        Self { rows: marginal.rows, terms, width, cells: plan.cells(family, marginal) }
    }

    /// The person's cell among the partitioning dimensions; `None` when an attribute is unknown
    /// or outside the code list.
    fn person_cell(&self, person: Person) -> Option<u64> {
        let mut cell = 0;
        for term in &self.terms {
            let value = match term.dimension {
                Dimension::Gender => usize::from(person.gender),
                Dimension::GenderPlus => person.gender_plus(),
                Dimension::AgeBand => usize::from(person.age_band),
                _ => usize::from(person.sector),
            };
            let position = *term.positions.get(value).filter(|&&it| it != NOWHERE)?;
            cell += u64::from(position) * term.stride;
        }
        Some(cell)
    }
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

/// The counters themselves, with room to work on one person at a time.
pub struct Tally {
    spec: TallySpec,
    limits: Vec<CellLimit>,
    key: BoundingKey,
    counts: Vec<Vec<u32>>,
    kept: Vec<u64>,
    /// The person's cell among the partitioning dimensions of each marginal.
    places: Vec<u64>,
}

impl Tally {
    /// Counters at zero.
    ///
    /// # Errors
    /// [`Error`] `P05` when a limit or a table is out of range.
    pub fn new(spec: TallySpec, key: BoundingKey) -> Result<Self> {
        let wrong = |what: String| Error::policy("P05", what);
        let limits = spec
            .families
            .iter()
            .map(|family| CellLimit::new(family.limit).map_err(|cause| wrong(cause.to_string())))
            .collect::<Result<_>>()?;
        let counts = spec
            .cells()
            .into_iter()
            .map(|cells| usize::try_from(cells).map(|cells| vec![0; cells]))
            .collect::<Result<_, _>>()
            .map_err(|_| wrong("a marginal has more cells than memory can address".to_owned()))?;
        Ok(Self { spec, limits, key, counts, kept: Vec::new(), places: Vec::new() })
    }

    /// Counts one person whose row cells are `rows` (any order, repeats allowed).
    pub fn add(&mut self, person: Person, rows: &[u32]) {
        let marginals = self.spec.families.iter().flat_map(|it| &it.marginals);
        self.places.clear();
        self.places.extend(marginals.map_while(|it| it.person_cell(person)));
        if self.places.len() < self.counts.len() {
            return;
        }
        let mut counters = self.counts.iter_mut().zip(&self.places);
        for (family, &limit) in self.spec.families.iter().zip(&self.limits) {
            self.kept.clear();
            self.kept.extend(rows.iter().filter_map(|&row| {
                let cell = family.lookup.get(usize::try_from(row).ok()?)?;
                (*cell != NOWHERE).then(|| u64::from(*cell))
            }));
            keep(&mut self.kept, limit, &self.key, person.token);
            for (marginal, (counts, place)) in family.marginals.iter().zip(&mut counters) {
                let kept = if marginal.rows { &self.kept[..] } else { one_if_any(&self.kept) };
                for row_cell in kept {
                    let cell = row_cell * marginal.width + place;
                    if let Some(count) =
                        usize::try_from(cell).ok().and_then(|it| counts.get_mut(it))
                    {
                        *count += 1;
                    }
                }
            }
        }
    }

    /// The exact counts of every marginal, in plan order.
    #[must_use]
    pub fn into_counts(self) -> Vec<Vec<u32>> {
        self.counts
    }
}

/// The projection of kept cells to a single one.
const fn one_if_any(kept: &[u64]) -> &'static [u64] {
    if kept.is_empty() { &[] } else { &[0] }
}
