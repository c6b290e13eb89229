//! The private plan: what is asked, of whom, how bounded, and what it costs, before any row is read.
//!
//! Batch products and, later, SQL meet here; there is no second door (ARCHITECTURE.md, invariant 1).
//! A plan is plain data with a canonical form; its hash is what a receipt opens.

mod family;
mod mechanism;
mod shape;

pub use family::{
    Family, Marginal, Measure, Quality, Quantiles, Refinement, Remainder, Sum, View, Weights,
};
pub use mechanism::{Mechanism, Opened};
pub use shape::{Untied, untied};

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use privacy::{
    BinnedQuantile, Budget, CellLimit, ClampedSum, Dilution, Floor, MechanismError, Quorum, Rho,
};
use serde::{Deserialize, Serialize};

use crate::dimension::{CodeList, Codes, Dimension};
use crate::error::{Error, Result};
use crate::time::Period;

/// A request for released cells of one product and period.
#[derive(Clone, Debug)]
pub struct PrivatePlan {
    /// The product's registered name.
    pub product: String,
    /// The series that it belongs to: releases of one product whose code lists are the same.
    pub edition: NonZeroU32,
    /// The period whose meter pays.
    pub period: Period,
    /// The snapshot that is read.
    pub snapshot: String,
    /// The smallest group that may be published.
    pub floor: Floor,
    /// The registered view whose rows are bounded and counted.
    pub view: View,
    /// What people and rows are confined to before anything is bounded; none in products.
    pub filters: Vec<Filter>,
    /// The clip families; marginals of one family share each person's kept cells.
    pub families: Vec<Family>,
    /// Digest of the policy that allotted the budget: noted, and no part of what is asked, so
    /// that another policy which asks the same is not charged again.
    pub policy_hash: String,
    /// The public code lists.
    pub codes: Codes,
}

/// Bins of a dimension: whoever, or whichever row, is in no other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The dimension.
    pub dimension: Dimension,
    /// Labels of its code list, ascending.
    pub bins: Vec<String>,
}

/// The product of every plan that answers a question.
pub const QUESTION: &str = "question";

/// The most cells that all tables of a question may have: a site by day or a sector by gender and age fits, and an answer stays a file that can be opened.
pub const QUESTION_CELLS_MAX: u64 = 500_000;

/// The parts of a plan that decide what is drawn, in a fixed order.
#[derive(Serialize)]
struct Canonical<'plan> {
    version: u8,
    product: &'plan str,
    #[serde(skip_serializing_if = "is_first")]
    edition: NonZeroU32,
    period: String,
    snapshot: &'plan str,
    unit: &'static str,
    floor: u32,
    view: View,
    #[serde(skip_serializing_if = "<[Filter]>::is_empty")]
    filters: &'plan [Filter],
    families: &'plan [Family],
    codes_hash: String,
}

/// The privacy unit of every plan.
pub const UNIT: &str = "person-month";

impl PrivatePlan {
    /// The canonical JSON whose digest names this plan.
    ///
    /// # Errors
    /// A fault when it cannot be written, which no plan made by this crate causes.
    pub fn canonical(&self) -> Result<String> {
        serde_json::to_string(&Canonical {
            version: 2,
            product: &self.product,
            edition: self.edition,
            period: self.period.to_string(),
            snapshot: &self.snapshot,
            unit: UNIT,
            floor: self.floor.people(),
            view: self.view,
            filters: &self.filters,
            families: &self.families,
            codes_hash: self.codes.hash(),
        })
        .map_err(|cause| Error::fault("F03", format!("plan cannot be written: {cause}")))
    }

    /// The digest that a receipt must carry to open this plan.
    ///
    /// # Errors
    /// As [`Self::canonical`].
    pub fn hash(&self) -> Result<[u8; 32]> {
        Ok(*blake3::hash(self.canonical()?.as_bytes()).as_bytes())
    }

    /// What every person pays when this plan is released.
    ///
    /// # Errors
    /// [`Error`] `P04` when the parts add up beyond what a budget can hold.
    pub fn cost(&self) -> Result<Budget> {
        let mut families = self.families.iter().map(Family::cost);
        families
            .try_fold(Budget::ZERO, |sum, cost| sum.checked_add(cost?))
            .ok_or_else(|| Error::policy("P04", "the costs of this plan overflow"))
    }

