//! One batch on its way in, step by step.
//!
//! Objections first, so that nobody who objected is ever loaded; then people, then where cells
//! stood, then what people did. Each step stages its files and notes them in the period's record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use reference::{Geography, SiteList};

use super::book::Book;
use super::calendar::Calendar;
use super::cells::{Cells, NewCells};
use super::contract::Contracts;
use super::countries::Countries;
use super::declare::Declaration;
use super::intake::{Intake, SealedSet};
use super::objectors::Objectors;
use super::people::People;
use super::pseudonym::Pseudonymiser;
use super::register::Register;
use super::report::IngestReport;
use super::rows::{Chunk, SourceRows};
use super::schema::Class;
use super::sensitive::{SensitivePlaces, Shut};
use super::site_list;
use super::source::SourceFile;
use super::tally::Tally;
use super::{Progress, Purpose};
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::keys::{PseudonymKey, random_name};
use crate::time::Period;
use crate::vault::Vault;
use crate::vault::batch::Batch;
use crate::vault::manifest::{Loaded, Manifest, PeriodRecord, TableRecord};
use crate::vault::table::read_persons;

mod days;
mod persons;
mod public;

/// What a batch works with and what it has done so far.
pub struct Load<'door> {
    instance: &'door Instance,
    vault: &'door Vault,
    batch: &'door Batch,
    declaration: Declaration,
    period: Period,
    calendar: Arc<Calendar>,
    purpose: Purpose,
    progress: &'door mut dyn FnMut(Progress<'_>),
    geography: Arc<Geography>,
    pseudonymiser: Pseudonymiser,
    objectors: Objectors,
    people: People<'door>,
    record: PeriodRecord,
    manifest: Manifest,
    book: Book,
    /// Rows of every sealed day, by table.
    day_rows: BTreeMap<&'static str, Vec<(String, u64)>>,
}

/// Where a batch comes from and goes to.
pub struct Setting<'door> {
    /// The instance.
    pub instance: &'door Instance,
    /// The vault as it is.
    pub vault: &'door Vault,
    /// Where files are staged.
    pub batch: &'door Batch,
    /// Which month and days it is for.
    pub declaration: Declaration,
    /// The columns that sources came with.
    pub contracts: Contracts,
    /// Whether anything is to be stored.
    pub purpose: Purpose,
    /// When the newest source that says who objects was written.
    pub as_of: Option<Timestamp>,
}

