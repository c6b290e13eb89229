//! A clip family: the marginals between which anything is subtracted, divided or reconciled.
//!
//! (1) Keep K of a person's finest cells. (2) What is kept of a member's cells is the projection of
//! these. (3) The person has one φ in all members: the smallest that any of them asks for.
//! Guarantee: the norm is at most one in every member; over a dimension of which a person has one
//! value, a parent's Φ is the sum of its children's, exactly. Proof: ../clip.md.
//! Source: privacy model §2 (clip family).

use super::{CellWeight, Scale};
use crate::bounding::{BoundingKey, keep};
use crate::unit::CellLimit;

/// A marginal of a family: what its cells are, and their public weights.
pub trait Member {
    /// The member's cell that holds a finest cell.
    fn project(&self, finest: u64) -> u64;

    /// The weight of one of the member's cells: a public constant of the plan.
    fn weight(&self, cell: u64) -> CellWeight;
}

/// Marginals that clip a person alike.
#[derive(Clone, Debug)]
pub struct ClipFamily<M> {
    kept: CellLimit,
    members: Vec<M>,
}

/// What one person adds: `scale` to each of the kept cells of each member.
#[derive(Debug)]
pub struct Clipped {
    /// φ, the same everywhere.
    pub scale: Scale,
    /// The kept cells of each member, in the family's order; ascending and distinct.
    pub cells: Vec<Vec<u64>>,
}

impl<M: Member> ClipFamily<M> {
    /// A family of `members` that keeps K = `kept` finest cells a person.
    #[must_use]
    pub const fn new(kept: CellLimit, members: Vec<M>) -> Self {
        Self { kept, members }
    }

    /// Clips the person with this token, who is in the `finest` cells.
    #[must_use]
    pub fn clip(&self, mut finest: Vec<u64>, key: &BoundingKey, token: u32) -> Clipped {
        keep(&mut finest, self.kept, key, token);
        let mut scale = Scale::WHOLE;
        let project = |member: &M| {
            let mut cells: Vec<u64> = finest.iter().map(|&cell| member.project(cell)).collect();
            cells.sort_unstable();
            cells.dedup();
            scale = scale.min(Scale::of(cells.iter().map(|&cell| member.weight(cell))));
            cells
        };
        let cells = self.members.iter().map(project).collect();
        Clipped { scale, cells }
    }
}
