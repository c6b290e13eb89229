//! Logging in by password: over SCRAM, or with the password itself.
//!
//! Whoever asks learns of no name whether it is a user's: for a name that is nobody's there is a
//! salt too, the same at every call, and the same work is done. A disabled user keeps the salt that
//! clients have seen, and has a secret that nobody knows.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::entropy;
use crate::error::Result;
use crate::secret::{self, Salted};
use crate::store::Accounts;
use crate::users::{COLUMNS, Secret, User};

/// What the server's half of SCRAM-SHA-256 needs. No `Debug`, `Display` or `Serialize`: the salted
/// password is as good as the password.
pub struct Scram {
    /// The salt that the client is told.
    pub salt: Vec<u8>,
    /// The iterations that the client is told.
    pub iterations: u32,
    /// RFC 5802's `SaltedPassword`; wiped when it is dropped.
    pub salted_password: Zeroizing<[u8; 32]>,
}

/// Who would log in, and what to hold the password against.
struct Candidate {
    /// `None` for whoever must not get in.
    user: Option<User>,
    scram: Scram,
}

impl Accounts {
    /// What SCRAM needs to let `name` in, or, for a name that is nobody's or disabled, what lets
    /// nobody in and looks the same.
    ///
    /// # Errors
    /// A fault when the store cannot be read or the system's random generator fails.
    pub fn scram(&self, name: &str) -> Result<Scram> {
        Ok(self.candidate(name)?.scram)
    }

    /// The user called `name`, if the password is right and the user is not disabled.
    ///
    /// It does the work of [`crate::ITERATIONS`] whatever the answer: a few milliseconds of one
    /// core, so call it where that blocks nobody, and limit how often one peer may try.
    ///
    /// # Errors
    /// A fault when the store cannot be read or the system's random generator fails.
    pub fn check_password(&self, name: &str, password: &str) -> Result<Option<User>> {
        let Candidate { user, scram } = self.candidate(name)?;
        let given = secret::salted(password, &scram.salt, scram.iterations);
        let right = given.ct_eq(scram.salted_password.as_slice());
        Ok(user.filter(|_| bool::from(right)))
    }

    fn candidate(&self, name: &str) -> Result<Candidate> {
        let sql = format!(
            "SELECT {COLUMNS}, salt, iterations, secret, 1 AS known FROM user WHERE name = ?1
                 UNION ALL {NOBODY} ORDER BY known DESC LIMIT 1"
        );
        let (user, secret) = self.read(|connection| {
            connection.prepare(&sql)?.query_row([name], |row| {
                let secret =
                    Secret { salt: row.get(5)?, iterations: row.get(6)?, sealed: row.get(7)? };
                let (user, known) = (User::from_row(row)?, row.get::<_, bool>(8)?);
                Ok((Some(user).filter(|_| known), secret))
            })
        })?;
        // For everybody, so that the work is the same.
        let nobody: Salted = Zeroizing::new(entropy::fresh()?);
        let salt = self.key.salt_of_nobody(name).to_vec();
        let sealed = self.key.seal(name, &nobody)?;
        let decoy = Secret { salt, iterations: self.iterations, sealed };

        let secret = if user.is_some() { secret } else { decoy };
        let salted = self.key.unseal(name, &secret.sealed)?;
        let user = user.filter(|it| it.disabled.is_none());
        let salted_password = if user.is_some() { salted } else { nobody };
        let scram = Scram { salt: secret.salt, iterations: secret.iterations, salted_password };
        Ok(Candidate { user, scram })
    }
}

/// The row that is read when there is none, so that reading takes as long; nothing of it is used.
const NOBODY: &str = "SELECT 'nobody', 'buyer', 'nobody', '2026-11-26T12:00:00.123456789Z', NULL,
    zeroblob(16), 0, zeroblob(72), 0";

#[cfg(test)]
mod tests;