impl<'door> Load<'door> {
    /// Reads what earlier batches left.
    ///
    /// # Errors
    /// A fault when the vault cannot be read.
    pub fn begin(
        setting: Setting<'door>,
        progress: &'door mut dyn FnMut(Progress<'_>),
    ) -> Result<Self> {
        let Setting { instance, vault, batch, declaration, contracts, purpose, as_of } = setting;
        let period = declaration.period;
        let geography = vault.geography()?;
        let mut manifest = vault.manifest().clone();
        manifest.contracts = contracts;
        let mut record = vault.record(period);
        record.objections_as_of = as_of;
        let tables = record.pseudonyms.iter().map(|it| vault.present(it));
        let register = Register::read(&tables.collect::<Result<Vec<_>>>()?)?;
        let suppressed = record.suppressed.iter().map(|it| read_persons(&vault.present(it)?));
        let suppressed = suppressed.collect::<Result<Vec<_>>>()?.concat();
        let key = match purpose {
            Purpose::Load => PseudonymKey::of(instance, period),
            Purpose::Plan => PseudonymKey::or_passing(instance, period),
        };
        Ok(Self {
            instance,
            vault,
            batch,
            declaration,
            period,
            calendar: Arc::new(Calendar::new(period, &instance.zone())?),
            purpose,
            progress,
            geography,
            pseudonymiser: Pseudonymiser::new(&key?),
            objectors: Objectors::read(vault, instance)?,
            people: People::new(batch, period, register, suppressed),
            record,
            manifest,
            book: Book::default(),
            day_rows: BTreeMap::new(),
        })
    }

    /// Stages all files; returns what is to exist from now on, and the places of wrong rows.
    ///
    /// # Errors
    /// `I41` when too many rows are wrong, and whatever a step says.
    pub fn run(
        mut self,
        files: &[SourceFile],
        report: &mut IngestReport,
    ) -> Result<(Manifest, Book)> {
        let of = |class| files.iter().filter(move |it| it.mapping.class == class);
        let persons_before = self.record.persons;
        self.zones(of(Class::Zones))?;
        self.holidays(of(Class::Holidays))?;
        let postcodes = self.postcodes(of(Class::Postcodes))?;
        let countries = self.countries(of(Class::Countries))?;
        let population = self.population(of(Class::Population))?;
        let sites = self.sites(of(Class::Web))?;
        self.objections(of(Class::OptOut))?;
        report.sims_excluded = self.customers(of(Class::Customers), &postcodes)?;
        self.people_of_rows(of(Class::Web))?;
        let cells = self.cells(of(Class::Cells))?;
        let shut = self.sensitive_places(of(Class::SensitivePlaces))?.shut(cells.stays());
        report.areas_left_out = self.codes_of(&shut.districts);
        self.check_ready(files, &cells)?;
        let intake = self.intake(cells, shut, sites, countries.clone())?;
        self.presence(files, &intake, report)?;
        self.visit(files, &intake, report)?;
        match (self.book.check_shares(), self.purpose) {
            (Err(refusal), Purpose::Load) => return Err(refusal),
            (judged, _) => report.refused = judged.err().map(|it| it.to_string()),
        }
        self.book.report(report, &countries);
        report.quality.coverage = self.coverage(&population)?;
        for (table, rows) in std::mem::take(&mut self.day_rows) {
            let sealed = report.days_sealed.get(table).map_or(&[][..], Vec::as_slice);
            report.quality.compare(table, &rows, sealed);
        }
        report.people.new = self.record.persons - persons_before;
        report.people.total = self.record.persons;
        report.people.suppressed =
            u32::try_from(self.people.suppressed().len()).unwrap_or(u32::MAX);
        report.files_loaded = files.iter().map(|it| it.label.clone()).collect();
        self.finish(files, &report.batch)
    }

    fn finish(mut self, files: &[SourceFile], batch: &str) -> Result<(Manifest, Book)> {
        // What no scan reads leaves the snapshot as it is, and what was released of it paid for.
        let is_reference = |it: &SourceFile| it.mapping.class.is_reference();
        let holidays_before = self.vault.record(self.period).holidays;
        let same = files.iter().all(is_reference) && self.record.holidays == holidays_before;
        if !same || self.record.snapshot.is_empty() {
            self.record.snapshot = random_name()?;
        }
        self.record.batches.push(batch.to_owned());
        self.record.loaded.extend(files.iter().map(|file| Loaded {
            mapping: file.mapping.name.clone(),
            hash: file.hash.clone(),
            file: file.label.clone(),
            basis: file.mapping.basis.clone(),
        }));
        self.manifest.periods.insert(self.period.to_string(), self.record);
        Ok((self.manifest, self.book))
    }

    /// Reads a file to its end; a row is counted by `take`.
    fn read(
        &mut self,
        stage: &str,
        file: &SourceFile,
        mut take: impl FnMut(&mut Self, &Chunk, &mut Tally) -> Result<()>,
    ) -> Result<Tally> {
        let (mut rows, mut tally, mut seen) = (SourceRows::open(file)?, Tally::default(), 0);
        while let Some(chunk) = rows.next_chunk()? {
            chunk.note(&file.mapping, &mut tally);
            take(self, &chunk, &mut tally)?;
            seen += u64::try_from(chunk.rows).unwrap_or_default();
            (self.progress)(Progress {
                stage,
                rows: seen,
                bytes_done: rows.bytes_done(),
                bytes_total: file.bytes,
            });
        }
        (self.progress)(Progress {
            stage,
            rows: seen,
            bytes_done: file.bytes,
            bytes_total: file.bytes,
        });
        Ok(tally)
    }

    /// The public list of the batch, frozen when web records come for the first time.
    fn sites<'file>(&mut self, web: impl Iterator<Item = &'file SourceFile>) -> Result<SiteList> {
        let mut chosen = None;
        for file in web {
            let list = site_list::of(&file.mapping)?;
            if self.manifest.sites.is_none() {
                let path = self.batch.path("sites.csv")?;
                self.manifest.sites = Some(site_list::freeze(&list, &path)?);
            }
            if let Some(frozen) = &self.manifest.sites {
                site_list::check_frozen(frozen, &list, &file.mapping)?;
            }
            chosen = Some(list);
        }
        chosen.map_or_else(|| self.vault.sites(), Ok)
    }

    fn cells<'file>(&mut self, files: impl Iterator<Item = &'file SourceFile>) -> Result<Cells> {
        let mut cells = Cells::default();
        for stored in &self.record.cells {
            cells.read(&self.vault.present(stored)?)?;
        }
        for file in files {
            let (calendar, geography) = (Arc::clone(&self.calendar), Arc::clone(&self.geography));
            let mut new = NewCells::new(&calendar, &geography);
            let tally = self.read("cells", file, |_, chunk, tally| {
                new.take(chunk, tally);
                Ok(())
            })?;
            self.book.add(file, tally);
            let name = format!("{}/cells-{}.csv", self.period, self.record.cells.len());
            let path = self.batch.path(&name)?;
            self.record.cells.push(new.seal(name, &path, &mut cells)?);
        }
        Ok(cells)
    }

    /// All places where nobody is counted, those of earlier batches too.
    fn sensitive_places<'file>(
        &mut self,
        files: impl Iterator<Item = &'file SourceFile>,
    ) -> Result<SensitivePlaces> {
        let mut all = SensitivePlaces::default();
        for file in files {
            let mut new = SensitivePlaces::default();
            let tally = self.read("sensitive places", file, |_, chunk, tally| {
                new.take(chunk, tally);
                Ok(())
            })?;
            self.book.add(file, tally);
            let name = format!("{}/sensitive-{}.csv", self.period, self.record.sensitive.len());
            let path = self.batch.path(&name)?;
            self.record.sensitive.push(new.seal(name, &path)?);
            all.read(&path)?;
        }
        let known = self.vault.record(self.period).sensitive;
        known.iter().try_for_each(|it| all.read(&self.vault.present(it)?))?;
        Ok(all)
    }

    fn codes_of(&self, districts: &BTreeSet<u16>) -> Vec<String> {
        let district = |at: &u16| self.geography.districts.get(usize::from(*at));
        districts.iter().filter_map(district).map(|it| it.code.clone()).collect()
    }

    /// Rows of people need people, and events need places.
    fn check_ready(&self, files: &[SourceFile], cells: &Cells) -> Result<()> {
        let first = |class| files.iter().find(|it| it.mapping.class == class);
        let row = first(Class::Events).or(first(Class::Web));
        match (row, first(Class::Events)) {
            (Some(file), _) if self.record.persons == 0 => {
                Err(Error::input("I42", format!("nobody is loaded for {} yet", self.period))
                    .at(file.path.display())
                    .remedy("load the customer record of the period first, or in the same batch"))
            }
            (_, Some(file)) if cells.is_empty() => {
                Err(Error::input("I47", format!("no cell is known for {} yet", self.period))
                    .at(file.path.display())
                    .remedy("load the topology of cells first, or in the same batch"))
            }
            _ => Ok(()),
        }
    }

    /// What rows are held against; the register moves in, since people are settled now.
    fn intake(
        &mut self,
        cells: Cells,
        shut: Shut,
        sites: SiteList,
        countries: Countries,
    ) -> Result<Arc<Intake>> {
        let before = self.vault.record(self.period.before()?);
        let sealed = |now: &TableRecord, before: &TableRecord| {
            let is_in = |date: Date| {
                let days = if self.period.contains(date) { &now.days } else { &before.days };
                days.contains_key(&date.to_string())
            };
            SealedSet(self.calendar.set(is_in))
        };
        let presence = sealed(&self.record.presence, &before.presence);
        let visit = sealed(&self.record.visit, &before.visit);
        let register = self.people.seal(&mut self.record)?;
        self.instance.config.check_memory(register.bytes())?;
        Ok(Arc::new(Intake {
            pseudonymiser: self.pseudonymiser.clone(),
            register,
            suppressed: self.people.suppressed().iter().collect(),
            calendar: Arc::clone(&self.calendar),
            cells,
            shut,
            sites: Arc::new(sites),
            countries,
            presence,
            visit,
        }))
    }
}
