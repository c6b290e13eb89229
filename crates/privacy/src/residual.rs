//! Remainders: what subtraction gives over person-partitioning dimensions, and which cells are
//! withdrawn so that it gives nothing of fewer than a quorum.
//!
//! (1) [`remainders`] names the relations whose hidden parts are measured together as OTHER.
//! (2) [`settle`] takes the gates' results, OTHERs included, and withdraws released cells until
//! every cell that is not published has a certificate. (3) Only then the first byte leaves.
//! Guarantee: who knows the true value of everything published and all relations finds for every
//! other cell an interval at least k wide that contains a value of k or more; cells that follow from
//! published ones hold k people. A function of released numbers only; costs nothing.
//! Proof: residual.md. Source: privacy model §6.

mod certificate;
mod choice;
mod columns;
mod fixpoint;
mod guard;
mod hub;
mod lattice;
mod moves;
mod pattern;
mod pool;
mod swap;

pub use guard::{Part, parts_to_withdraw};
pub use lattice::{CellId, Lattice, LatticeError, Relation, RelationId};

use certificate::Effort;
use pattern::Pattern;

/// A relation's hidden parts, to be measured together as OTHER by the quorum mechanism.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remainder {
    /// The relation.
    pub relation: RelationId,
    /// The parts that make OTHER, ascending.
    pub hidden: Vec<CellId>,
}

/// A remainder that was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// What was measured.
    pub remainder: Remainder,
    /// Its noisy people if it passed its gate.
    pub noisy: Option<u64>,
}

/// What may be said of the difference of a whole and its published parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// The whole is not published: nothing.
    NoWhole,
    /// Every part is published: there is no rest.
    Nothing,
    /// No part is published: only the whole is said.
    OnlyWhole,
    /// OTHER passed its gate and stays: print that. Further parts may have been withdrawn.
    Measured,
    /// The difference ŷ − Σ may be printed: it holds a quorum for certain.
    Difference,
}

/// What stays and what goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Released cells that must not be published in any table, ascending.
    pub withdrawn: Vec<CellId>,
    /// Relations whose OTHER passed and must not be published, ascending.
    pub others_withdrawn: Vec<RelationId>,
    /// What may be said of each relation's rest, in the order of the relations.
    pub rests: Vec<Rest>,
}

/// The remainders to measure, given the gates' results (`shown`: noisy people, one a cell).
///
/// A relation has one if its whole and some part passed and two parts or more neither passed nor
/// follow from parts of their own that did. One hidden part alone would only be drawn again.
///
/// # Errors
/// [`LatticeError::Answers`] when there is not one answer a cell.
pub fn remainders(
    lattice: &Lattice,
    shown: &[Option<u64>],
) -> Result<Vec<Remainder>, LatticeError> {
    check_answers(lattice, shown)?;
    let pattern = Pattern::new(lattice.clone(), shown.to_vec(), lattice.cells());
    Ok((0..lattice.relations()).filter_map(|relation| remainder(&pattern, relation)).collect())
}

fn remainder(pattern: &Pattern, relation: usize) -> Option<Remainder> {
    let children = pattern.lattice.children(relation);
    let hidden: Vec<CellId> =
        children.iter().filter(|&&it| !pattern.is_fixed(it)).map(|&it| CellId(it)).collect();
    let whole = pattern.is_published(pattern.lattice.parent(relation));
    (whole && hidden.len() >= 2 && hidden.len() < children.len())
        .then_some(Remainder { relation: RelationId(relation), hidden })
}

