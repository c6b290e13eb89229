//! The running sums: which entry may follow the ones before, asked before a write and after a read.

use std::collections::{BTreeMap, BTreeSet};

use privacy::{Budget, Meter};

use crate::entry::{ChargeId, Entry, Record};

/// What every period may pay and has paid, and the charges that wait for their publication.
#[derive(Debug, Default)]
pub(crate) struct Books {
    periods: BTreeMap<String, Meter>,
    open: BTreeSet<ChargeId>,
}

impl Books {
    /// The meter of `period` under `caps`, whatever the snapshot; caps once in force are never raised.
    pub fn meter(&self, period: &str, caps: Budget) -> Meter {
        self.periods.get(period).map_or(Meter::new(caps, Budget::ZERO), |it| it.under(caps))
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
                let mut meter = self.meter(&charge.period, caps);
                if meter.caps() != caps {
                    return Err(format!("the caps of {} were raised", charge.period));
                }
                meter.charge(cost).map_err(|over| over.to_string())?;
                self.periods.insert(charge.period.clone(), meter);
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
