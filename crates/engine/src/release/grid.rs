//! The cells of all tables of a plan in one row, and how they add up.
//!
//! Which cell lies in which is read off the public code lists: no data is looked at here. Proof: ../release.md.

use std::collections::BTreeMap;

use privacy::ClippedCount;
use privacy::residual::{CellId, Part, Relation};

use super::Table;
use crate::count::Counts;
use crate::dimension::{Dimension, NOWHERE};
use crate::plan::{Family, Marginal, PrivatePlan};

/// All cells of a plan.
pub(super) struct Grid<'plan> {
    plan: &'plan PrivatePlan,
    tables: Vec<(&'plan Family, &'plan Marginal)>,
    /// Where each table begins, and where the last ends.
    starts: Vec<usize>,
}

/// A relation, the place of its whole, and the remainder of the plan that is paid for it.
pub(super) struct Sum {
    pub(super) relation: Relation,
    pub(super) whole: u64,
    pub(super) remainder: Option<usize>,
}

impl<'plan> Grid<'plan> {
    pub(super) fn new(plan: &'plan PrivatePlan) -> Self {
        let tables: Vec<_> = plan.marginals().collect();
        let mut starts: Vec<usize> = vec![0];
        for (family, marginal) in &tables {
            let cells = usize::try_from(plan.cells(family, marginal)).unwrap_or(usize::MAX);
            starts.push(starts.last().copied().unwrap_or_default().saturating_add(cells));
        }
        Self { plan, tables, starts }
    }

    pub(super) fn cells(&self) -> usize {
        self.starts.last().copied().unwrap_or_default()
    }

    pub(super) fn cell(&self, table: usize, cell: u64) -> CellId {
        let start = self.starts.get(table).copied().unwrap_or(usize::MAX);
        CellId(start.saturating_add(usize::try_from(cell).unwrap_or(usize::MAX)))
    }

    /// The table of a cell.
    pub(super) fn table(&self, cell: CellId) -> usize {
        self.starts.partition_point(|it| *it <= cell.0).saturating_sub(1)
    }

    /// The exact people of a cell.
    pub(super) fn count(&self, cell: CellId, counts: &[Counts]) -> ClippedCount {
        let table = self.table(cell);
        let start = self.starts.get(table).copied().unwrap_or_default();
        counts
            .get(table)
            .map_or_else(ClippedCount::default, |it| it.at(cell.0.saturating_sub(start)))
    }

    /// The noisy people of each cell that is shown.
    pub(super) fn answers(&self, tables: &[Table]) -> Vec<Option<u64>> {
        let mut answers = vec![None; self.cells()];
        for (at, table) in tables.iter().enumerate() {
            for (cell, people) in &table.cells {
                if let Some(answer) = answers.get_mut(self.cell(at, *cell).0) {
                    *answer = Some(*people);
                }
            }
        }
        answers
    }

    /// Every sum: cells of a table over those of the next finer one, and, between families, a cell of
    /// people over the same cell.
    pub(super) fn sums(&self) -> Vec<Sum> {
        let (mut sums, kinds) = self.sums_in_families();
        sums.extend(self.repeated(kinds));
        sums
    }

    /// The sums between tables of one family, and how many kinds of them there are.
    pub(super) fn sums_in_families(&self) -> (Vec<Sum>, usize) {
        let (mut sums, mut first, mut paid) = (Vec::new(), 0, 0);
        let mut known = BTreeMap::new();
        for family in &self.plan.families {
            for it in family.refinements() {
                let remainder = family.remainders.iter().position(|of| of.refinement == it);
                let remainder = remainder.map(|at| paid + at);
                let (whole, parts) = (first + it.whole, first + it.parts);
                let next = known.len();
                let over = *known.entry(self.summed_over(whole, parts)).or_insert(next);
                for (at, children) in (0..).zip(self.parts(whole, parts)) {
                    if !children.is_empty() {
                        let relation = Relation { parent: self.cell(whole, at), children, over };
                        sums.push(Sum { relation, whole: at, remainder });
                    }
                }
            }
            first += family.marginals.len();
            paid += family.remainders.len();
        }
        (sums, known.len())
    }

