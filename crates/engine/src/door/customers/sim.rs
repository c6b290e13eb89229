//! One SIM of the customer record, without its id.

use crate::door::register::Tenure;

/// What a SIM is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A person's phone.
    Phone,
    /// A person's tablet.
    Tablet,
    /// A machine.
    Machine,
    /// A firm's fleet.
    Business,
    /// Nobody's: its contract does not hold in the period.
    Ended,
    /// Not said, or not known here.
    Unknown,
}

impl Role {
    /// The role by its code, in either case.
    #[must_use]
    pub fn parse(code: Option<&str>) -> Self {
        match code.map(str::to_ascii_lowercase).as_deref() {
            Some("phone") => Self::Phone,
            Some("tablet") => Self::Tablet,
            Some("m2m") => Self::Machine,
            Some("business") => Self::Business,
            _ => Self::Unknown,
        }
    }
}

/// One SIM.
#[derive(Clone, Copy, Debug)]
pub struct Sim {
    /// Pseudonym of the account; the SIM's own when it has none.
    pub account: u128,
    /// Pseudonym of the subscriber.
    pub subscriber: u128,
    /// Its row in the file.
    pub row: u32,
    /// Birth year of the user; 0 when not known.
    pub birth_year: u16,
    /// Home sector; 65,535 when not known.
    pub sector: u16,
    /// Position of the gender.
    pub gender: u8,
    /// What it is for.
    pub role: Role,
    /// The days of its contract.
    pub tenure: Tenure,
    /// Whether the account holder uses it.
    pub holder: bool,
    /// Whether its user objects.
    pub opt_out: bool,
    /// Whether its user consented to value-added services.
    pub consent: bool,
}

impl Sim {
    /// Why this SIM is nobody's, whatever its user.
    #[must_use]
    pub fn exclusion(&self) -> Option<&'static str> {
        match self.role {
            Role::Machine => Some("machine_sim"),
            Role::Business => Some("business_sim"),
            Role::Unknown => Some("unknown_role"),
            Role::Ended => Some("not_active"),
            Role::Phone | Role::Tablet if !self.holder && self.birth_year == 0 => {
                Some("unknown_user")
            }
            Role::Phone | Role::Tablet => None,
        }
    }
}