    /// Whether it answers a question of a partner, and is no product.
    #[must_use]
    pub fn is_question(&self) -> bool {
        self.product == QUESTION
    }

    /// All marginals with their families, in release order.
    pub fn marginals(&self) -> impl Iterator<Item = (&Family, &Marginal)> {
        self.families.iter().flat_map(|family| family.marginals.iter().map(move |it| (family, it)))
    }

    /// The mechanism of one marginal.
    ///
    /// # Errors
    /// [`Error`] `P05` when its numbers allow no mechanism.
    pub fn mechanism(&self, family: &Family, marginal: &Marginal) -> Result<Mechanism> {
        let limit = marginal.cells_per_person(family);
        Mechanism::new(self.floor, limit, marginal.gate_cost(), marginal.weights.as_ref())
            .map_err(|cause| self.no_mechanism(&marginal.name, &cause))
    }

    /// The mechanism of one sum of a marginal.
    ///
    /// # Errors
    /// [`Error`] `P05` when its numbers allow no mechanism.
    pub fn sum_mechanism(
        &self,
        family: &Family,
        marginal: &Marginal,
        sum: &Sum,
    ) -> Result<ClampedSum> {
        ClampedSum::new(sum.cap, marginal.cells_per_person(family), sum.rho)
            .map_err(|cause| self.no_mechanism(&marginal.name, &cause.into()))
    }

    /// The mechanism of a marginal's quantiles.
    ///
    /// # Errors
    /// [`Error`] `P05` when its numbers allow no mechanism.
    pub fn quantile_mechanism(
        &self,
        family: &Family,
        marginal: &Marginal,
        quantiles: &Quantiles,
    ) -> Result<BinnedQuantile> {
        let limit = marginal.cells_per_person(family);
        BinnedQuantile::new(quantiles.edges.len(), limit, quantiles.rho)
            .map_err(|cause| self.no_mechanism(&marginal.name, &cause.into()))
    }

    /// The gate of a family's quality figures.
    ///
    /// # Errors
    /// [`Error`] `P05` when its numbers allow no mechanism.
    pub fn quality_gate(&self, quality: &Quality) -> Result<Quorum> {
        Quorum::new(self.floor, CellLimit::ONE, quality.gate_rho, quality.delta)
            .map_err(|cause| self.no_mechanism("quality", &cause))
    }

    /// The measurement of one share of a family for `rho`: of cells, or of people where `cap` is one.
    ///
    /// # Errors
    /// [`Error`] `P05` when its numbers allow no mechanism.
    pub fn share(&self, limit: CellLimit, cap: CellLimit, rho: Rho) -> Result<Dilution> {
        Dilution::new(limit, cap, rho).map_err(|cause| self.no_mechanism("quality", &cause.into()))
    }

    /// Checks that everything in the plan can be drawn: asked before a charge, which nothing gives back.
    ///
    /// # Errors
    /// [`Error`] `P05` naming the first table that allows no mechanism; `P03` for tables of a question that
    /// cannot be settled together.
    pub fn check(&self) -> Result<()> {
        for (family, marginal) in self.marginals() {
            self.mechanism(family, marginal)?;
            self.check_amounts(family, marginal)?;
        }
        self.check_cells()?;
        if self.is_question()
            && let Some(Untied { what, allowed }) = untied(&self.families)
        {
            return Err(Error::policy("P03", what).allowed(allowed));
        }
        for (family, other) in self.remainders() {
            self.remainder_mechanism(family, other)?;
        }
        for quality in self.families.iter().filter_map(|it| it.quality.as_ref()) {
            self.quality_gate(quality)?;
            for rho in quality.shares() {
                self.share(quality.limit, quality.cap, rho)?;
            }
        }
        Ok(())
    }

    /// Who asks chooses the tables, so that their size is looked at; that of products is the policy's.
    fn check_cells(&self) -> Result<()> {
        let cells = self.marginals().map(|(family, it)| self.cells(family, it));
        let cells = cells.fold(0, u64::saturating_add);
        if !self.is_question() || cells <= QUESTION_CELLS_MAX {
            return Ok(());
        }
        let what = format!("the tables of the question have {cells} cells together");
        Err(Error::policy("P05", what)
            .allowed(format!("at most {QUESTION_CELLS_MAX}"))
            .remedy("group by fewer or coarser dimensions"))
    }

