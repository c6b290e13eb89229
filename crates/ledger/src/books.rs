//! The running sums: which entry may follow the ones before, asked before a write and after a read.

use std::collections::{BTreeMap, BTreeSet};

use privacy::{Budget, Meter};

use crate::entry::{ChargeId, Entry, Record};

/// What every period has paid, and the charges that wait for their publication.
#[derive(Debug, Default)]
pub(crate) struct Books {
    spent: BTreeMap<String, Budget>,
    open: BTreeSet<ChargeId>,
}

impl Books {
    /// What every person has paid for `period`, whatever the snapshot.
    pub fn spent(&self, period: &str) -> Budget {
        self.spent.get(period).copied().unwrap_or(Budget::ZERO)
    }

    /// Whether `charge` was made and not yet published.
    pub fn is_open(&self, charge: &ChargeId) -> bool {
        self.open.contains(charge)
    }

    /// Takes the next entry in; says what is impossible about one that this ledger cannot write.
    pub fn enter(&mut self, entry: &Entry) -> Result<(), String> {
        match &entry.record {
            Record::Charge(charge) => {
                if charge.id != ChargeId::at(entry.place) {
                    return Err(format!("charge {} stands at place {}", charge.id, entry.place));
                }
                let (cost, caps) = charge.cost().zip(charge.caps()).ok_or("a cost is no number")?;
                let spent = self.spent.entry(charge.period.clone()).or_insert(Budget::ZERO);
                Meter::new(caps, *spent).charge(cost).map_err(|over| over.to_string())?;
                *spent = spent.checked_add(cost).ok_or("the costs are beyond all caps")?;
                self.open.insert(charge.id.clone());
                Ok(())
            }
            Record::Publication(publication) if self.open.remove(&publication.charge) => Ok(()),
            Record::Publication(publication) => {
                Err(format!("charge {} is published, but is not open", publication.charge))
            }
        }
    }
}
