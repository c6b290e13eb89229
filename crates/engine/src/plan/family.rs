//! Clip families: the marginals between which anything is divided or subtracted.
//!
//! One family keeps one set of row cells a person; its marginals are projections of those kept
//! cells, crossed with dimensions that partition people (privacy model §2, clip family).

use std::sync::Arc;

use privacy::{Budget, CellLimit, CellWeight, Delta, Rho};
use serde::{Deserialize, Serialize, Serializer};

use crate::dimension::Dimension;

/// A registered private view: rows that depend on one person's records alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// One row a person: home and attributes of the customer record.
    Subscriber,
    /// One row for each district, day and hour in which a person was seen.
    Presence,
    /// One row for each visit of a person to a site.
    Visit,
}

/// Marginals that share each person's kept row cells.
#[derive(Clone, Debug, Serialize)]
pub struct Family {
    /// The dimensions of a row cell; empty when a person has one cell by nature.
    pub rows: Vec<Dimension>,
    /// How many row cells of one person are kept.
    #[serde(serialize_with = "as_cells")]
    pub limit: CellLimit,
    /// What is told of the family as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// The marginals, each paid for by itself.
    pub marginals: Vec<Marginal>,
    /// Remainders that are measured, each paid for whether it is needed or not.
    pub remainders: Vec<Remainder>,
}

/// What is told of a family beside its cells: gated and charged like them (products 15).
///
/// Each figure is a share of two sums, beside one gate of everybody who has a cell.
#[derive(Clone, Debug, Serialize)]
pub struct Quality {
    /// K_c: how many cells of a person the loss looks at, and how many visits the visibility.
    #[serde(serialize_with = "as_cells")]
    pub cap: CellLimit,
    /// L: what the family's cells were weighed for, or how many are kept.
    #[serde(serialize_with = "as_cells")]
    pub limit: CellLimit,
    /// What the gate costs in ρ.
    #[serde(serialize_with = "as_text")]
    pub gate_rho: Rho,
    /// What the gate costs in δ.
    #[serde(serialize_with = "as_text")]
    pub delta: Delta,
    /// What the share of cells costs that bounding takes; absent where a person has one cell by nature.
    #[serde(serialize_with = "as_text_if_any", skip_serializing_if = "Option::is_none")]
    pub loss_rho: Option<Rho>,
    /// What the share of people costs who have any cell; absent where everybody has one.
    #[serde(serialize_with = "as_text_if_any", skip_serializing_if = "Option::is_none")]
    pub coverage_rho: Option<Rho>,
    /// What the share of people costs who have all attributes that the tables are by.
    #[serde(serialize_with = "as_text_if_any", skip_serializing_if = "Option::is_none")]
    pub frame_rho: Option<Rho>,
    /// What the share of visits costs whose host could be read; absent where rows are not by site.
    #[serde(serialize_with = "as_text_if_any", skip_serializing_if = "Option::is_none")]
    pub visibility_rho: Option<Rho>,
    /// The release whose numbers weigh the cells, by id: what follows from it stands in the weights.
    #[serde(skip)]
    pub weighed_by: Option<String>,
}

/// The public weights by which people are clipped in a table (privacy model §2, soft bounding).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Weights {
    /// K: how many row cells of a person are kept.
    #[serde(serialize_with = "as_cells")]
    pub kept: CellLimit,
    /// L: a full weight is 1/√L.
    #[serde(serialize_with = "as_cells")]
    pub limit: CellLimit,
    /// One for each cell of the code list.
    #[serde(rename = "digest", serialize_with = "as_digest")]
    pub cells: Arc<[CellWeight]>,
}

/// OTHER: the people of a table's cells who are in no published cell of a finer table (privacy model §6).
#[derive(Clone, Debug, Serialize)]
pub struct Remainder {
    /// The name in plans and files, e.g. `sector_gender_age_other_in_sector`.
    pub name: String,
    /// The tables, by position in the family.
    #[serde(flatten)]
    pub refinement: Refinement,
    /// What it costs in ρ.
    #[serde(serialize_with = "as_text")]
    pub rho: Rho,
    /// What it costs in δ.
    #[serde(serialize_with = "as_text")]
    pub delta: Delta,
}

/// Two tables of a family of which each cell of one is the sum of cells of the other, person by person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Refinement {
    /// The coarser table.
    pub whole: usize,
    /// The finer table.
    pub parts: usize,
}

impl Family {
    /// Every refinement with no table in between; the others follow from these.
    #[must_use]
    pub fn refinements(&self) -> Vec<Refinement> {
        let all = || self.marginals.iter().enumerate().filter(|it| !self.is_across(it.1));
        let pairs = all().flat_map(|whole| all().map(move |parts| (whole, parts)));
        let direct = pairs.filter(|((_, whole), (_, parts))| {
            let between = |it: &Marginal| self.is_sum(whole, it) && self.is_sum(it, parts);
            self.is_sum(whole, parts) && !all().any(|it| between(it.1))
        });
        direct.map(|((whole, _), (parts, _))| Refinement { whole, parts }).collect()
    }

