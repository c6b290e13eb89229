//! The tallies of a batch: by file for quarantine, by mapping for limits, by class for the report.

use std::collections::BTreeMap;
use std::path::Path;

use super::countries::Countries;
use super::mapping::Mapping;
use super::quality::Quality;
use super::quarantine::Quarantine;
use super::report::{FileReport, IngestReport, RowCount};
use super::schema::Class;
use super::source::SourceFile;
use super::tally::{Reason, Tally, write_quarantine};
use crate::error::{Error, Result};

/// What became of the rows of every file.
#[derive(Default)]
pub struct Book {
    files: Vec<(SourceFile, Tally)>,
    taken_back: BTreeMap<(Class, Reason), u64>,
}

impl Book {
    /// Notes a file.
    pub fn add(&mut self, file: &SourceFile, tally: Tally) {
        self.files.push((file.clone(), tally));
    }

    /// Notes rows of a class that are out for a reason that only sorting showed.
    pub fn take_back(&mut self, class: Class, reason: Reason, rows: u64) {
        if rows > 0 {
            *self.taken_back.entry((class, reason)).or_default() += rows;
        }
    }

    /// Holds each mapping to its share of wrong rows.
    ///
    /// # Errors
    /// `I41` when more are wrong than the mapping allows.
    pub fn check_shares(&self) -> Result<()> {
        let mut mappings = BTreeMap::<&str, (&Mapping, Tally)>::new();
        for (file, tally) in &self.files {
            let mapping = &*file.mapping;
            let entry = mappings.entry(&mapping.name).or_insert((mapping, Tally::default()));
            entry.1.count_in(tally);
        }
        for (mapping, tally) in mappings.values() {
            if tally.quarantined_share() <= mapping.bad_share_max {
                continue;
            }
            let reasons = tally.counts(true);
            let reasons = reasons.iter().map(|(reason, count)| format!("{reason} {count}"));
            let reasons = reasons.collect::<Vec<_>>().join(", ");
            let what = format!("too many rows are wrong: {reasons}, of {}", tally.read);
            let error = Error::input("I41", what)
                .at(self.first_place(mapping))
                .allowed(format!("max_bad_share = {} of the rows", mapping.bad_share_max))
                .remedy(
                    "mend the file or its mapping (are instants in milliseconds, is it the right month?); \
                     nothing of this batch was loaded",
                );
            return Err(error);
        }
        Ok(())
    }

    /// The first wrong row under a mapping.
    fn first_place(&self, mapping: &Mapping) -> String {
        let own = self.files.iter().filter(|it| it.0.mapping.name == mapping.name);
        let mut places = own.filter_map(|(file, tally)| {
            let (row, reason) = tally.first_example()?;
            let (mapping, file) = (mapping.path.display(), &file.label);
            Some(format!("{mapping}; first: {file} row {row}, {}", reason.name()))
        });
        places.next().unwrap_or_else(|| mapping.path.display().to_string())
    }

    /// Writes the counts of each class into a report.
    pub fn report(&self, report: &mut IngestReport, countries: &Countries) {
        let mut classes = BTreeMap::<Class, Tally>::new();
        report.files = self.files.iter().map(|(file, tally)| file_report(file, tally)).collect();
        for (file, tally) in &self.files {
            classes.entry(file.mapping.class).or_default().count_in(tally);
        }
        for (&(class, reason), &rows) in &self.taken_back {
            classes.entry(class).or_default().take_back(reason, rows);
        }
        report.quality = Quality::of(&classes, countries);
        for (class, tally) in classes {
            report.add_rows(class, &tally);
        }
    }

    /// Writes which rows wait, and the places of wrong ones.
    ///
    /// # Errors
    /// A fault when they cannot be written.
    pub fn write_quarantine(&self, folder: &Path, batch: &str, period: &str) -> Result<()> {
        let places: Vec<_> = self.files.iter().map(|it| (it.0.label.as_str(), &it.1)).collect();
        write_quarantine(folder, &places)?;
        let waiting: Vec<_> = self.files.iter().map(|it| (it.0.clone(), &it.1)).collect();
        Quarantine::write(folder, batch, period, &waiting)
    }
}

/// 5 rows a reason: enough to open the file at.
const EXAMPLES_SHOWN: usize = 5;

fn file_report(file: &SourceFile, tally: &Tally) -> FileReport {
    let mapping = &file.mapping;
    let quoted =
        mapping.constants.iter().map(|(name, value)| (name.clone(), format!("\"{value}\"")));
    let columns = mapping.columns.iter().map(|(name, column)| (name.clone(), column.clone()));
    FileReport {
        file: file.label.clone(),
        mapping: mapping.name.clone(),
        class: mapping.class.name(),
        basis: mapping.basis.clone(),
        columns: columns.chain(quoted).collect(),
        rows: RowCount::of(tally),
        examples: tally.examples(EXAMPLES_SHOWN),
    }
}
