//! Terms: from what a person or a row is to a cell, one dimension after the other.
//!
//! Each dimension has a public list that says where every stored value stands; a value that stands nowhere is in
//! no cell. A filter is a term that moves no cell and has only the bins that were asked for. Proof: tally.md.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::dimension::{Dimension, NOWHERE};
use crate::error::{Error, Result};
use crate::plan::{Filter, PrivatePlan};

/// One dimension: where its stored values stand, and how far its positions lie apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    dimension: Dimension,
    positions: Vec<u32>,
    stride: u64,
}

impl Term {
    /// The terms of cells by these dimensions, the slowest first, and how many cells there are.
    ///
    /// # Errors
    /// [`Error`] `P05` for more cells than can be numbered.
    pub fn by(plan: &PrivatePlan, dimensions: &[Dimension]) -> Result<(Vec<Self>, u64)> {
        let mut width = 1_u64;
        let mut terms = Vec::with_capacity(dimensions.len());
        for &dimension in dimensions.iter().rev() {
            let list = plan.codes.list(dimension);
            terms.push(Self { dimension, positions: list.positions().to_vec(), stride: width });
            let values = u64::try_from(list.labels().len()).ok();
            width = values.and_then(|it| width.checked_mul(it)).ok_or_else(|| {
                Error::policy("P05", "a marginal has more cells than can be numbered")
            })?;
        }
        Ok((terms, width))
    }

    /// Whatever is on the list of a dimension, and no cell of its own.
    #[must_use]
    pub fn listed(plan: &PrivatePlan, dimension: Dimension) -> Self {
        let positions = plan.codes.list(dimension).positions().to_vec();
        Self { dimension, positions, stride: 0 }
    }

    /// Whatever is in the bins of a filter, and no cell of its own.
    ///
    /// # Errors
    /// [`Error`] `P03` for a bin that is not on the list.
    pub fn confined(plan: &PrivatePlan, filter: &Filter) -> Result<Self> {
        let list = plan.codes.list(filter.dimension);
        let known: BTreeMap<&str, usize> =
            list.labels().iter().enumerate().map(|(at, it)| (it.as_str(), at)).collect();
        let mut wanted = vec![false; list.labels().len()];
        for bin in &filter.bins {
            let at = known.get(bin.as_str()).and_then(|at| wanted.get_mut(*at));
            *at.ok_or_else(|| {
                let name = filter.dimension;
                Error::policy("P03", format!("`{bin}` is no value of {name}"))
                    .allowed(format!("values of the public list of {name}"))
            })? = true;
        }
        let inside = |at: &u32| {
            let at = usize::try_from(*at).unwrap_or(usize::MAX);
            wanted.get(at).copied().unwrap_or(false)
        };
        let positions = list.positions().iter();
        let positions = positions.map(|at| if inside(at) { *at } else { NOWHERE }).collect();
        Ok(Self { dimension: filter.dimension, positions, stride: 0 })
    }

    /// The dimension.
    pub const fn dimension(&self) -> Dimension {
        self.dimension
    }

    /// The cell of what has these stored values; `None` when one of them stands nowhere.
    pub fn cell(terms: &[Self], stored: impl Fn(Dimension) -> usize) -> Option<u64> {
        let mut cell = 0;
        for term in terms {
            let value = stored(term.dimension);
            let position = *term.positions.get(value).filter(|&&it| it != NOWHERE)?;
            cell += u64::from(position) * term.stride;
        }
        Some(cell)
    }
}