    /// Whether a table is by places that cut those of another table. It stands beside the lattice: what is
    /// published of it follows from what the lattice publishes (`release/across.rs`).
    #[must_use]
    pub fn is_across(&self, table: &Marginal) -> bool {
        let cut: &[Dimension] = match table.by.iter().find(|it| it.is_home()) {
            Some(Dimension::Lad) => &[Dimension::District, Dimension::Area, Dimension::Region],
            Some(Dimension::Region) => &[Dimension::District, Dimension::Area],
            _ => &[],
        };
        self.marginals.iter().any(|it| it.by.iter().any(|it| cut.contains(it)))
    }

    /// Whether a table's cells are row cells; never where a person has one by nature.
    #[must_use]
    pub const fn is_on_rows(&self, table: &Marginal) -> bool {
        table.rows && !self.rows.is_empty()
    }

    /// Whether each cell of `whole` is the sum of other cells, those of `parts`.
    fn is_sum(&self, whole: &Marginal, parts: &Marginal) -> bool {
        whole.weights.is_some() == parts.weights.is_some()
            && self.is_on_rows(whole) == self.is_on_rows(parts)
            && whole.is_coarser(parts)
            && !parts.is_coarser(whole)
    }

    /// Whether whoever is in a cell of `parts` is in that cell of `whole` which it lies in.
    #[must_use]
    pub fn contains(&self, whole: &Marginal, parts: &Marginal) -> bool {
        self.is_sum(whole, parts)
            || whole.weights.is_some() == parts.weights.is_some()
                && self.is_on_rows(parts)
                && !self.is_on_rows(whole)
                && whole.is_coarser(parts)
    }

    /// The family as if it had only the tables that are `kept`, and the remainders between them.
    #[must_use]
    pub fn only(&self, kept: &[bool]) -> Self {
        let place = |at: usize| kept[..at].iter().filter(|it| **it).count();
        let tables = self.marginals.iter().zip(kept).filter(|it| *it.1);
        let between = |it: &&Remainder| kept[it.refinement.whole] && kept[it.refinement.parts];
        let moved = |it: &Remainder| Remainder {
            refinement: Refinement {
                whole: place(it.refinement.whole),
                parts: place(it.refinement.parts),
            },
            ..it.clone()
        };
        Self {
            rows: self.rows.clone(),
            limit: self.limit,
            quality: self.quality.clone(),
            marginals: tables.map(|it| it.0.clone()).collect(),
            remainders: self.remainders.iter().filter(between).map(moved).collect(),
        }
    }

    /// What every person pays for all tables and remainders; `None` on overflow.
    #[must_use]
    pub fn cost(&self) -> Option<Budget> {
        let tables = self.marginals.iter().map(Marginal::cost);
        let others = self.remainders.iter().map(Remainder::cost);
        let quality = self.quality.iter().flat_map(Quality::costs);
        let mut all = tables.chain(others.chain(quality).map(Some));
        all.try_fold(Budget::ZERO, |sum, it| sum.checked_add(it?))
    }

    /// The most cells of a remainder that one person is in: as of its whole.
    #[must_use]
    pub fn cells_of_remainder(&self, remainder: &Remainder) -> CellLimit {
        let whole = self.marginals.get(remainder.refinement.whole);
        whole.map_or(self.limit, |it| it.cells_per_person(self))
    }
}

/// One measured table.
#[derive(Clone, Debug, Serialize)]
pub struct Marginal {
    /// The name in plans and files, e.g. `site_gender`.
    pub name: String,
    /// Whether cells are row cells, or people with at least one row cell.
    pub rows: bool,
    /// The dimensions that partition people.
    pub by: Vec<Dimension>,
    /// How people are clipped; absent when each counts whole in the cells that are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
    /// What it costs in ρ.
    #[serde(serialize_with = "as_text")]
    pub rho: Rho,
    /// What it costs in δ.
    #[serde(serialize_with = "as_text")]
    pub delta: Delta,
    /// Sums over the people of each cell, behind the same gate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sums: Vec<Sum>,
    /// Quantiles over the people of each cell, behind the same gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<Quantiles>,
}

/// The sum of a measure over the people of each cell: each person's amount in a cell is cut to 0..=`cap`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// What is summed.
    pub measure: Measure,
    /// C: the most that one person adds to one cell, in units of the measure.
    pub cap: u64,
    /// What it costs in ρ, beside the gate.
    #[serde(serialize_with = "as_text")]
    pub rho: Rho,
}