    /// A sum is of people who count whole, and of one measure each; so are quantiles, by bins that ascend.
    fn check_amounts(&self, family: &Family, marginal: &Marginal) -> Result<()> {
        let wrong = |what: &str| {
            let name = format!("{} / {}", self.product, marginal.name);
            Err(Error::policy("P05", format!("{name}: {what}")))
        };
        if marginal.weights.is_some() && marginal.has_amounts() {
            return wrong("people are clipped, so that nothing of theirs can be summed or ranked");
        }
        if let Some(quantiles) = &marginal.quantiles {
            if !quantiles.partition() {
                return wrong("the bins of quantiles do not ascend from one unit");
            }
            self.quantile_mechanism(family, marginal, quantiles)?;
        }
        for (at, sum) in marginal.sums.iter().enumerate() {
            if marginal.sums[..at].iter().any(|it| it.measure == sum.measure) {
                return wrong("the same measure is summed twice");
            }
            self.sum_mechanism(family, marginal, sum)?;
        }
        Ok(())
    }

    fn no_mechanism(&self, name: &str, cause: &MechanismError) -> Error {
        Error::policy("P05", format!("{} / {name}: {cause}", self.product))
    }

    /// The plan as if it had only the marginals that are `kept`, and the remainders between them.
    #[must_use]
    pub fn only(&self, kept: &[bool]) -> Self {
        let mut kept = kept.iter().copied();
        let families = self.families.iter().map(|family| {
            let own: Vec<bool> = kept.by_ref().take(family.marginals.len()).collect();
            family.only(&own)
        });
        let families = families.collect();
        Self { families, ..self.clone() }
    }

    /// All remainders with their families, in release order.
    pub fn remainders(&self) -> impl Iterator<Item = (&Family, &Remainder)> {
        self.families.iter().flat_map(|family| family.remainders.iter().map(move |it| (family, it)))
    }

    /// The mechanism of one remainder.
    ///
    /// # Errors
    /// [`Error`] `P05` when its numbers allow no mechanism.
    pub fn remainder_mechanism(&self, family: &Family, other: &Remainder) -> Result<Mechanism> {
        let limit = family.cells_of_remainder(other);
        let whole = family.marginals.get(other.refinement.whole);
        let weights = whole.and_then(|it| it.weights.as_ref());
        Mechanism::new(self.floor, limit, other.cost(), weights)
            .map_err(|cause| self.no_mechanism(&other.name, &cause))
    }

    /// The digest of each code list that a table is by, by the dimension's name.
    #[must_use]
    pub fn codes_hash(&self) -> BTreeMap<String, String> {
        let all = self.marginals().flat_map(|(family, it)| Self::dimensions(family, it));
        let used: BTreeSet<Dimension> = all.collect();
        used.into_iter().map(|it| (it.name().to_owned(), self.codes.hash_of(it))).collect()
    }

    /// The dimensions of a marginal's cells, slowest first.
    #[must_use]
    pub fn dimensions(family: &Family, marginal: &Marginal) -> Vec<Dimension> {
        let rows = if marginal.rows { family.rows.as_slice() } else { &[] };
        rows.iter().chain(&marginal.by).copied().collect()
    }

    /// The number of cells in a marginal's public code list.
    #[must_use]
    pub fn cells(&self, family: &Family, marginal: &Marginal) -> u64 {
        Self::dimensions(family, marginal)
            .iter()
            .map(|&dimension| length(self.codes.list(dimension)))
            .fold(1, u64::saturating_mul)
    }

    /// The labels of one cell, in the order of [`Self::dimensions`].
    #[must_use]
    pub fn labels(&self, dimensions: &[Dimension], cell: u64) -> Vec<&str> {
        let mut rest = cell;
        let mut labels: Vec<&str> = dimensions
            .iter()
            .rev()
            .map(|&dimension| {
                let list = self.codes.list(dimension);
                let size = length(list).max(1);
                let position = usize::try_from(rest % size).unwrap_or(usize::MAX);
                rest /= size;
                list.labels().get(position).map_or("", String::as_str)
            })
            .collect();
        labels.reverse();
        labels
    }
}

/// The first edition is not named, so that plans of before there were editions keep their digests.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_first(edition: &NonZeroU32) -> bool {
    *edition == NonZeroU32::MIN
}

fn length(list: &CodeList) -> u64 {
    u64::try_from(list.labels().len()).unwrap_or(u64::MAX)
}