/// What must be withdrawn, given the gates' results, the measured remainders, and the released cells
/// that must go in any case ([`parts_to_withdraw`]).
///
/// Deterministic; withdraws nothing when nothing is hidden and nothing must go. An OTHER that is left
/// out counts as one that did not pass.
///
/// # Errors
/// [`LatticeError`] when the answers do not fit the lattice.
pub fn settle(
    lattice: &Lattice,
    shown: &[Option<u64>],
    others: &[Other],
    must_go: &[CellId],
) -> Result<Settled, LatticeError> {
    check_answers(lattice, shown)?;
    let from_the_start = must_go
        .iter()
        .map(|it| match shown.get(it.0) {
            None => Err(LatticeError::UnknownCell(it.0, lattice.cells())),
            Some(None) => Err(LatticeError::Hidden(it.0)),
            Some(Some(_)) => Ok(it.0),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let (inner, answers, passed) = with_others(lattice, shown, others)?;
    let mut pattern = Pattern::new(inner, answers, lattice.cells());
    fixpoint::settle(&mut pattern, &from_the_start, EFFORT);
    let withdrawn = (0..lattice.cells()).filter(|&it| pattern.withdrawn[it]).map(CellId).collect();
    let gone = passed.iter().filter(|it| pattern.withdrawn[it.1]);
    let others_withdrawn = gone.map(|it| it.0).collect();
    let rests = (0..lattice.relations()).map(|it| rest(lattice, &pattern, &passed, it)).collect();
    Ok(Settled { withdrawn, others_withdrawn, rests })
}

/// Enough for blocks of a few dozen hidden cells; measured in `examples/residual_cost.rs`.
const EFFORT: Effort = Effort {
    states: 200,
    carried_states: 60,
    last_states: 2_000,
    suppositions: 60,
    depth: 3,
    pool: 12,
    pools: 2,
};

/// The lattice with each passed OTHER as a cell between its whole and its hidden parts.
type WithOthers = (Lattice, Vec<Option<u64>>, Vec<(RelationId, usize)>);

fn with_others(
    lattice: &Lattice,
    shown: &[Option<u64>],
    others: &[Other],
) -> Result<WithOthers, LatticeError> {
    let pattern = Pattern::new(lattice.clone(), shown.to_vec(), lattice.cells());
    let (mut inner, mut answers) = (lattice.clone(), shown.to_vec());
    let mut passed = Vec::new();
    let mut sorted: Vec<&Other> = others.iter().collect();
    sorted.sort_by_key(|it| it.remainder.relation);
    for (at, other) in sorted.iter().enumerate() {
        let RelationId(relation) = other.remainder.relation;
        if relation >= lattice.relations() {
            return Err(LatticeError::UnknownRelation(relation, lattice.relations()));
        }
        let twice = at > 0 && sorted[at - 1].remainder.relation.0 == relation;
        if twice || remainder(&pattern, relation).as_ref() != Some(&other.remainder) {
            return Err(LatticeError::Remainder(relation));
        }
        if other.noisy.is_some() {
            let parts: Vec<usize> = other.remainder.hidden.iter().map(|it| it.0).collect();
            passed.push((other.remainder.relation, inner.insert(relation, &parts)));
            answers.push(other.noisy);
        }
    }
    Ok((inner, answers, passed))
}

fn rest(
    lattice: &Lattice,
    pattern: &Pattern,
    passed: &[(RelationId, usize)],
    relation: usize,
) -> Rest {
    let children = lattice.children(relation);
    let published = children.iter().filter(|&&it| pattern.is_published(it)).count();
    let other = passed.binary_search_by_key(&RelationId(relation), |it| it.0);
    let stays = other.is_ok_and(|at| pattern.is_published(passed[at].1));
    if !pattern.is_published(lattice.parent(relation)) {
        Rest::NoWhole
    } else if published == children.len() {
        Rest::Nothing
    } else if stays {
        Rest::Measured
    } else if published == 0 {
        Rest::OnlyWhole
    } else {
        Rest::Difference
    }
}

fn check_answers(lattice: &Lattice, shown: &[Option<u64>]) -> Result<(), LatticeError> {
    if shown.len() == lattice.cells() {
        Ok(())
    } else {
        Err(LatticeError::Answers(shown.len(), lattice.cells()))
    }
}
