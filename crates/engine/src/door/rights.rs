//! What a person may ask of the operator: to be left out, erased, told what is stored, and how it stands.
//!
//! Objecting and being erased take effect at once: every later scan drops the person, no later load
//! brings the person in, in this period or another, and the rows go with the next purge. The raw id is
//! read once; what stays is a keyed hash in the list of objectors and, in each period, a pseudonym
//! that leads to nobody. A receipt holds no identifier. Source: UK GDPR articles 15, 17, 21; governance
//! G2, G7.

use jiff::Timestamp;
use serde::Serialize;

use super::calendar::Calendar;
use super::held::{self, WaitingRow};
use super::objectors::Objectors;
use super::people::{Changes, People, Target};
use super::pseudonym::Pseudonymiser;
use super::register::{ALWAYS, Register, Standing};
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::keys::{PseudonymKey, random_name};
use crate::time::{Clock, Period};
use crate::vault::batch::{Batch, sweep};
use crate::vault::lock::VaultLock;
use crate::vault::manifest::PeriodRecord;
use crate::vault::table::read_persons;
use crate::vault::{PersonCopy, Vault};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// To be left out from now on (article 21).
    Object,
    /// To be left out, and to have everything removed (article 17).
    Erase,
}

/// Proof that a request was done; it names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubjectReceipt {
    /// A random name.
    pub receipt: String,
    /// What was asked for.
    pub request: Request,
    /// When it took effect.
    pub at: String,
    /// The periods from whose every later scan the person is left out.
    pub periods: Vec<String>,
    /// Periods whose key is destroyed: nothing there can be linked to anybody any more.
    pub unlinkable: Vec<String>,
    /// What remains to be done.
    pub remaining: &'static str,
}

/// How a person stands in one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectState {
    /// Nothing is stored.
    Unknown,
    /// Rows are stored and counted.
    Counted,
    /// Known, and never counted: a child, a machine, a firm, no contract.
    Excluded,
    /// Objected: left out of every scan.
    LeftOut,
    /// The key is destroyed: nobody can tell.
    Unlinkable,
}

/// How a person stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubjectStatus {
    /// Whether the person is on the list of objectors.
    pub objected: bool,
    /// Period by period.
    pub periods: Vec<(String, SubjectState)>,
}

/// Everything that is stored about a person.
#[derive(Clone, Debug, Serialize)]
pub struct SubjectCopy {
    /// Whether the person is on the list of objectors.
    pub objected: bool,
    /// Period by period; none where nothing is stored or the key is destroyed.
    pub periods: Vec<(String, StoredCopy)>,
}

/// What is stored about a person in one period.
#[derive(Clone, Debug, Serialize)]
pub struct StoredCopy {
    /// What scans read.
    #[serde(flatten)]
    pub sealed: PersonCopy,
    /// Rows that wait for the batch that brings their day.
    pub waiting: Vec<WaitingRow>,
}

/// Leaves the subscriber `id` out of everything from now on.
///
/// # Errors
/// `I54` for an empty id; `I43` while an ingest runs; a fault of the machine, after which nothing changed.
pub fn leave_out(
    instance: &Instance,
    id: &str,
    request: Request,
    clock: &dyn Clock,
) -> Result<SubjectReceipt> {
    let id = checked(id)?;
    let _lock = VaultLock::take(instance)?;
    let vault = Vault::open(instance)?;
    sweep(&instance.vault_dir(), vault.manifest())?;
    let name = random_name()?;
    let batch = Batch::begin(&instance.vault_dir(), &name)?;
    let mut manifest = vault.manifest().clone();
    let mut objectors = Objectors::read(&vault, instance)?;
    objectors.add(id)?;
    manifest.objectors = Some(objectors.write(&batch, &name)?);
    let (mut periods, mut unlinkable) = (Vec::new(), Vec::new());
    for period in vault.periods()? {
        let Some(stand) = Stand::of(instance, &vault, period, id)? else {
            unlinkable.push(period.to_string());
            continue;
        };
        let mut record = stand.record;
        let mut people = People::new(&batch, period, stand.register, stand.suppressed);
        let changes = Changes {
            targets: vec![(stand.pseudonym, ALWAYS, Target::Known(Standing::OUT))],
            suppressed: stand.standings.iter().filter_map(|it| it.ordinal()).collect(),
            fresh: Vec::new(),
        };
        people.apply(changes, &mut record)?;
        people.seal(&mut record)?;
        record.batches.push(name.clone());
        record.snapshot = random_name()?;
        manifest.periods.insert(period.to_string(), record);
        periods.push(period.to_string());
    }
    batch.commit(&manifest)?;
    let at = clock.now();
    let at = Timestamp::from_second(at.as_second()).unwrap_or(at).to_string();
    let remaining = match request {
        Request::Object => "rows go with the next `quorate purge`",
        Request::Erase => "run `quorate purge`: until then rows exist, and no scan reads them",
    };
    Ok(SubjectReceipt { receipt: name, request, at, periods, unlinkable, remaining })
}

