//! Certificates of a whole pool at once, through one of its members.
//!
//! For a pool and its hub: a *transfer* is a move that lowers one member by one, raises another, and
//! lowers certain cells only beside. Transfers to the hub and from the hub are searched once a
//! member; what goes from h to c is their sum, looked for directly where the sum lowers a cell twice.
//! A member to which all others have a transfer is certified. Proof: ../residual.md.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::moves::{Change, Outcome, Search};
use super::pattern::Pattern;
use super::pool::{Pooled, bottom, pool, with_wholes};
use super::swap::swap;

/// The transfers of every pool so far, by the relation that makes the pool.
#[derive(Default)]
pub(super) struct Hubs {
    hubs: BTreeMap<usize, Hub>,
}

#[derive(Default)]
struct Hub {
    to: BTreeMap<usize, Vec<Change>>,
    from: BTreeMap<usize, Vec<Change>>,
    /// Transfers between two members that may still be searched for the present cell.
    direct: usize,
}

/// A pool as large as this is looked at as a whole.
const POOL_MAX: usize = 4_096;

/// States of one transfer.
const STATES: usize = 400;

/// Transfers between two members, neither of them the hub, that are searched for one cell.
const DIRECT: usize = 48;

/// Why a pool does not certify a cell.
pub(super) enum Blocked {
    /// A published cell inside what would be a pool.
    By(usize),
    /// No transfer between these members.
    Between(usize, usize),
}

/// Certain cells at the bottom of a whole that are tried for one cell.
const GIVERS: usize = 6;

/// Cells that these may give to.
const TAKERS: usize = 400;

/// Pools tried for one cell.
const POOLS: usize = 24;

impl Hubs {
    /// Looks for a pool near `cell` that certifies it; else says what is in the way, pool by pool.
    pub(super) fn certify(&mut self, pattern: &Pattern, cell: usize) -> Result<(), Vec<Blocked>> {
        let mut blocked = Vec::new();
        for relation in certain_wholes(pattern, cell) {
            match pool(pattern, relation, POOL_MAX) {
                Pooled::Open(members) => {
                    let hub = self.hubs.entry(relation).or_default();
                    match hub.certify(pattern, &members, cell) {
                        Ok(()) => return Ok(()),
                        Err((from, to)) => blocked.push(Blocked::Between(from, to)),
                    }
                }
                Pooled::Certain(givers, members) => {
                    if given(pattern, cell, &givers, &members) {
                        return Ok(());
                    }
                    blocked.extend(givers.first().map(|&it| Blocked::Between(it, cell)));
                }
                Pooled::Published(inside) => blocked.push(Blocked::By(inside)),
                Pooled::TooMany => {}
            }
            if blocked.len() >= POOLS {
                break;
            }
        }
        Err(blocked)
    }
}

/// Whether some certain cell at the bottom of a whole gives to `cell`; or, if that is certain, through
/// it to any other.
fn given(pattern: &Pattern, cell: usize, givers: &[usize], members: &[usize]) -> bool {
    let mut givers = givers.iter().copied().filter(|&it| it != cell).take(GIVERS);
    if pattern.is_certain(cell) {
        let through = |(from, to): (usize, usize)| {
            swap(pattern, from, to, &[]).is_some_and(|it| it.iter().any(|it| it.0 == cell))
        };
        return givers.any(|from| members.iter().take(TAKERS).any(|&to| through((from, to))));
    }
    let Some(inside) = bottom(pattern, cell) else { return false };
    let raises = |it: Vec<Change>| it.contains(&(cell, 1));
    givers.any(|from| from != inside && transfer(pattern, from, inside).is_some_and(raises))
}

/// The relations with a certain whole at and above `cell`; if it is certain itself, at and above
/// those uncertain cells that share a relation with it.
fn certain_wholes(pattern: &Pattern, cell: usize) -> Vec<usize> {
    let lattice = &pattern.lattice;
    let mut above: Vec<usize> = vec![cell];
    if pattern.is_certain(cell) {
        let beside = lattice.around(cell).flat_map(|it| lattice.members(it));
        above = beside.filter(|&it| !pattern.is_fixed(it) && !pattern.is_certain(it)).collect();
    }
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    while let Some(part) = above.pop() {
        for &relation in lattice.as_child(part) {
            if seen.insert(relation) {
                let parent = lattice.parent(relation);
                if pattern.is_certain(parent) { found.push(relation) } else { above.push(parent) }
            }
        }
    }
    found
}

