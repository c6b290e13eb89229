//! The meter: a filter that lets a cost pass only while both caps hold.
//!
//! Integers in both currencies; a cost that does not fit changes nothing. Valid for adaptively
//! chosen mechanisms. Proof: meter.md. Source: privacy model §8 (filter).

use crate::unit::Budget;

/// A cost that does not fit any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {currency} cap does not allow it: cost {cost}, spent {spent} of {cap}, left {left}")]
pub struct Overspent {
    /// `rho` or `delta`.
    pub currency: &'static str,
    /// The cap.
    pub cap: String,
    /// What had been spent.
    pub spent: String,
    /// What this would have cost.
    pub cost: String,
    /// What is left.
    pub left: String,
}

impl Overspent {
    fn new<T: ToString>(currency: &'static str, figures: [T; 4]) -> Self {
        let [cap, spent, cost, left] = figures.map(|figure| figure.to_string());
        Self { currency, cap, spent, cost, left }
    }
}

/// What one person and period may be charged, and has been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    caps: Budget,
    spent: Budget,
}

impl Meter {
    /// A meter that has already charged `spent`.
    #[must_use]
    pub const fn new(caps: Budget, spent: Budget) -> Self {
        Self { caps, spent }
    }

    /// The same meter where `caps` are lower; caps are never raised.
    #[must_use]
    pub fn under(self, caps: Budget) -> Self {
        Self { caps: self.caps.least(caps), ..self }
    }

    /// What is allowed in all.
    #[must_use]
    pub const fn caps(&self) -> Budget {
        self.caps
    }

    /// Charges `cost` if both caps allow it, else changes nothing.
    ///
    /// # Errors
    /// [`Overspent`] naming the currency that does not allow it.
    pub fn charge(&mut self, cost: Budget) -> Result<(), Overspent> {
        let after = self.spent.checked_add(cost);
        match after.filter(|after| self.caps.checked_sub(*after).is_some()) {
            Some(after) => {
                self.spent = after;
                Ok(())
            }
            None => Err(self.refusal(cost)),
        }
    }

    fn refusal(&self, cost: Budget) -> Overspent {
        let (caps, spent, left) = (self.caps, self.spent, self.left());
        let rho = spent.rho.checked_add(cost.rho);
        if rho.is_none_or(|after| after > caps.rho) {
            Overspent::new("rho", [caps.rho, spent.rho, cost.rho, left.rho])
        } else {
            Overspent::new("delta", [caps.delta, spent.delta, cost.delta, left.delta])
        }
    }

    /// What has been charged.
    #[must_use]
    pub const fn spent(&self) -> Budget {
        self.spent
    }

    /// What is left in each currency.
    #[must_use]
    pub fn left(&self) -> Budget {
        Budget {
            rho: self.caps.rho.checked_sub(self.spent.rho).unwrap_or_default(),
            delta: self.caps.delta.checked_sub(self.spent.delta).unwrap_or_default(),
        }
    }
}
