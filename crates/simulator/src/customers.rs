//! The customers: who they are, where they live and work, what they may be counted in.

mod commute;
mod population;

use reference::{AgeBand, Gender};

pub(crate) use population::Population;

/// What a SIM is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Phone,
    Tablet,
    Machine,
    Business,
}

impl Role {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Tablet => "tablet",
            Self::Machine => "M2M",
            Self::Business => "business",
        }
    }
}

/// Where a customer objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Objection {
    /// Nowhere.
    None,
    /// In the customer record.
    Record,
    /// In the opt-out feed alone.
    Feed,
}

/// On which of the world's days a contract holds; the first day is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contract {
    /// On all.
    Standing,
    /// Until this one, the last; the number is somebody else's later.
    Until(u16),
    /// From this one on; the number was somebody else's before.
    From(u16),
    /// On none: it ended so many days before the first of their month, the period that a door loads.
    Ended(u16),
}

impl Contract {
    pub const fn holds(self, day: u16) -> bool {
        match self {
            Self::Standing => true,
            Self::Until(last) => day <= last,
            Self::From(first) => day >= first,
            Self::Ended(_) => false,
        }
    }
}

/// One row of the customer record.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    /// Names everything that is drawn for this customer; unlike any other's.
    pub index: u32,
    /// Number of the SIM; two customers have the same when it changed hands.
    pub sim: u32,
    /// Number of the account: the index of its first customer.
    pub account: u32,
    /// Position in the land's homes, and of the place of work.
    pub home: u32,
    pub work: u32,
    pub gender: Gender,
    /// Unknown for a few.
    pub birth_year: Option<u32>,
    pub role: Role,
    pub is_holder: bool,
    /// Whether and where the customer objects.
    pub objection: Objection,
    pub consent: bool,
    /// Works at night.
    pub night_shift: bool,
    /// How active compared with the mean.
    pub activity: f32,
    pub contract: Contract,
    /// A day without a contract on which the number appears all the same.
    pub stray: Option<u16>,
}

impl Customer {
    /// The adult band by which a person is counted; `None` when this SIM stands for nobody.
    pub fn band(&self, year: u32) -> Option<AgeBand> {
        let counted = self.role == Role::Phone
            && self.objection == Objection::None
            && !matches!(self.contract, Contract::Ended(_));
        counted.then(|| self.birth_year.and_then(|born| AgeBand::from_birth_year(born, year)))?
    }

    /// Whether this is a further SIM of the same person as `phone`.
    pub fn follows(&self, phone: &Self) -> bool {
        self.role == Role::Tablet && self.account == phone.account
    }
}