impl Hub {
    /// Whether, wherever the pool's people are, `cell` can be raised; or lowered, if it is certain or
    /// they are in it.
    fn certify(
        &mut self,
        pattern: &Pattern,
        members: &[usize],
        cell: usize,
    ) -> Result<(), (usize, usize)> {
        let &[hub, .., last] = members else { return Err((cell, cell)) };
        self.direct = DIRECT;
        if pattern.is_certain(cell) {
            return self.certify_certain(pattern, members, cell);
        }
        let inside = match pattern.lattice.as_parent(cell).first() {
            Some(&primary) => pool(pattern, primary, POOL_MAX),
            None => Pooled::Open(vec![cell]),
        };
        let Pooled::Open(inside) = inside else { return Err((cell, cell)) };
        let outside = [hub, last].into_iter().chain(members.iter().copied());
        let outside = outside.into_iter().find(|it| !inside.contains(it));
        let (&[first, ..], Some(out)) = (&inside[..], outside) else { return Err((cell, cell)) };
        for &member in members {
            let (to, by) = if inside.contains(&member) { (out, -1) } else { (first, 1) };
            if !self.holds(pattern, hub, (member, to), &[(cell, by)])? {
                return Err((member, to));
            }
        }
        Ok(())
    }

    /// The same for a certain cell outside the pool: transfers that pass through it either way.
    fn certify_certain(
        &mut self,
        pattern: &Pattern,
        members: &[usize],
        cell: usize,
    ) -> Result<(), (usize, usize)> {
        let &[hub, .., last] = members else { return Err((cell, cell)) };
        let either = [(cell, 1), (cell, -1)];
        let mut through = None;
        for &member in members.iter().filter(|&&it| it != hub) {
            self.learn(pattern, hub, member, false)?;
            if either.iter().any(|it| self.from[&member].contains(it)) {
                through = Some(member);
                break;
            }
        }
        let through = through.ok_or((cell, cell))?;
        for &member in members {
            let mut passes = false;
            for to in [through, hub, last].into_iter().filter(|&it| it != member) {
                passes = passes || self.holds(pattern, hub, (member, to), &either)?;
            }
            if !passes {
                return Err((member, through));
            }
        }
        Ok(())
    }

    /// Whether a transfer from one member to another changes a cell as it should.
    fn holds(
        &mut self,
        pattern: &Pattern,
        hub: usize,
        (from, to): (usize, usize),
        wanted: &[Change],
    ) -> Result<bool, (usize, usize)> {
        let changed = |it: &[Change]| wanted.iter().any(|wanted| it.contains(wanted));
        if from == hub {
            self.learn(pattern, hub, to, false)?;
            return Ok(changed(&self.from[&to]));
        }
        self.learn(pattern, hub, from, true)?;
        if to == hub {
            return Ok(changed(&self.to[&from]));
        }
        self.learn(pattern, hub, to, false)?;
        let sum = sum(&self.to[&from], &self.from[&to]);
        if changed(&sum) && sound(pattern, from, &sum) {
            return Ok(true);
        }
        let Some(direct) = self.direct.checked_sub(1) else { return Ok(false) };
        self.direct = direct;
        Ok(transfer(pattern, from, to).is_some_and(|it| changed(&it)))
    }

    /// The transfer between the hub and a member, searched unless it was found before.
    fn learn(
        &mut self,
        pattern: &Pattern,
        hub: usize,
        member: usize,
        to_hub: bool,
    ) -> Result<(), (usize, usize)> {
        let known = if to_hub { &mut self.to } else { &mut self.from };
        if let Entry::Vacant(place) = known.entry(member) {
            let (from, to) = if to_hub { (member, hub) } else { (hub, member) };
            place.insert(transfer(pattern, from, to).ok_or((from, to))?);
        }
        Ok(())
    }
}

/// A move that lowers `from` and raises `to`.
fn transfer(pattern: &Pattern, from: usize, to: usize) -> Option<Vec<Change>> {
    let carriers = with_wholes(pattern, &[from]);
    if let Some(changes) = swap(pattern, from, to, &carriers) {
        return Some(changes);
    }
    let search = Search { pattern, carriers: &carriers, states: STATES };
    match search.find(&[(to, 1), (from, -1)]) {
        Outcome::Found(changes) => Some(changes),
        Outcome::Missing(_) => None,
    }
}

fn sum(one: &[Change], other: &[Change]) -> Vec<Change> {
    let mut all: Vec<Change> = one.iter().chain(other).copied().collect();
    all.sort_unstable();
    all.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    all
}

/// Whether a sum of transfers lowers each certain cell and each cell around `carrier` by one at most,
/// and nothing else.
fn sound(pattern: &Pattern, carrier: usize, changes: &[Change]) -> bool {
    let mut lowered = changes.iter().filter(|it| it.1 < 0).peekable();
    let uncertain = |it: usize| !pattern.is_certain(it) && it != carrier;
    if lowered.clone().any(|it| it.1 < -1) {
        return false;
    }
    if !lowered.any(|it| uncertain(it.0)) {
        return true;
    }
    let carriers = with_wholes(pattern, &[carrier]);
    changes.iter().filter(|it| it.1 < 0).all(|it| !uncertain(it.0) || carriers.contains(&it.0))
}