/// Quantiles of a measure over the people of each cell: each person's amount in a cell lies in one public bin.
///
/// At which shares they are told is no part of what is drawn: one draw of the bins serves all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// Whose quantiles.
    pub measure: Measure,
    /// The greatest amount of each bin, ascending, in units of the measure; the last bin has all that is more.
    pub edges: &'static [u64],
    /// What the bins cost in ρ, beside the gate.
    #[serde(serialize_with = "as_text")]
    pub rho: Rho,
}

/// Something of a person that is summed in a cell; at least one unit of whoever is in the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Rows of the view.
    Rows,
    /// Minutes of the rows, each at least one.
    Minutes,
}

impl Measure {
    /// Every measure, in the order of columns.
    pub const ALL: [Self; 2] = [Self::Rows, Self::Minutes];

    /// The name in files and plans.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Minutes => "minutes",
        }
    }
}

impl Quantiles {
    /// The least amount of a bin: one unit more than the bin before has.
    #[must_use]
    pub fn least(&self, bin: usize) -> u64 {
        bin.checked_sub(1).and_then(|it| self.edges.get(it)).map_or(1, |it| it + 1)
    }

    /// The greatest amount of a bin.
    #[must_use]
    pub fn greatest(&self, bin: usize) -> u64 {
        self.edges.get(bin).or(self.edges.last()).copied().unwrap_or_default()
    }

    /// Whether amounts of one unit and more lie in one bin each.
    #[must_use]
    pub fn partition(&self) -> bool {
        self.edges.first().is_some_and(|it| *it >= 1) && self.edges.is_sorted_by(|a, b| a < b)
    }
}

impl Quality {
    /// What every person pays for all of it; `None` on overflow.
    #[must_use]
    pub fn cost(&self) -> Option<Budget> {
        self.costs().try_fold(Budget::ZERO, Budget::checked_add)
    }

    /// What every person pays in ρ for each share.
    pub fn shares(&self) -> impl Iterator<Item = Rho> {
        [self.loss_rho, self.coverage_rho, self.frame_rho, self.visibility_rho]
            .into_iter()
            .flatten()
    }

    /// What every person pays for the gate and for each share.
    fn costs(&self) -> impl Iterator<Item = Budget> {
        let gate = Budget { rho: self.gate_rho, delta: self.delta };
        std::iter::once(gate).chain(self.shares().map(|rho| Budget { rho, delta: Delta::ZERO }))
    }
}

impl Remainder {
    /// What every person pays for it.
    #[must_use]
    pub const fn cost(&self) -> Budget {
        Budget { rho: self.rho, delta: self.delta }
    }
}

impl Marginal {
    /// What every person pays for the people of this table.
    #[must_use]
    pub const fn gate_cost(&self) -> Budget {
        Budget { rho: self.rho, delta: self.delta }
    }

    /// What every person pays for this table, its sums and its quantiles; `None` on overflow.
    #[must_use]
    pub fn cost(&self) -> Option<Budget> {
        let beside = self.sums.iter().map(|it| it.rho);
        let beside = beside.chain(self.quantiles.iter().map(|it| it.rho));
        let mut beside = beside.map(|rho| Budget { rho, delta: Delta::ZERO });
        beside.try_fold(self.gate_cost(), Budget::checked_add)
    }

    /// Whether anything of people's amounts is drawn beside the people.
    #[must_use]
    pub const fn has_amounts(&self) -> bool {
        !self.sums.is_empty() || self.quantiles.is_some()
    }

    /// Whether each person counts whole in both tables, and each group of this one is groups of `other`.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.weights.is_none() && other.weights.is_none() && self.is_coarser(other)
    }

    /// Whether each group of this table is one or more groups of `other`.
    fn is_coarser(&self, other: &Self) -> bool {
        self.by.iter().all(|it| other.by.iter().any(|of| of.is_within(*it)))
    }

    /// The most cells of this table that one person changes: L of privacy model §2, K where people are clipped.
    #[must_use]
    pub fn cells_per_person(&self, family: &Family) -> CellLimit {
        match &self.weights {
            _ if !self.rows => CellLimit::ONE,
            Some(weights) => weights.kept,
            None => family.limit,
        }
    }
}

fn as_digest<S: Serializer>(cells: &[CellWeight], out: S) -> Result<S::Ok, S::Error> {
    let mut hasher = blake3::Hasher::new();
    for weight in cells {
        hasher.update(&weight.alpha().to_le_bytes());
    }
    out.serialize_str(&hasher.finalize().to_hex())
}

fn as_text<T: ToString, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&value.to_string())
}

#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn as_text_if_any<S: Serializer>(value: &Option<Rho>, out: S) -> Result<S::Ok, S::Error> {
    value.map(|it| it.to_string()).serialize(out)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn as_cells<S: Serializer>(limit: &CellLimit, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_u32(limit.cells())
}