    /// What distinguishes the parts and what is left of it in the whole: sectors in districts are the
    /// same step whatever else the tables are by, so that the kernel can withdraw in columns.
    fn summed_over(&self, whole: usize, parts: usize) -> [Vec<Dimension>; 2] {
        let only = |one: usize, other: usize| {
            let (one, other) = (&self.tables[one].1.by, &self.tables[other].1.by);
            let mut own: Vec<_> = one.iter().copied().filter(|it| !other.contains(it)).collect();
            own.sort_unstable();
            own
        };
        [only(parts, whole), only(whole, parts)]
    }

    /// Cells of people that two families have: whoever has a kept cell of one has one of the other. Clipped
    /// people of two families count differently.
    fn repeated(&self, over: usize) -> impl Iterator<Item = Sum> + '_ {
        let same = |one: usize, other: usize| {
            let [(own, it), (family, of)] = [self.tables[one], self.tables[other]];
            !std::ptr::eq(own, family)
                && it.weights.is_none()
                && of.weights.is_none()
                && !own.is_on_rows(it)
                && !family.is_on_rows(of)
                && it.by == of.by
        };
        let pairs = (0..self.tables.len())
            .filter_map(move |other| Some(((0..other).find(|&one| same(one, other))?, other)));
        pairs.flat_map(move |(one, other)| {
            let (family, table) = self.tables[one];
            (0..self.plan.cells(family, table)).map(move |cell| {
                let (parent, children) = (self.cell(one, cell), vec![self.cell(other, cell)]);
                let relation = Relation { parent, children, over };
                Sum { relation, whole: cell, remainder: None }
            })
        })
    }

    /// Cells of people that are counted whole, each beside the same people clipped.
    pub(super) fn twins(&self) -> Vec<(CellId, CellId)> {
        let twin = |whole: usize| {
            let (family, it) = self.tables[whole];
            let of = |at: &usize| {
                let (own, of) = self.tables[*at];
                std::ptr::eq(own, family)
                    && !own.is_on_rows(of)
                    && of.weights.is_some()
                    && of.by == it.by
            };
            let is_whole = !family.is_on_rows(it) && it.weights.is_none();
            is_whole.then(|| (0..self.tables.len()).find(of))?
        };
        let pairs = (0..self.tables.len()).filter_map(|whole| Some((whole, twin(whole)?)));
        let cells = pairs.flat_map(|(whole, clipped)| {
            let (family, it) = self.tables[whole];
            (0..self.plan.cells(family, it))
                .map(move |cell| (self.cell(whole, cell), self.cell(clipped, cell)))
        });
        cells.collect()
    }

    /// Cells of people counted whole in a clipped family whose table has no clipped twin: a sparse one went whole.
    pub(super) fn without_twin(&self) -> Vec<CellId> {
        let with: Vec<usize> = self.twins().iter().map(|it| self.table(it.0)).collect();
        let all = self.tables.iter().enumerate();
        let alone = all.filter(|(at, (family, it))| {
            let clipped = family.marginals.iter().any(|it| it.weights.is_some());
            clipped && it.weights.is_none() && !with.contains(at)
        });
        let cells = alone.flat_map(|(at, (family, it))| {
            (0..self.plan.cells(family, it)).map(move |cell| self.cell(at, cell))
        });
        cells.collect()
    }

    /// Every shown cell with every shown cell that contains it, as far as both count people alike.
    pub(super) fn pairs(&self, shown: &[Table]) -> Vec<(Part, Part)> {
        let all = || self.tables.iter().enumerate().zip(shown);
        let mut pairs = Vec::new();
        for ((whole_at, (family, whole)), wholes) in all() {
            for ((at, (own, parts)), table) in all() {
                // Whoever has a kept cell in one family has one in every other.
                let holds = if std::ptr::eq(*family, *own) {
                    family.contains(whole, parts)
                } else {
                    !family.is_on_rows(whole) && own.is_on_rows(parts) && whole.covers(parts)
                };
                if !holds {
                    continue;
                }
                let lies_in = self.lies_in(whole_at, at);
                let mut siblings = BTreeMap::<u64, u64>::new();
                for of in &lies_in {
                    *siblings.entry(*of).or_default() += 1;
                }
                for &(cell, noisy) in &table.cells {
                    let of = usize::try_from(cell).ok().and_then(|it| lies_in.get(it));
                    let Some((&of, people)) = of.and_then(|it| Some((it, wholes.people(*it)?)))
                    else {
                        continue;
                    };
                    if siblings.get(&of).is_some_and(|it| *it > 1) {
                        let part = |at: usize, cell: u64, noisy: u64, of: &Table| Part {
                            cell: self.cell(at, cell),
                            noisy,
                            variance: of.mechanism.gate(cell).variance,
                        };
                        let whole = part(whole_at, of, people, wholes);
                        let noisy = noisy + table.mechanism.cut();
                        pairs.push((whole, part(at, cell, noisy, table)));
                    }
                }
            }
        }
        pairs
    }

    /// For each cell of one table: the cells of a finer one that it is the sum of.
    fn parts(&self, whole: usize, parts: usize) -> Vec<Vec<CellId>> {
        let (family, table) = self.tables[whole];
        let cells = usize::try_from(self.plan.cells(family, table)).unwrap_or_default();
        let mut children = vec![Vec::new(); cells];
        for (part, whole) in (0_u64..).zip(self.lies_in(whole, parts)) {
            if let Some(of) = usize::try_from(whole).ok().and_then(|it| children.get_mut(it)) {
                of.push(self.cell(parts, part));
            }
        }
        children
    }

    /// For each cell of `parts`: the cell of `whole` that it lies in.
    pub(super) fn lies_in(&self, whole: usize, parts: usize) -> Vec<u64> {
        let dimensions = |at: usize| {
            let (family, table) = self.tables[at];
            PrivatePlan::dimensions(family, table)
        };
        let coarse = dimensions(whole);
        let mut cells = vec![0_u64];
        for own in dimensions(parts) {
            // Slowest first, as cells are numbered: what one step of a coarser dimension is worth.
            let mut stride: u64 = coarse.iter().map(|it| self.length(*it)).product();
            let mut offsets = vec![0; usize::try_from(self.length(own)).unwrap_or_default()];
            for of in &coarse {
                stride /= self.length(*of).max(1);
                if own.is_within(*of) {
                    let inside = self.inside(own, *of);
                    offsets.iter_mut().zip(inside).for_each(|(it, of)| *it += of * stride);
                }
            }
            cells = cells.iter().flat_map(|at| offsets.iter().map(move |it| at + it)).collect();
        }
        cells
    }

    fn length(&self, dimension: Dimension) -> u64 {
        u64::try_from(self.plan.codes.list(dimension).labels().len()).unwrap_or(u64::MAX)
    }

    /// For each value of `own`: the value of `of` that it lies inside.
    fn inside(&self, own: Dimension, of: Dimension) -> Vec<u64> {
        if own == of {
            return (0..self.length(own)).collect();
        }
        let (from, to) = (self.plan.codes.list(own), self.plan.codes.list(of));
        let mut inside = vec![0; from.labels().len()];
        for (&own, &of) in from.positions().iter().zip(to.positions()) {
            let slot = usize::try_from(own).ok().and_then(|it| inside.get_mut(it));
            if let (Some(slot), true) = (slot, of != NOWHERE) {
                *slot = u64::from(of);
            }
        }
        inside
    }
}
