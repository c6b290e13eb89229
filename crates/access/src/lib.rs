//! Who may log in, and what each may ask.
//!
//! Accounts, password secrets and API tokens are in `DIR/accounts.sqlite` ([`Accounts`]); what a
//! partner agreed to is in `DIR/agreements/<partner>.toml` ([`Agreements`]). Guarantees: neither a
//! password nor a token can be read from the store, with or without its key; a salted password,
//! which is as good as a password over SCRAM, only with the key in `keys_dir`; who does not know
//! whether a user exists does not learn it here. Nothing here reads people's rows, so no refusal
//! depends on them.
//!
//! | code | kind | what is wrong |
//! |---|---|---|
//! | `A01` | input | a user who is there already or not at all, or is disabled |
//! | `A02` | input | a name of a user or partner that is none; a partner missing, or given to a role that has none |
//! | `A03` | input | a password that is too short, too long or cannot be typed everywhere |
//! | `A04` | fault | the account store or its key is damaged, missing, or not of this store |
//! | `A05` | input | a token that is not there, would live too long, or has a label that is none |
//! | `A06` | input | an agreement file is wrong |
//! | `A07` | policy | the agreement does not allow it, or there is none |
//! | `A08` | policy | the role does not allow it |
//! | `F01`, `F07` | fault | the file system or the system's random generator failed |

mod agreement;
mod entropy;
mod error;
mod login;
mod name;
mod role;
mod secret;
mod store;
mod token;
mod users;

pub use agreement::{Agreement, Agreements, Periods, Share, Use};
pub use error::{AccessError, Kind, Result};
pub use login::Scram;
pub use name::Name;
pub use role::{Act, Role};
pub use secret::{ITERATIONS, generate_password};
pub use store::Accounts;
pub use token::{Bearer, IssuedToken, NewToken, Scope, Scopes, Token};
pub use users::{NewUser, User};
