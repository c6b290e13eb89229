//! Clip families: the marginals between which anything is divided or subtracted.
//!
//! One family keeps one set of row cells a person; its marginals are projections of those kept
//! cells, crossed with dimensions that partition people (privacy model §2, clip family).

use privacy::{Budget, CellLimit, Delta, Rho};
use serde::{Serialize, Serializer};

use crate::dimension::Dimension;

/// A registered private view: rows that depend on one person's records alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
    /// The marginals, each paid for by itself.
    pub marginals: Vec<Marginal>,
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
    /// What it costs in ρ.
    #[serde(serialize_with = "as_text")]
    pub rho: Rho,
    /// What it costs in δ.
    #[serde(serialize_with = "as_text")]
    pub delta: Delta,
}

impl Marginal {
    /// What every person pays for this table.
    #[must_use]
    pub const fn cost(&self) -> Budget {
        Budget { rho: self.rho, delta: self.delta }
    }

    /// The most cells of this table that one person changes: L of privacy model §2.
    #[must_use]
    pub const fn cells_per_person(&self, family: &Family) -> CellLimit {
        if self.rows { family.limit } else { CellLimit::ONE }
    }
}

fn as_text<T: ToString, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&value.to_string())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn as_cells<S: Serializer>(limit: &CellLimit, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_u32(limit.cells())
}
