//! What each role may do over the wires. The table of governance, for what a server offers.
//!
//! | role | health and metrics | released tables | charged questions |
//! |---|---|---|---|
//! | engineer | yes | no | no |
//! | officer | yes | all | no |
//! | analyst | no | as agreed | as agreed |
//! | buyer | no | as agreed | no |

use std::fmt;
use std::str::FromStr;

use crate::error::{AccessError, Result};

/// What a user is to the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Runs the product, and sees no answers of partners.
    Engineer,
    /// The data protection officer: reads what was released.
    Officer,
    /// Of a partner: reads released tables and asks, as agreed.
    Analyst,
    /// Of a partner: reads released tables of bought products.
    Buyer,
}

/// What somebody may want of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// To see whether it runs, and its metrics.
    Health,
    /// To read released tables.
    Released,
    /// To ask questions that are charged.
    Questions,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Engineer, Self::Officer, Self::Analyst, Self::Buyer];

    /// Whether this role may do it at all; analysts and buyers are bound by their agreement as well.
    #[must_use]
    pub const fn may(self, act: Act) -> bool {
        match (self, act) {
            (Self::Engineer | Self::Officer, Act::Health)
            | (Self::Officer | Self::Analyst | Self::Buyer, Act::Released)
            | (Self::Analyst, Act::Questions) => true,
            (Self::Analyst | Self::Buyer, Act::Health)
            | (Self::Engineer, Act::Released)
            | (Self::Engineer | Self::Officer | Self::Buyer, Act::Questions) => false,
        }
    }

    /// Refuses what this role may not do.
    ///
    /// # Errors
    /// `A08`, with what the role may do and who may do it.
    pub fn check(self, act: Act) -> Result<()> {
        if self.may(act) {
            return Ok(());
        }
        let who = Self::ALL.iter().filter(|it| it.may(act)).map(|it| format!("{it}"));
        let who = who.collect::<Vec<_>>().join(" or ");
        Err(AccessError::policy("A08", format!("the role {self} may not {act}"))
            .allowed(format!("to {}", self.acts()))
            .remedy(format!("use a login of role {who}")))
    }

    /// Whether a user of this role belongs to a partner, and is bound by that partner's agreement.
    #[must_use]
    pub const fn has_partner(self) -> bool {
        matches!(self, Self::Analyst | Self::Buyer)
    }

    /// The role's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Engineer => "engineer",
            Self::Officer => "officer",
            Self::Analyst => "analyst",
            Self::Buyer => "buyer",
        }
    }

    fn acts(self) -> String {
        let acts = [Act::Health, Act::Released, Act::Questions];
        let acts = acts.iter().filter(|it| self.may(**it)).map(|it| format!("{it}"));
        acts.collect::<Vec<_>>().join(" and ")
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

impl fmt::Display for Act {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Health => "see health and metrics",
            Self::Released => "read released tables",
            Self::Questions => "ask charged questions",
        })
    }
}

impl FromStr for Role {
    type Err = AccessError;

    fn from_str(text: &str) -> Result<Self> {
        let role = Self::ALL.into_iter().find(|it| it.word() == text);
        role.ok_or_else(|| {
            AccessError::input("A02", format!("{} is no role", crate::name::excerpt(text)))
                .allowed("engineer, officer, analyst or buyer")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_may_what_the_table_says() {
        let check = |role: &str, may: [bool; 3]| {
            let role: Role = role.parse().unwrap();
            let acts = [Act::Health, Act::Released, Act::Questions];
            assert_eq!(acts.map(|act| role.may(act)), may, "{role}");
            assert_eq!(acts.map(|act| role.check(act).is_ok()), may, "{role}");
        };
        check("engineer", [true, false, false]);
        check("officer", [true, true, false]);
        check("analyst", [false, true, true]);
        check("buyer", [false, true, false]);
        assert_eq!("Engineer".parse::<Role>().unwrap_err().code, "A02");
    }

    #[test]
    fn a_role_is_refused_with_what_it_may_and_who_may() {
        assert_eq!(
            Role::Buyer.check(Act::Questions).unwrap_err().to_string(),
            "refused[A08]: the role buyer may not ask charged questions\n  \
             allowed: to read released tables\n  \
             do: use a login of role analyst"
        );
        assert_eq!(
            Role::Engineer.check(Act::Released).unwrap_err().to_string(),
            "refused[A08]: the role engineer may not read released tables\n  \
             allowed: to see health and metrics\n  \
             do: use a login of role officer or analyst or buyer"
        );
    }
}
