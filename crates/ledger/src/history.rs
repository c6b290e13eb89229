//! The ledger as it can be read: charges with their state, spending by period.

use std::collections::BTreeMap;
use std::path::Path;

use privacy::Budget;

use crate::anchor::Anchor;
use crate::checkpoint::CheckpointVerifier;
use crate::entry::{Charge, Entry, Publication, Record};
use crate::error::LedgerError;
use crate::tree::Tree;
use crate::verify::{Verified, verify};

/// A verified ledger.
#[derive(Debug)]
pub struct History {
    entries: Vec<Entry>,
    head: String,
    tree: Tree,
}

/// What became of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Its release can be read.
    Published(Publication),
    /// It paid for a draw that was never published; it stays charged.
    Abandoned,
}

/// A charge and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charged {
    /// When.
    pub at: String,
    /// What was charged.
    pub charge: Charge,
    /// What became of it.
    pub state: State,
}

impl History {
    /// Reads and verifies the ledger in `dir`.
    ///
    /// # Errors
    /// [`LedgerError`] when it does not hold.
    pub fn read(dir: &Path, anchor: &Path, key: &CheckpointVerifier) -> Result<Self, LedgerError> {
        verify(dir, anchor, key).map(Verified::into_history)
    }

    pub(crate) const fn of(entries: Vec<Entry>, head: String, tree: Tree) -> Self {
        Self { entries, head, tree }
    }

    pub(crate) fn push(&mut self, entry: Entry, head: String, json: &[u8]) {
        self.entries.push(entry);
        self.head = head;
        self.tree.push(json);
    }

    /// What is anchored and signed of it.
    pub(crate) fn anchor(&self) -> Anchor {
        let size = self.tree.size();
        let genesis = Anchor::genesis();
        Anchor { size, root: self.tree.root(size).unwrap_or(genesis.root) }
    }

    pub(crate) const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Every entry, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Digest of the newest entry.
    #[must_use]
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Every charge, oldest first.
    #[must_use]
    pub fn charges(&self) -> Vec<Charged> {
        let publications: BTreeMap<_, _> = self
            .entries
            .iter()
            .filter_map(|entry| match &entry.record {
                Record::Publication(publication) => Some((&publication.charge, publication)),
                Record::Charge(_) => None,
            })
            .collect();
        let charged = self.entries.iter().filter_map(|entry| match &entry.record {
            Record::Charge(charge) => Some(Charged {
                at: entry.at.clone(),
                charge: charge.clone(),
                state: publications
                    .get(&charge.id)
                    .map_or(State::Abandoned, |&it| State::Published(it.clone())),
            }),
            Record::Publication(_) => None,
        });
        charged.collect()
    }

    /// What every person has paid for `period`, whatever the snapshot.
    ///
    /// A figure that cannot be read counts as the largest there is: never under-counted.
    #[must_use]
    pub fn spent(&self, period: &str) -> Budget {
        let most = Budget { rho: privacy::Rho::MAX, delta: privacy::Delta::ONE };
        let costs = self.entries.iter().filter_map(|entry| match &entry.record {
            Record::Charge(charge) if charge.period == period => {
                Some(charge.cost().unwrap_or(most))
            }
            _ => None,
        });
        costs.fold(Budget::ZERO, |sum, cost| sum.checked_add(cost).unwrap_or(most))
    }

    /// The periods that were charged, ascending.
    #[must_use]
    pub fn periods(&self) -> Vec<String> {
        let mut periods: Vec<String> =
            self.charges().into_iter().map(|it| it.charge.period).collect();
        periods.sort();
        periods.dedup();
        periods
    }
}
