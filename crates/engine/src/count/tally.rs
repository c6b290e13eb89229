//! Bounds one person's cells and adds them to the counters: the loop that everything else feeds.
//!
//! For each person whom the plan does not leave out: (1) map row cells to a family's cells, (2) keep at most L of
//! them by keyed rank, (3) add one to each kept cell of every marginal of the family, and, where people are
//! clipped, the φ that all of them share, (4) add to each sum what the person's rows in the cell come to, cut to its
//! cap, and one to the bin that it lies in where quantiles are asked for. No set of people is built. Who lacks
//! an attribute that any marginal of the plan is by is in none, so that sums of parts are whole.
//! Guarantee: one person changes a marginal by at most one in at most L cells, or by a norm of at most one where
//! people are clipped, and a sum by at most its cap, and one bin by one, in the same cells. Proof: tally.md.
//! Source: privacy model §2 (bounding, clip family).

use privacy::{BoundingKey, CellLimit, CellWeight, ClippedCount, DilutionSums, Scale, keep};
use reference::Gender;
use serde::{Deserialize, Serialize};

use super::amounts::{Amounts, FEW, Few};
use super::row_map::RowMap;
use super::terms::Term;
use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::plan::{Family, Marginal, Measure, PrivatePlan};
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

    /// The stored value of a dimension that partitions people.
    fn stored(self, dimension: Dimension) -> usize {
        match dimension {
            Dimension::Gender => usize::from(self.gender),
            Dimension::GenderPlus => self.gender_plus(),
            Dimension::AgeBand => usize::from(self.age_band),
            _ => usize::from(self.sector),
        }
    }
}

/// Counters for one plan: serialisable, so that the same operator runs anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallySpec {
    /// What people are confined to.
    people: Vec<Term>,
    families: Vec<FamilySpec>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FamilySpec {
    rows: RowMap,
    /// Cells of the rows alone.
    row_cells: u64,
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
    /// What is summed, and the cap of one person in one cell.
    sums: Vec<(Measure, u64)>,
    /// Whose quantiles are asked for, and the greatest amount of each bin.
    quantiles: Option<(Measure, Vec<u64>)>,
}

