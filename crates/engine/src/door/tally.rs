//! What became of the rows: counted by reason, with a few places to look at.
//!
//! An example is a file, a row number and a column: never a value, since a wrongly mapped column
//! may hold ids. The row itself stays in the operator's file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use roaring::RoaringTreemap;

use super::report::Examples;
use crate::error::{Error, Result, io_error};

/// 1,000 places a reason: enough to find the cause.
const EXAMPLES_MAX: usize = 1_000;

/// Why a row is not in the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The subscriber id is empty.
    NullId,
    /// No customer record has this subscriber.
    UnknownSubscriber,
    /// The subscriber is known and out: objected, a child, a machine.
    ExcludedSubscriber,
    /// The instant cannot be read.
    BadTime,
    /// The instant lies outside the period.
    OutsidePeriod,
    /// The number was nobody's on that day: between two contracts.
    NoContract,
    /// No customer record, and of a network abroad.
    VisitorFromAbroad,
    /// The day was sealed by an earlier batch.
    LateRow,
    /// No topology has this cell.
    UnknownCell,
    /// The cell did not stand there on that day.
    CellNotValid,
    /// A cell's place cannot be read or lies far from every postcode sector.
    BadPlace,
    /// The cell sees a place where nobody is to be counted.
    SensitivePlace,
    /// In the same second at places over 10 km apart.
    SameTimeElsewhere,
    /// Away over 10 km and back at over 55 m/s.
    SuspiciousJump,
    /// A column that was never there has a value.
    OffContract,
    /// The same row again.
    Duplicate,
    /// The host carries a path or a query.
    HostWithPath,
    /// The host is not the name of a site.
    BadHost,
    /// The record shows no host: its name was encrypted. What is stored is that there was one.
    HostNotVisible,
    /// The site is not on the public list.
    UnlistedSite,
    /// The site is on the list as sensitive.
    SensitiveSite,
    /// The person did not consent.
    NoConsent,
    /// No zone of the geography has this code.
    UnknownZone,
    /// No country has this code.
    UnknownCountry,
    /// Not a number of people, or of no age band.
    BadCount,
    /// Residents under 18.
    UnderAge,
}

impl Reason {
    /// All, in the order of reports.
    pub const ALL: [Self; 26] = [
        Self::NullId,
        Self::UnknownSubscriber,
        Self::ExcludedSubscriber,
        Self::NoContract,
        Self::VisitorFromAbroad,
        Self::BadTime,
        Self::OutsidePeriod,
        Self::LateRow,
        Self::UnknownCell,
        Self::CellNotValid,
        Self::BadPlace,
        Self::SensitivePlace,
        Self::SameTimeElsewhere,
        Self::SuspiciousJump,
        Self::OffContract,
        Self::Duplicate,
        Self::HostWithPath,
        Self::BadHost,
        Self::HostNotVisible,
        Self::UnlistedSite,
        Self::SensitiveSite,
        Self::NoConsent,
        Self::UnknownZone,
        Self::UnknownCountry,
        Self::BadCount,
        Self::UnderAge,
    ];

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NullId => "null_id",
            Self::UnknownSubscriber => "unknown_subscriber",
            Self::ExcludedSubscriber => "excluded_subscriber",
            Self::BadTime => "bad_time",
            Self::OutsidePeriod => "outside_period",
            Self::NoContract => "no_contract",
            Self::VisitorFromAbroad => "visitor_from_abroad",
            Self::LateRow => "late_row",
            Self::UnknownCell => "unknown_cell",
            Self::CellNotValid => "cell_not_valid",
            Self::BadPlace => "bad_place",
            Self::SensitivePlace => "sensitive_place",
            Self::SameTimeElsewhere => "same_time_elsewhere",
            Self::SuspiciousJump => "suspicious_jump",
            Self::OffContract => "off_contract",
            Self::Duplicate => "duplicate",
            Self::HostWithPath => "host_with_path",
            Self::BadHost => "bad_host",
            Self::HostNotVisible => "host_not_visible",
            Self::UnlistedSite => "unlisted_site",
            Self::SensitiveSite => "sensitive_site",
            Self::NoConsent => "no_consent",
            Self::UnknownZone => "unknown_zone",
            Self::UnknownCountry => "unknown_country",
            Self::BadCount => "bad_count",
            Self::UnderAge => "under_age",
        }
    }

    /// Whether the row is wrong, and so quarantined; the others are dropped by rule.
    #[must_use]
    pub const fn is_quarantined(self) -> bool {
        !matches!(
            self,
            Self::ExcludedSubscriber
                | Self::NoContract
                | Self::VisitorFromAbroad
                | Self::LateRow
                | Self::SensitivePlace
                | Self::SameTimeElsewhere
                | Self::SuspiciousJump
                | Self::OffContract
                | Self::Duplicate
                | Self::HostNotVisible
                | Self::UnlistedSite
                | Self::SensitiveSite
                | Self::NoConsent
                | Self::UnderAge
        )
    }

    /// Whether the row may get in later: when something was mended, or into the next period.
    #[must_use]
    pub const fn waits(self) -> bool {
        self.is_quarantined() || matches!(self, Self::LateRow)
    }

    /// The column that shows it.
    const fn column(self) -> &'static str {
        match self {
            Self::NullId | Self::UnknownSubscriber => "subscriber_id",
            Self::BadTime | Self::OutsidePeriod => "time",
            Self::UnknownCell | Self::CellNotValid => "cell_id",
            Self::BadPlace => "latitude, longitude",
            Self::HostWithPath | Self::BadHost => "host",
            Self::UnknownCountry => "mcc",
            Self::BadCount => "people, age_band",
            _ => "",
        }
    }
}

