//! Who calls: Basic and Bearer in the header `authorization`.
//!
//! A handshake with a password gives a token that lasts as long as the program and the password, at most a day; an API
//! token is as good.
//! Source: client rule 6; RFC 7617, RFC 6750.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use access::{User, generate_password};
use tonic::Status;

use super::status;
use crate::basic::name_and_password;
use crate::service::{Service, of_access};

/// A day: then a client logs in again.
const LASTS: Duration = Duration::from_hours(24);

/// 10,000 logins are known at a time; the oldest go first.
const MOST: usize = 10_000;

/// The logins that were begun: by a hash of the token, so that none can be read from memory by its name.
#[derive(Default)]
pub struct Logins(Mutex<BTreeMap<[u8; 32], Begun>>);

/// A login that was begun.
#[derive(Clone)]
struct Begun {
    at: Instant,
    name: String,
    /// Of the password that was shown: each has its own.
    salt: Vec<u8>,
}

impl Logins {
    /// Begins a login; returns its token.
    ///
    /// # Errors
    /// A header that lets nobody in.
    pub async fn begin(&self, service: &'static Service, header: &str) -> Result<String, Status> {
        let (user, _) = self.who(service, header).await?;
        if let Some((scheme, token)) = header.split_once(' ')
            && scheme.eq_ignore_ascii_case("bearer")
        {
            // A token stays what it is: a handshake makes no more of it.
            return Ok(token.trim().to_owned());
        }
        let name = user.name.to_string();
        let salt = salt(service, &name)?;
        let token = generate_password().map_err(|it| status(&of_access(it)))?.to_string();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, it| it.at.elapsed() < LASTS);
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|it| it.1.at).map(|it| *it.0)
        {
            all.remove(&oldest);
        }
        all.insert(hash(&token), Begun { at: Instant::now(), name, salt });
        Ok(token)
    }

    /// Who calls, and whether it may be for charged questions.
    ///
    /// # Errors
    /// A header that lets nobody in.
    pub async fn who(
        &self,
        service: &'static Service,
        header: &str,
    ) -> Result<(User, bool), Status> {
        let nobody = || Status::unauthenticated("the login failed: user, password or token");
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            let (name, password) = name_and_password(rest).ok_or_else(nobody)?;
            let user = service.by_password(&name, &password).await.map_err(|it| status(&it))?;
            return Ok((user.ok_or_else(nobody)?, true));
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(nobody());
        }
        let known = {
            let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.get(&hash(rest.trim())).filter(|it| it.at.elapsed() < LASTS).cloned()
        };
        if let Some(begun) = known {
            // Whoever was disabled since, or has another password, is let in no more.
            if salt(service, &begun.name)? != begun.salt {
                return Err(nobody());
            }
            return service.user(&begun.name).map(|it| (it, true)).map_err(|it| status(&it));
        }
        service.by_token(rest.trim()).map_err(|it| status(&it))?.ok_or_else(nobody)
    }
}

/// The salt of a user's password.
fn salt(service: &'static Service, name: &str) -> Result<Vec<u8>, Status> {
    let scram = service.accounts().scram(name);
    scram.map(|it| it.salt).map_err(|it| status(&of_access(it)))
}

fn hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}