impl TallySpec {
    /// The counters that `plan` asks for.
    ///
    /// # Errors
    /// [`Error`] `P03` when something is asked that the plan's view does not have; `P05` for more cells than
    /// can be numbered.
    pub fn of(plan: &PrivatePlan) -> Result<Self> {
        let people = plan.filters.iter().filter(|it| it.dimension.partitions_people());
        let people = people.map(|it| Term::confined(plan, it)).collect::<Result<_>>()?;
        let families = plan
            .families
            .iter()
            .map(|family| {
                Ok(FamilySpec {
                    rows: RowMap::of(plan, &family.rows)?,
                    row_cells: Term::by(plan, &family.rows)?.1,
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
                        .collect::<Result<_>>()?,
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self { people, families })
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
        let tables = marginals.map(Counts::zero);
        let tables = tables.collect::<Option<_>>().ok_or_else(|| {
            Error::policy("P05", "a marginal has more cells than memory can address")
        })?;
        Ok(Counters { tables, quality: vec![QualityCounts::default(); self.families.len()] })
    }
}

impl MarginalSpec {
    fn of(plan: &PrivatePlan, family: &Family, marginal: &Marginal) -> Result<Self> {
        let (terms, width) = Term::by(plan, &marginal.by)?;
        let (_, cells) = Term::by(plan, &PrivatePlan::dimensions(family, marginal))?;
        let clip = marginal
            .weights
            .as_ref()
            .map(|it| (it.limit.cells(), it.cells.iter().map(|weight| weight.alpha()).collect()));
        let sums = marginal.sums.iter().map(|it| (it.measure, it.cap)).collect();
        let quantiles = marginal.quantiles.as_ref().map(|it| (it.measure, it.edges.to_vec()));
        Ok(Self { rows: marginal.rows, terms, width, cells, clip, sums, quantiles })
    }

    /// The person's cell among the partitioning dimensions; `None` when an attribute is unknown
    /// or outside the code list.
    fn person_cell(&self, person: Person) -> Option<u64> {
        Term::cell(&self.terms, |dimension| person.stored(dimension))
    }
}

/// Exact counts of one table: people, and how much of them where they are clipped.
#[derive(Clone, Default)]
pub(crate) struct Counts {
    people: Vec<u32>,
    /// Σφ in units of 2^−20 people; empty where each person counts whole.
    units: Vec<u64>,
    /// The sums of the same people, in plan order.
    sums: Vec<Vec<u64>>,
    /// How many of the same people are in each bin of amounts; none without quantiles.
    bins: Vec<Vec<u32>>,
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
    fn zero(marginal: &MarginalSpec) -> Option<Self> {
        let cells = usize::try_from(marginal.cells).ok()?;
        let units = vec![0; if marginal.clip.is_some() { cells } else { 0 }];
        let sums = vec![vec![0; cells]; marginal.sums.len()];
        let bins = marginal.quantiles.as_ref().map_or(0, |it| it.1.len());
        let bins = vec![vec![0; cells]; bins];
        Some(Self { people: vec![0; cells], units, sums, bins, waiting: Vec::new() })
    }

    /// Whole people that a test makes up.
    #[cfg(test)]
    pub(crate) const fn of(people: Vec<u32>) -> Self {
        Self::with_sums(people, Vec::new())
    }

    /// Whole people and their sums that a test makes up.
    #[cfg(test)]
    pub(crate) const fn with_sums(people: Vec<u32>, sums: Vec<Vec<u64>>) -> Self {
        Self { people, units: Vec::new(), sums, bins: Vec::new(), waiting: Vec::new() }
    }

    /// The same with the people of each bin.
    #[cfg(test)]
    pub(crate) fn and_bins(self, bins: Vec<Vec<u32>>) -> Self {
        Self { bins, ..self }
    }

    /// The exact people of a cell; nobody in one that the table does not have.
    pub(crate) fn at(&self, cell: usize) -> ClippedCount {
        let people = self.people.get(cell).copied().map_or(0, u64::from);
        match self.units.get(cell) {
            Some(&units) => ClippedCount::of_counters(people, units),
            None => ClippedCount::whole(people),
        }
    }

    /// The exact sum number `which` of a cell; nothing in one that the table does not have.
    pub(crate) fn sum(&self, which: usize, cell: usize) -> u64 {
        self.sums.get(which).and_then(|it| it.get(cell)).copied().unwrap_or_default()
    }

    /// The exact people of a cell in each bin of amounts; nobody in a cell that the table does not have.
    pub(crate) fn bins(&self, cell: usize) -> Vec<u32> {
        self.bins.iter().map(|it| it.get(cell).copied().unwrap_or_default()).collect()
    }

    /// How many cells there are.
    pub(crate) const fn len(&self) -> usize {
        self.people.len()
    }

    /// What is not zero beside the people, first sums and then bins: which, its cell, and what it comes to.
    pub(super) fn some_amounts(&self) -> impl Iterator<Item = (u32, u64, u64)> + '_ {
        let sums = (0_u32..).zip(&self.sums).flat_map(|(which, sums)| {
            (0_u64..).zip(sums).map(move |(cell, sum)| (which, cell, *sum))
        });
        let behind = u32::try_from(self.sums.len()).unwrap_or(u32::MAX);
        let bins = (behind..).zip(&self.bins).flat_map(|(which, bins)| {
            (0_u64..).zip(bins).map(move |(cell, people)| (which, cell, u64::from(*people)))
        });
        sums.chain(bins).filter(|it| it.2 > 0)
    }

    /// Adds to what is beside the people, numbered as [`Self::some_amounts`] does; `None` for a cell or a number
    /// that the table does not have.
    pub(super) fn add_amount(&mut self, which: u32, cell: u64, amount: u64) -> Option<()> {
        let (which, cell) = (usize::try_from(which).ok()?, usize::try_from(cell).ok()?);
        match which.checked_sub(self.sums.len()) {
            None => {
                let own = self.sums.get_mut(which)?.get_mut(cell)?;
                *own = own.saturating_add(amount);
            }
            Some(bin) => {
                let own = self.bins.get_mut(bin)?.get_mut(cell)?;
                *own = own.saturating_add(u32::try_from(amount).ok()?);
            }
        }
        Some(())
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
    /// What the person's rows come to in each cell before bounding, where there are few.
    few: Few,
    /// What the person's rows in each kept cell come to.
    amounts: Vec<Amounts>,
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
        Ok(Self {
            spec,
            limits,
            weights,
            key,
            counters,
            measures_quality,
            kept: Vec::new(),
            few: Few::new(),
            amounts: Vec::new(),
            places: Vec::new(),
        })
    }

    /// Counts one person whose row cells are `rows` (any order, one a row of the view).
    pub fn add(&mut self, person: Person, rows: &(impl ExactSizeIterator<Item = u64> + Clone)) {
        if Term::cell(&self.spec.people, |dimension| person.stored(dimension)).is_none() {
            return;
        }
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
            let measured = family.marginals.iter().any(MarginalSpec::has_amounts);
            let few = family.row_cells <= FEW;
            self.kept.clear();
            if few {
                self.few.gather(&family.rows, rows.clone(), measured, &mut self.kept);
            } else {
                self.kept.extend(rows.clone().filter_map(|row| family.rows.cell(row)));
            }
            let distinct = keep(&mut self.kept, limit, &self.key, person.token);
            let scale = family.scale(at, weighed, &self.kept);
            if measured && few {
                self.few.take(&self.kept, &mut self.amounts);
            } else if measured {
                Amounts::of(&family.rows, rows.clone(), &self.kept, &mut self.amounts);
            }
            for ((marginal, counts), place) in family.marginals.iter().zip(counts).zip(at) {
                let cells = || marginal.row_cells(&self.kept).iter();
                let cells = || cells().map(|it| it * marginal.width + place);
                counts.count(cells(), scale);
                for (which, (measure, cap)) in (0..).zip(&marginal.sums) {
                    let own = marginal.row_amounts(&self.amounts, *measure);
                    for (cell, amount) in cells().zip(own) {
                        counts.add_amount(which, cell, amount.min(*cap));
                    }
                }
                if let Some((measure, edges)) = &marginal.quantiles {
                    let own = marginal.row_amounts(&self.amounts, *measure);
                    cells().zip(own).for_each(|it| counts.add_bin(bin(edges, it.1), it.0));
                }
            }
            let Some(cap) = family.quality_cap else { continue };
            quality.coverage.count(!self.kept.is_empty());
            let number = |it: usize| u64::try_from(it).unwrap_or(u64::MAX);
            if let Some(cap) = family.visits_cap {
                let cap = CellLimit::new(cap).unwrap_or(limit);
                let readable = rows.clone().filter(|it| *it != u64::from(HIDDEN_SITE)).count();
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

    /// Whether anything of people's amounts is counted.
    const fn has_amounts(&self) -> bool {
        !self.sums.is_empty() || self.quantiles.is_some()
    }

    /// What the person adds in each of these cells before the cap: of any row, where the cell is one for any.
    fn row_amounts(&self, amounts: &[Amounts], measure: Measure) -> impl Iterator<Item = u64> {
        let each = amounts.iter().map(move |it| it.of_measure(measure));
        let all = (!self.rows).then(|| each.clone().fold(0, u64::saturating_add));
        all.into_iter().chain(each.take(if self.rows { amounts.len() } else { 0 }))
    }
}

/// The bin of an amount: the first that has it, or the last.
fn bin(edges: &[u64], amount: u64) -> usize {
    edges.partition_point(|it| *it < amount).min(edges.len().saturating_sub(1))
}

impl Counts {
    /// Counts one more person in a bin of a cell.
    fn add_bin(&mut self, bin: usize, cell: u64) {
        let own = self.bins.get_mut(bin).zip(usize::try_from(cell).ok());
        own.and_then(|(bin, cell)| bin.get_mut(cell)).into_iter().for_each(|it| *it += 1);
    }

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
