//! The life of pseudonym keys: one a period, destroyed when no late row can come any more.
//!
//! Without its key a period's pseudonyms lead to nobody, for the operator as for anybody else. A
//! destroyed key leaves a tombstone, so that no second key is ever made for its period: one person
//! would be two. The tombstone is durable before the key is gone; a crash between the two leaves a
//! key that is refused, and the next `destroy` removes it. Source: interfaces (identity).

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

use super::PseudonymKey;
use crate::error::{Error, Result, io_error};
use crate::instance::Instance;
use crate::time::Period;

/// Whether rows of a period can still be pseudonymised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// The key is there.
    Live,
    /// It is gone for good.
    Destroyed,
}

/// The pseudonym key of one period, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyRecord {
    /// The period.
    pub period: String,
    /// Whether it is there.
    pub state: KeyState,
    /// The last day on which late rows are taken.
    pub open_until: String,
    /// The day of its destruction.
    pub destroyed_on: Option<String>,
}

/// What [`rotate`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rotation {
    /// The period whose key was made.
    pub made: Option<String>,
    /// The periods whose keys were destroyed.
    pub destroyed: Vec<String>,
}

/// The keys of all periods, oldest first.
///
/// # Errors
/// A fault when the folder of keys cannot be read.
pub fn list(instance: &Instance) -> Result<Vec<KeyRecord>> {
    let folder = instance.keys_dir()?;
    let listed = fs::read_dir(&folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let listed = listed.map_err(|cause| io_error("list", &folder, &cause))?;
    let mut periods: Vec<Period> =
        listed.iter().filter_map(|it| period_of(&it.file_name().to_string_lossy())).collect();
    periods.sort();
    periods.dedup();
    periods.into_iter().map(|period| record(instance, &folder, period)).collect()
}

fn record(instance: &Instance, folder: &Path, period: Period) -> Result<KeyRecord> {
    let destroyed_on = destroyed_on(folder, period)?;
    Ok(KeyRecord {
        period: period.to_string(),
        state: if destroyed_on.is_some() { KeyState::Destroyed } else { KeyState::Live },
        open_until: open_until(instance, period)?.to_string(),
        destroyed_on,
    })
}

/// Destroys the key of `period`, whose late-data window must be over unless `early` says otherwise.
///
/// # Errors
/// `I48` when there is no key, `P07` when late rows may still come; a fault of the machine.
pub fn destroy(instance: &Instance, period: Period, today: Date, early: Early) -> Result<()> {
    let folder = instance.keys_dir()?;
    let key = folder.join(format!("pseudonym-{period}.key"));
    if !key.exists() && destroyed_on(&folder, period)?.is_none() {
        let periods: Vec<String> = list(instance)?.into_iter().map(|it| it.period).collect();
        return Err(Error::input("I48", format!("there is no key of {period}"))
            .at(folder.display())
            .allowed(if periods.is_empty() {
                "no key was made yet".into()
            } else {
                periods.join(", ")
            }));
    }
    let until = open_until(instance, period)?;
    if today <= until && early == Early::Refused {
        return Err(Error::policy("P07", format!("late rows of {period} are taken until {until}"))
            .remedy("wait until then, or say --early: rows that come later are lost"));
    }
    let tombstone = tombstone(&folder, period);
    let bury = || {
        if !tombstone.exists() {
            let mut file = OpenOptions::new().write(true).create_new(true).open(&tombstone)?;
            writeln!(file, "{today}")?;
            file.sync_all()?;
            File::open(&folder)?.sync_all()?;
        }
        if key.exists() {
            // On most disks the old bytes are overwritten; on all of them the name is gone.
            let mut file = OpenOptions::new().write(true).open(&key)?;
            file.write_all(&[0; 32])?;
            file.sync_all()?;
            fs::remove_file(&key)?;
        }
        File::open(&folder)?.sync_all()
    };
    bury().map_err(|cause| io_error("destroy", &key, &cause))
}

/// Whether a key may be destroyed while late rows may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Early {
    /// It may.
    Allowed,
    /// It may not.
    Refused,
}

/// Makes the key of the present period and destroys every key whose window is over.
///
/// # Errors
/// A fault of the machine.
pub fn rotate(instance: &Instance, today: Date) -> Result<Rotation> {
    let mut rotation = Rotation::default();
    let present = Period::of(today);
    let before = list(instance)?;
    if !before.iter().any(|it| it.period == present.to_string()) {
        PseudonymKey::of(instance, present)?;
        rotation.made = Some(present.to_string());
    }
    for key in before.into_iter().filter(|it| it.state == KeyState::Live) {
        let period: Period = key.period.parse()?;
        if open_until(instance, period)? < today {
            destroy(instance, period, today, Early::Refused)?;
            rotation.destroyed.push(key.period);
        }
    }
    Ok(rotation)
}

/// Refuses a period whose key is gone.
pub(super) fn check_not_destroyed(folder: &Path, period: Period) -> Result<()> {
    match destroyed_on(folder, period)? {
        None => Ok(()),
        Some(day) => {
            Err(Error::input("I48", format!("the key of {period} was destroyed on {day}")).remedy(
                "rows of that month cannot be loaded any more; its releases stay as they are",
            ))
        }
    }
}

fn destroyed_on(folder: &Path, period: Period) -> Result<Option<String>> {
    let path = tombstone(folder, period);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(io_error("read", &path, &cause)),
    }
}

fn tombstone(folder: &Path, period: Period) -> PathBuf {
    folder.join(format!("pseudonym-{period}.destroyed"))
}

fn period_of(name: &str) -> Option<Period> {
    let rest = name.strip_prefix("pseudonym-")?;
    rest.strip_suffix(".key").or_else(|| rest.strip_suffix(".destroyed"))?.parse().ok()
}

/// The last day of the late-data window.
fn open_until(instance: &Instance, period: Period) -> Result<Date> {
    let days = i64::from(instance.config.late_days);
    let last = period.first_day().last_of_month().checked_add(days.days());
    last.map_err(|cause| Error::fault("F02", format!("period {period}: {cause}")))
}
