//! What statements are read against, kept as long as it is the same.
//!
//! The sealed months and their public lists are kept for one state of the vault, released tables for what the
//! ledger has of them: a digest each. What was checked when it was read is what was published.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::datasource::MemTable;
use reference::SiteList;

use super::bins::Lists;
use crate::error::Result;
use crate::policy::Policy;
use crate::run::{Places, Run};
use crate::time::Period;
use crate::vault::{Snapshot, Vault};

/// 1 GB: released tables that are kept beside the newest.
const TABLES_MOST: usize = 1_000_000_000;

/// What was read before.
#[derive(Debug, Default)]
pub struct Shelf {
    /// The last state of the vault, and what it holds.
    ground: Mutex<Option<(Vault, Arc<Ground>)>>,
    pub(super) tables: Arc<Tables>,
}

/// The sealed months, and the public lists that go with them.
#[derive(Debug)]
pub struct Ground {
    pub(super) snapshots: BTreeMap<Period, Snapshot>,
    pub(super) lists: Lists,
}

/// Released tables, the newest first.
#[derive(Debug, Default)]
pub(super) struct Tables(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    of: Of,
    table: Arc<MemTable>,
    bytes: usize,
}

/// What a table is made of: folders with their digests, cut to these places.
pub(super) type Of = (Vec<(PathBuf, String)>, Option<Places>);

impl Ground {
    /// These months; each is another.
    #[must_use]
    pub fn of(policy: &Policy, snapshots: Vec<Snapshot>) -> Self {
        let snapshots: BTreeMap<Period, Snapshot> =
            snapshots.into_iter().map(|it| (it.period, it)).collect();
        let held = snapshots.keys().copied().collect();
        let lists = match snapshots.values().next_back() {
            Some(it) => Lists::new(&it.geography, &it.sites, &policy.coverage, held),
            None => Lists::new(&policy.geography, SiteList::built_in(), &policy.coverage, held),
        };
        Self { snapshots, lists }
    }
}

impl Shelf {
    /// What the vault holds now.
    ///
    /// # Errors
    /// A fault when the vault cannot be read.
    pub(super) fn ground(&self, run: &Run<'_>) -> Result<Arc<Ground>> {
        let vault = Vault::open(run.instance)?;
        let mut kept = self.ground.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((state, ground)) = kept.as_ref()
            && *state == vault
        {
            return Ok(Arc::clone(ground));
        }
        let months = vault.periods()?.into_iter().map(|it| vault.snapshot(it));
        let ground = Arc::new(Ground::of(run.policy, months.collect::<Result<_>>()?));
        *kept = Some((vault, Arc::clone(&ground)));
        Ok(ground)
    }
}

impl Tables {
    /// The table of these folders, made if it is not there.
    ///
    /// # Errors
    /// What `make` says.
    pub fn table(
        &self,
        of: Of,
        make: impl FnOnce(&Of) -> Result<(MemTable, usize)>,
    ) -> Result<Arc<MemTable>> {
        let found = |all: &mut Vec<Kept>| {
            let at = all.iter().position(|it| it.of == of)?;
            let own = all.remove(at);
            let table = Arc::clone(&own.table);
            all.insert(0, own);
            Some(table)
        };
        if let Some(table) = found(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(table);
        }
        // Two may read one at a time: nobody waits for another's.
        let (table, bytes) = make(&of)?;
        let table = Arc::new(table);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(0, Kept { of, table: Arc::clone(&table), bytes });
        let mut sum = 0_usize;
        let few = all.iter().position(|it| {
            sum = sum.saturating_add(it.bytes);
            sum > TABLES_MOST
        });
        if let Some(few) = few {
            all.truncate(few.max(1));
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Schema;

    use super::*;

    #[test]
    fn a_table_is_read_once_and_let_go_when_there_are_others() {
        let tables = Tables::default();
        let mut read = Vec::new();
        let half = TABLES_MOST / 2;
        for (name, bytes) in [
            ("a", half),
            ("b", half),
            ("a", half),
            ("c", half),
            ("a", half),
            ("b", half),
            ("d", 2 * TABLES_MOST),
            ("d", 1),
        ] {
            let of = (vec![(PathBuf::from(name), "digest".to_owned())], None);
            let table = tables.table(of, |_| {
                read.push(name);
                let none = MemTable::try_new(Arc::new(Schema::empty()), vec![Vec::new()]);
                Ok((none.unwrap(), bytes))
            });
            table.unwrap();
        }
        assert_eq!(read, ["a", "b", "c", "b", "d"]);
    }
}
