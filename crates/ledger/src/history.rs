//! The ledger as it can be read: charges with their state, spending by period.

use std::collections::BTreeMap;
use std::path::Path;

use privacy::{Budget, Meter};

use crate::anchor::Anchor;
use crate::books::Books;
use crate::checkpoint::CheckpointVerifier;
use crate::entry::{Charge, ChargeId, Entry, Publication, Record};
use crate::error::LedgerError;
use crate::tree::Tree;
use crate::verify::{Verified, verify};

/// A verified ledger.
#[derive(Debug)]
pub struct History {
    entries: Vec<Entry>,
    head: String,
    tree: Tree,
    books: Books,
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

    pub(crate) const fn of(entries: Vec<Entry>, head: String, tree: Tree, books: Books) -> Self {
        Self { entries, head, tree, books }
    }

    /// The running sums, for the next entry: they are entered first, then written, then pushed.
    pub(crate) const fn books(&mut self) -> &mut Books {
        &mut self.books
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

    /// Whether `charge` was made and not yet published.
    #[must_use]
    pub fn is_open(&self, charge: &ChargeId) -> bool {
        self.books.is_open(charge)
    }

    /// What every person has paid for `period`, whatever the snapshot.
    #[must_use]
    pub fn spent(&self, period: &str) -> Budget {
        self.meter(period, Budget::MAX).spent()
    }

    /// What every person has paid for `product` in `period`, whatever became of it; the most there is when that
    /// cannot be told.
    #[must_use]
    pub fn spent_on(&self, period: &str, product: &str) -> Budget {
        self.sum(|it| it.period == period && it.product == product)
    }

    /// What of it every person has paid for `partner`.
    #[must_use]
    pub fn spent_for(&self, period: &str, product: &str, partner: &str) -> Budget {
        self.sum(|it| it.period == period && it.product == product && it.partner == partner)
    }

    fn sum(&self, wanted: impl Fn(&Charge) -> bool) -> Budget {
        let own = self.entries.iter().filter_map(|entry| match &entry.record {
            Record::Charge(it) if wanted(it) => Some(it.cost()),
            _ => None,
        });
        let sum = |sum: Option<Budget>, cost: Option<Budget>| sum?.checked_add(cost?);
        own.fold(Some(Budget::ZERO), sum).unwrap_or(Budget::MAX)
    }

    /// The meter of `period` under `caps`: the lowest caps that any charge of it came with hold.
    #[must_use]
    pub fn meter(&self, period: &str, caps: Budget) -> Meter {
        self.books.meter(period, caps)
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