/// How the subscriber `id` stands.
///
/// # Errors
/// `I54` for an empty id; a fault of the machine.
pub fn status(instance: &Instance, id: &str) -> Result<SubjectStatus> {
    let id = checked(id)?;
    let vault = Vault::open(instance)?;
    let periods = vault.periods()?.into_iter().map(|period| {
        let stand = Stand::of(instance, &vault, period, id)?;
        Ok((period.to_string(), stand.map_or(SubjectState::Unlinkable, |it| it.state())))
    });
    Ok(SubjectStatus {
        objected: Objectors::read(&vault, instance)?.hold(id),
        periods: periods.collect::<Result<_>>()?,
    })
}

/// Everything that is stored about the subscriber `id`: of the whole person, with all SIMs.
///
/// # Errors
/// `I54` for an empty id; a fault of the machine.
pub fn export(instance: &Instance, id: &str) -> Result<SubjectCopy> {
    let id = checked(id)?;
    let vault = Vault::open(instance)?;
    let mut periods = Vec::new();
    for period in vault.periods()? {
        let stand = Stand::of(instance, &vault, period, id)?;
        let known = stand.map_or_else(Vec::new, |it| it.standings);
        let ordinals: Vec<u32> = known.iter().filter_map(|it| it.ordinal()).collect();
        if !ordinals.is_empty() {
            let calendar = Calendar::new(period, &instance.zone())?;
            let waiting = held::rows_of(&vault, &calendar, &vault.record(period), &ordinals)?;
            let sealed = vault.copy_of(period, &ordinals)?;
            periods.push((period.to_string(), StoredCopy { sealed, waiting }));
        }
    }
    Ok(SubjectCopy { objected: Objectors::read(&vault, instance)?.hold(id), periods })
}

fn checked(id: &str) -> Result<&str> {
    let id = id.trim();
    if id.is_empty() {
        return Err(Error::input("I54", "there is no subscriber id")
            .allowed("one id, as the operator's files write it, on standard input"));
    }
    Ok(id)
}

/// A subscriber in one period.
struct Stand {
    pseudonym: u128,
    record: PeriodRecord,
    register: Register,
    standings: Vec<Standing>,
    suppressed: Vec<u32>,
}

impl Stand {
    /// `None` when the key of the period is destroyed.
    fn of(instance: &Instance, vault: &Vault, period: Period, id: &str) -> Result<Option<Self>> {
        let key = match PseudonymKey::of(instance, period) {
            Err(cause) if cause.code() == "I48" => return Ok(None),
            key => key?,
        };
        let record = vault.record(period);
        let tables = record.pseudonyms.iter().map(|it| vault.present(it));
        let register = Register::read(&tables.collect::<Result<Vec<_>>>()?)?;
        let pseudonym = Pseudonymiser::new(&key).subscriber(id);
        let standings = register.find(pseudonym).into_iter().map(|it| it.1).collect();
        let suppressed = record.suppressed.iter().map(|it| read_persons(&vault.present(it)?));
        let suppressed = suppressed.collect::<Result<Vec<_>>>()?.concat();
        Ok(Some(Self { pseudonym, record, register, standings, suppressed }))
    }

    fn state(&self) -> SubjectState {
        let counted = |it: &Standing| it.ordinal().is_some_and(|it| !self.suppressed.contains(&it));
        if self.standings.iter().any(counted) {
            SubjectState::Counted
        } else if self.standings.iter().any(|it| *it == Standing::OUT || it.ordinal().is_some()) {
            SubjectState::LeftOut
        } else if self.standings.is_empty() {
            SubjectState::Unknown
        } else {
            SubjectState::Excluded
        }
    }
}
