//! One SIM of the customer record, without its id.

use bytes::{Buf, BufMut};

use crate::door::register::Tenure;
use crate::door::shelves::Row;

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
    const ALL: [Self; 6] =
        [Self::Phone, Self::Tablet, Self::Machine, Self::Business, Self::Ended, Self::Unknown];
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl Row for Sim {
    const BYTES: usize = 45;

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u128(self.account);
        out.put_u128(self.subscriber);
        out.put_u32(self.row);
        out.put_u16(self.birth_year);
        out.put_u16(self.sector);
        let role = Role::ALL.iter().position(|it| *it == self.role).unwrap_or(Role::ALL.len());
        let flags = [self.holder, self.opt_out, self.consent];
        let flags = flags.iter().fold(0, |all, flag| all << 1 | u8::from(*flag));
        let role = u8::try_from(role).unwrap_or(u8::MAX);
        out.put_slice(&[self.gender, role, self.tenure.0, self.tenure.1, flags]);
    }

    fn read(mut bytes: &[u8]) -> Self {
        let (account, subscriber) = (bytes.get_u128(), bytes.get_u128());
        let (row, birth_year, sector) = (bytes.get_u32(), bytes.get_u16(), bytes.get_u16());
        let (gender, role) = (bytes.get_u8(), bytes.get_u8());
        let tenure = (bytes.get_u8(), bytes.get_u8());
        let flags = bytes.get_u8();
        let role = Role::ALL.get(usize::from(role)).copied().unwrap_or(Role::Unknown);
        let [holder, opt_out, consent] = [4, 2, 1].map(|it| flags & it != 0);
        Self {
            account,
            subscriber,
            row,
            birth_year,
            sector,
            gender,
            role,
            tenure,
            holder,
            opt_out,
            consent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sim_is_read_as_it_was_written() {
        for (at, role) in (0..).zip(Role::ALL) {
            let sim = Sim {
                account: u128::MAX - 7,
                subscriber: 1 << 100,
                row: 77_777,
                birth_year: 1980 + at,
                sector: 9_999,
                gender: 2,
                role,
                tenure: (32, 62),
                holder: at % 2 == 0,
                opt_out: at % 3 == 0,
                consent: at % 5 == 0,
            };
            let mut bytes = Vec::new();
            sim.write(&mut bytes);
            assert_eq!((bytes.len(), Sim::read(&bytes)), (Sim::BYTES, sim));
        }
    }
}
