//! Bounds one person's cells and adds them to the counters: the loop that everything else feeds.
//!
//! For each person: (1) map row cells to a family's cells, (2) keep at most L of them by keyed
//! rank, (3) add one to each kept cell of every marginal of the family, and, where people are clipped, the φ that
//! all of them share. No set of people is built. Who lacks
//! an attribute that any marginal of the plan is by is in none, so that sums of parts are whole.
//! Guarantee: one person changes a marginal by at most one in at most L cells, or by a norm of at most one where
//! people are clipped. Proof: tally.md.
//! Source: privacy model §2 (bounding, clip family).

use privacy::{BoundingKey, CellLimit, CellWeight, ClippedCount, DilutionSums, Scale, keep};
use reference::Gender;
use serde::{Deserialize, Serialize};

use crate::dimension::{Codes, Dimension, NOWHERE};
use crate::error::{Error, Result};
use crate::plan::{Family, Marginal, PrivatePlan, View};
use crate::vault::HIDDEN_SITE;

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
    /// K_c, where quality is measured.
    quality_cap: Option<u32>,
    /// K_c, where it is measured how many visits have a readable host.
    visits_cap: Option<u32>,
    marginals: Vec<MarginalSpec>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct MarginalSpec {
    rows: bool,
    terms: Vec<Term>,
    /// Cells of the partitioning dimensions alone.
    width: u64,
    cells: u64,
    /// L and the weight α of each cell, where people are clipped.
    clip: Option<(u32, Vec<u16>)>,
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
                    quality_cap: family.quality.as_ref().map(|it| it.cap.cells()),
                    visits_cap: family
                        .quality
                        .as_ref()
                        .and_then(|it| it.visibility_rho.map(|_| it.cap.cells())),
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

    /// How many marginals there are.
    #[must_use]
    pub fn marginals(&self) -> usize {
        self.families.iter().map(|it| it.marginals.len()).sum()
    }

    /// Room for the counts of every marginal, in plan order, and of every family's quality.
    ///
    /// # Errors
    /// [`Error`] `P05` when a table is larger than memory can address.
    pub fn counters(&self) -> Result<Counters> {
        let marginals = self.families.iter().flat_map(|it| &it.marginals);
        let tables = marginals.map(|it| Counts::zero(it.cells, it.clip.is_some()));
        let tables = tables.collect::<Option<_>>().ok_or_else(|| {
            Error::policy("P05", "a marginal has more cells than memory can address")
        })?;
        Ok(Counters { tables, quality: vec![QualityCounts::default(); self.families.len()] })
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
        let clip = marginal
            .weights
            .as_ref()
            .map(|it| (it.limit.cells(), it.cells.iter().map(|weight| weight.alpha()).collect()));
        Self { rows: marginal.rows, terms, width, cells: plan.cells(family, marginal), clip }
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

/// Exact counts of one table: people, and how much of them where they are clipped.
#[derive(Clone, Default)]
pub(crate) struct Counts {
    people: Vec<u32>,
    /// Σφ in units of 2^−20 people; empty where each person counts whole.
    units: Vec<u64>,
    /// Cells in which one more person is still to be counted.
    waiting: Vec<u64>,
}

/// 1,024 cells wait for their person: a large table lies outside the cache, and one after the other in a short loop
/// their counters are fetched together. 8 KB stay in the nearest cache.
const WAITING_MOST: usize = 1_024;

/// What is measured of a family as a whole.
#[derive(Clone, Copy, Default)]
pub(crate) struct QualityCounts {
    /// Everybody with a cell.
    pub people: u32,
    /// What bounding left of people's cells, and what it took.
    pub loss: DilutionSums,
    /// People with a cell, and without one.
    pub coverage: DilutionSums,
    /// People with all attributes that the tables are by, and others.
    pub frame: DilutionSums,
    /// Visits of people to sites, and to hosts that were encrypted.
    pub visibility: DilutionSums,
}

/// The counts of a plan.
#[derive(Clone, Default)]
pub(crate) struct Counters {
    /// One a marginal, in plan order.
    pub tables: Vec<Counts>,
    /// One a family; zero where nothing is measured.
    pub quality: Vec<QualityCounts>,
}

impl Counters {
    /// The people of every table, for a test.
    #[cfg(test)]
    pub(crate) fn into_people(self) -> Vec<Vec<u32>> {
        self.tables.into_iter().map(|it| it.people).collect()
    }
}

impl Counts {
    /// `None` for more cells than memory can address.
    fn zero(cells: u64, clipped: bool) -> Option<Self> {
        let cells = usize::try_from(cells).ok()?;
        let units = vec![0; if clipped { cells } else { 0 }];
        Some(Self { people: vec![0; cells], units, waiting: Vec::new() })
    }

    /// Whole people that a test makes up.
    #[cfg(test)]
    pub(crate) const fn of(people: Vec<u32>) -> Self {
        Self { people, units: Vec::new(), waiting: Vec::new() }
    }

    /// The exact people of a cell; nobody in one that the table does not have.
    pub(crate) fn at(&self, cell: usize) -> ClippedCount {
        let people = self.people.get(cell).copied().map_or(0, u64::from);
        match self.units.get(cell) {
            Some(&units) => ClippedCount::of_counters(people, units),
            None => ClippedCount::whole(people),
        }
    }

    /// How many cells there are.
    pub(crate) const fn len(&self) -> usize {
        self.people.len()
    }

    /// The cells with people, their people and units.
    pub(super) fn some(&self) -> impl Iterator<Item = (u64, u32, u64)> + '_ {
        let units = self.units.iter().copied().chain(std::iter::repeat(0));
        let all = (0_u64..).zip(&self.people).zip(units);
        all.filter(|((_, people), _)| **people > 0)
            .map(|((cell, people), units)| (cell, *people, units))
    }

    /// Adds people and their units to a cell; `None` for one that the table does not have.
    pub(super) fn add(&mut self, cell: u64, people: u32, units: u64) -> Option<()> {
        let cell = usize::try_from(cell).ok()?;
        *self.people.get_mut(cell)? += people;
        if let Some(own) = self.units.get_mut(cell) {
            *own += units;
        }
        Some(())
    }
}

/// The counters themselves, with room to work on one person at a time.
pub struct Tally {
    spec: TallySpec,
    limits: Vec<CellLimit>,
    /// The weights of each marginal's cells; none where people are not clipped.
    weights: Vec<Vec<CellWeight>>,
    key: BoundingKey,
    counters: Counters,
    /// Whether any family's quality is measured.
    measures_quality: bool,
    kept: Vec<u64>,
    /// The person's cell among the partitioning dimensions of each marginal.
    places: Vec<u64>,
}

impl Tally {
    /// Counters at zero.
    ///
    /// # Errors
    /// [`Error`] `P05` when a limit, a weight or a table is out of range.
    pub fn new(spec: TallySpec, key: BoundingKey) -> Result<Self> {
        let limit = |cells: u32| {
            CellLimit::new(cells).map_err(|cause| Error::policy("P05", cause.to_string()))
        };
        let limits = spec.families.iter().map(|it| limit(it.limit)).collect::<Result<_>>()?;
        let marginals = spec.families.iter().flat_map(|it| &it.marginals);
        let weights = marginals.map(|it| {
            let Some((cells, alphas)) = &it.clip else { return Ok(Vec::new()) };
            let of = limit(*cells)?;
            let weight = |alpha: &u16| CellWeight::new(*alpha, of);
            let weights = alphas.iter().map(weight).collect::<std::result::Result<_, _>>();
            weights.map_err(|cause| Error::policy("P05", cause.to_string()))
        });
        let weights = weights.collect::<Result<_>>()?;
        let counters = spec.counters()?;
        let measures_quality = spec.families.iter().any(|it| it.quality_cap.is_some());
        let (kept, places) = (Vec::new(), Vec::new());
        Ok(Self { spec, limits, weights, key, counters, measures_quality, kept, places })
    }

    /// Counts one person whose row cells are `rows` (any order, one a row of the view).
    pub fn add(&mut self, person: Person, rows: &(impl ExactSizeIterator<Item = u32> + Clone)) {
        let marginals = self.spec.families.iter().flat_map(|it| &it.marginals);
        self.places.clear();
        self.places.extend(marginals.map_while(|it| it.person_cell(person)));
        let in_frame = self.places.len() == self.counters.tables.len();
        if self.measures_quality {
            self.counters.quality.iter_mut().for_each(|it| it.frame.count(in_frame));
        }
        if !in_frame {
            return;
        }
        let mut tables = &mut self.counters.tables[..];
        let (mut places, mut weights) = (&self.places[..], &self.weights[..]);
        let families = self.spec.families.iter().zip(&self.limits);
        for ((family, &limit), quality) in families.zip(&mut self.counters.quality) {
            let own = family.marginals.len();
            let (counts, more) = std::mem::take(&mut tables).split_at_mut(own);
            let (at, further) = places.split_at(own);
            let (weighed, others) = weights.split_at(own);
            (tables, places, weights) = (more, further, others);
            self.kept.clear();
            self.kept.extend(rows.clone().filter_map(|row| {
                let cell = family.lookup.get(usize::try_from(row).ok()?)?;
                (*cell != NOWHERE).then(|| u64::from(*cell))
            }));
            let distinct = keep(&mut self.kept, limit, &self.key, person.token);
            let scale = family.scale(at, weighed, &self.kept);
            for ((marginal, counts), place) in family.marginals.iter().zip(counts).zip(at) {
                let rows = marginal.row_cells(&self.kept).iter();
                counts.count(rows.map(|it| it * marginal.width + place), scale);
            }
            let Some(cap) = family.quality_cap else { continue };
            quality.coverage.count(!self.kept.is_empty());
            let number = |it: usize| u64::try_from(it).unwrap_or(u64::MAX);
            if let Some(cap) = family.visits_cap {
                let cap = CellLimit::new(cap).unwrap_or(limit);
                let readable = rows.clone().filter(|it| *it != HIDDEN_SITE).count();
                quality.visibility.add_rows(cap, number(readable), number(rows.len()));
            }
            if !self.kept.is_empty() {
                quality.people += 1;
                let cap = CellLimit::new(cap).unwrap_or(limit);
                quality.loss.add(cap, number(self.kept.len()), number(distinct), scale);
            }
        }
    }

    /// The exact counts.
    #[must_use]
    pub(crate) fn into_counters(mut self) -> Counters {
        self.counters.tables.iter_mut().for_each(Counts::settle);
        self.counters
    }
}

impl QualityCounts {
    /// The pairs of sums, in the order in which they are sent.
    pub(super) fn pairs(&mut self) -> [&mut DilutionSums; 4] {
        [&mut self.loss, &mut self.coverage, &mut self.frame, &mut self.visibility]
    }
}

impl FamilySpec {
    /// The φ of a person: the smallest that any clipped marginal asks for.
    fn scale(&self, places: &[u64], weights: &[Vec<CellWeight>], kept: &[u64]) -> Scale {
        let mut scale = Scale::WHOLE;
        for ((marginal, place), weights) in self.marginals.iter().zip(places).zip(weights) {
            if !weights.is_empty() {
                let cells = marginal.row_cells(kept).iter().map(|row| row * marginal.width + place);
                let own = cells.filter_map(|it| weights.get(usize::try_from(it).ok()?).copied());
                scale = scale.min(Scale::of(own));
            }
        }
        scale
    }
}

impl MarginalSpec {
    /// The person's kept row cells as the marginal has them: themselves, or one for any.
    const fn row_cells<'kept>(&self, kept: &'kept [u64]) -> &'kept [u64] {
        match kept {
            _ if self.rows => kept,
            [] => &[],
            _ => &[0],
        }
    }
}

impl Counts {
    /// Counts one more person in each of these cells, at the latest when [`Self::settle`] is called.
    fn count(&mut self, cells: impl Iterator<Item = u64>, scale: Scale) {
        if self.units.is_empty() {
            self.waiting.extend(cells);
            if self.waiting.len() >= WAITING_MOST {
                self.settle();
            }
            return;
        }
        for cell in cells.filter_map(|it| usize::try_from(it).ok()) {
            if let Some((people, units)) = self.people.get_mut(cell).zip(self.units.get_mut(cell)) {
                *people += 1;
                *units += u64::from(scale.units());
            }
        }
    }

    /// Counts whoever waits.
    fn settle(&mut self) {
        for cell in self.waiting.drain(..).filter_map(|it| usize::try_from(it).ok()) {
            if let Some(people) = self.people.get_mut(cell) {
                *people += 1;
            }
        }
    }
}