/// What became of the rows of one file.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Rows read.
    pub read: u64,
    /// Rows that went on.
    pub kept: u64,
    counts: BTreeMap<Reason, u64>,
    waiting: BTreeMap<Reason, RoaringTreemap>,
    nulls: BTreeMap<&'static str, u64>,
    visitors: BTreeMap<i64, u64>,
}

impl Tally {
    /// Counts a row that goes on, or one that does not.
    pub fn add<T>(&mut self, row: u64, outcome: Result<T, Reason>) -> Option<T> {
        self.read += 1;
        match outcome {
            Ok(kept) => {
                self.kept += 1;
                Some(kept)
            }
            Err(reason) => {
                *self.counts.entry(reason).or_default() += 1;
                if reason.waits() {
                    self.waiting.entry(reason).or_default().insert(row);
                }
                None
            }
        }
    }

    /// Takes `count` kept rows back for a reason that shows later.
    pub fn take_back(&mut self, reason: Reason, count: u64) {
        self.kept = self.kept.saturating_sub(count);
        if count > 0 {
            *self.counts.entry(reason).or_default() += count;
        }
    }

    /// The counts of one fate, by name.
    #[must_use]
    pub fn counts(&self, quarantined: bool) -> BTreeMap<&'static str, u64> {
        let chosen = self.counts.iter().filter(|it| it.0.is_quarantined() == quarantined);
        chosen.map(|(reason, count)| (reason.name(), *count)).collect()
    }

    /// The numbers of rows that may get in later, by reason.
    #[must_use]
    pub const fn waiting(&self) -> &BTreeMap<Reason, RoaringTreemap> {
        &self.waiting
    }

    /// Notes how many values of a column are absent or cannot be read.
    pub fn add_nulls(&mut self, column: &'static str, nulls: u64) {
        *self.nulls.entry(column).or_default() += nulls;
    }

    /// Values that are absent or cannot be read, by column.
    #[must_use]
    pub const fn nulls(&self) -> &BTreeMap<&'static str, u64> {
        &self.nulls
    }

    /// Notes a row of a visitor from the country with this network code.
    pub fn add_visitor(&mut self, mcc: i64) {
        *self.visitors.entry(mcc).or_default() += 1;
    }

    /// Rows of visitors, by network code of their country.
    #[must_use]
    pub const fn visitors(&self) -> &BTreeMap<i64, u64> {
        &self.visitors
    }

    /// How many rows are out for a reason.
    #[must_use]
    pub fn count(&self, reason: Reason) -> u64 {
        self.counts.get(&reason).copied().unwrap_or_default()
    }

    /// The share of rows that are wrong.
    #[must_use]
    #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "a share, not a count")]
    pub fn quarantined_share(&self) -> f64 {
        let wrong: u64 = self.counts(true).values().sum();
        wrong as f64 / self.read.max(1) as f64
    }

    /// Adds what became of the rows of another part of the same file.
    pub fn join(&mut self, other: &Self) {
        self.count_in(other);
        for (reason, rows) in &other.waiting {
            *self.waiting.entry(*reason).or_default() |= rows;
        }
    }

    /// Adds the counts of another file; examples stay with their file.
    pub fn count_in(&mut self, other: &Self) {
        self.read += other.read;
        self.kept += other.kept;
        for (column, nulls) in &other.nulls {
            self.add_nulls(column, *nulls);
        }
        for (mcc, rows) in &other.visitors {
            *self.visitors.entry(*mcc).or_default() += rows;
        }
        for (reason, count) in &other.counts {
            *self.counts.entry(*reason).or_default() += count;
        }
    }

    /// The first `most` wrong rows of each reason.
    #[must_use]
    pub fn examples(&self, most: usize) -> BTreeMap<&'static str, Examples> {
        let of = |(reason, rows): (&Reason, &RoaringTreemap)| {
            let rows: Vec<u64> = rows.iter().take(most).collect();
            (reason.name(), Examples { column: reason.column(), rows })
        };
        self.waiting.iter().filter(|it| it.0.is_quarantined()).map(of).collect()
    }

    /// The first wrong row and why, for an error.
    #[must_use]
    pub fn first_example(&self) -> Option<(u64, Reason)> {
        let wrong = self.waiting.iter().filter(|it| it.0.is_quarantined());
        wrong.filter_map(|(reason, rows)| Some((rows.min()?, *reason))).min()
    }
}

/// Writes the places of wrong rows, `<reason>.csv` each.
///
/// # Errors
/// A fault when the folder cannot be written.
pub fn write_quarantine(folder: &Path, files: &[(&str, &Tally)]) -> Result<()> {
    for reason in Reason::ALL.into_iter().filter(|it| it.is_quarantined()) {
        let places = files.iter().flat_map(|(file, tally)| {
            tally.waiting.get(&reason).into_iter().flatten().map(move |row| (*file, row))
        });
        let places: Vec<_> = places.take(EXAMPLES_MAX).collect();
        if places.is_empty() {
            continue;
        }
        fs::create_dir_all(folder).map_err(|cause| io_error("create", folder, &cause))?;
        let path = folder.join(format!("{}.csv", reason.name()));
        let write = || -> Result<(), csv::Error> {
            let mut out = csv::Writer::from_path(&path)?;
            out.write_record(["file", "row", "column"])?;
            for (file, row) in &places {
                out.write_record([file, row.to_string().as_str(), reason.column()])?;
            }
            Ok(out.flush()?)
        };
        write().map_err(|cause| {
            Error::fault("F01", format!("cannot write: {cause}")).at(path.display())
        })?;
    }
    Ok(())
}
