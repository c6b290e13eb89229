//! The two tables of what people did: read, sort, hold back, seal by day.

use std::sync::Arc;

use tokio::sync::mpsc::unbounded_channel;

use super::Load;
use crate::door::Progress;
use crate::door::calendar::DaySet;
use crate::door::held::Held;
use crate::door::intake::{Intake, SealedSet};
use crate::door::pack::{News, PackExec};
use crate::door::report::IngestReport;
use crate::door::rows::parts as parts_of;
use crate::door::schema::Class;
use crate::door::seal::{DayTable, DayWriter, PresenceSealer, PresenceTable, SealedDays};
use crate::door::seal::{VisitSealer, VisitTable};
use crate::door::sort::{SortLimits, TakeRows, run};
use crate::door::source::SourceFile;
use crate::door::tally::{Reason, Tally};
use crate::error::Result;
use crate::vault::manifest::TableRecord;
use crate::vault::table::row_count;

/// 48 MB: the program and its tables of reference.
const PROGRAM_BYTES: u64 = 48_000_000;

/// 16 MB: what one sorted stream needs to hold a few batches, twice each.
const STREAM_BYTES: u64 = 16_000_000;

impl Load<'_> {
    /// Seals the presence of people from event files.
    pub(super) fn presence(
        &mut self,
        files: &[SourceFile],
        intake: &Arc<Intake>,
        report: &mut IngestReport,
    ) -> Result<()> {
        let record = std::mem::take(&mut self.record.presence);
        let declared = self.declared(files, Class::Events, intake.presence);
        let writer = self.writer::<PresenceTable>(intake, declared);
        let mut sealer = PresenceSealer::new(writer, &intake.calendar, intake.cells.stays());
        let table = Table { class: Class::Events, name: PresenceTable::NAME, declared, record };
        let mut record =
            self.sort(table, files, intake, report, &mut |keys, stays| sealer.take(keys, stays))?;
        sealer.finish()?;
        for (reason, rows) in [
            (Reason::Duplicate, sealer.dropped.duplicates),
            (Reason::SameTimeElsewhere, sealer.dropped.elsewhere),
            (Reason::SuspiciousJump, sealer.dropped.jumps),
        ] {
            self.book.take_back(Class::Events, reason, rows);
        }
        self.note(&mut record, sealer.sealed()?, PresenceTable::NAME, report)?;
        self.record.presence = record;
        Ok(())
    }

    /// Seals the visits of people from web files.
    pub(super) fn visit(
        &mut self,
        files: &[SourceFile],
        intake: &Arc<Intake>,
        report: &mut IngestReport,
    ) -> Result<()> {
        let record = std::mem::take(&mut self.record.visit);
        let declared = self.declared(files, Class::Web, intake.visit);
        let writer = self.writer::<VisitTable>(intake, declared);
        let mut sealer = VisitSealer::new(writer, &intake.calendar);
        let table = Table { class: Class::Web, name: VisitTable::NAME, declared, record };
        let mut record = self
            .sort(table, files, intake, report, &mut |keys, seconds| sealer.take(keys, seconds))?;
        self.book.take_back(Class::Web, Reason::Duplicate, sealer.duplicates);
        self.note(&mut record, sealer.finish()?, VisitTable::NAME, report)?;
        self.record.visit = record;
        Ok(())
    }

    /// The days that this batch seals: those declared and not sealed yet; none without a file.
    fn declared(&self, files: &[SourceFile], class: Class, sealed: SealedSet) -> DaySet {
        if files.iter().all(|it| it.mapping.class != class) {
            return 0;
        }
        let days = self.declaration.days(files, class);
        self.calendar.set(|it| days.contains(&it)) & !sealed.0
    }

    fn writer<'door, T: DayTable>(
        &self,
        intake: &'door Intake,
        declared: DaySet,
    ) -> DayWriter<'door, T>
    where
        Self: 'door,
    {
        let number = self.record.batches.len();
        DayWriter::new(self.batch, self.period, &intake.calendar, declared, number)
    }

    /// Hands the rows of a table to `take` in order; returns its record with the rows held back.
    fn sort(
        &mut self,
        table: Table,
        files: &[SourceFile],
        intake: &Arc<Intake>,
        report: &mut IngestReport,
        take: &mut TakeRows<'_>,
    ) -> Result<TableRecord> {
        let Table { class, name, declared, mut record } = table;
        let files: Vec<SourceFile> =
            files.iter().filter(|it| it.mapping.class == class).cloned().collect();
        if files.is_empty() {
            return Ok(record);
        }
        let stage = class.name();
        let bytes_total = files.iter().map(|it| it.bytes).sum();
        let threads = self.instance.config.threads;
        let (news, heard) = unbounded_channel();
        let shares = usize::try_from(self.instance.config.memory / STREAM_BYTES).unwrap_or(threads);
        let partitions = threads.min(shares).max(1);
        // Fewer files than threads are read in parts.
        let count = if files.len() < partitions { partitions.div_ceil(files.len()) } else { 1 };
        let mut parts = Vec::new();
        let mut of_file = Vec::new();
        for (at, file) in files.iter().enumerate() {
            let own = if count > 1 { parts_of(file, count)? } else { vec![file.clone()] };
            of_file.extend(own.iter().map(|_| at));
            parts.extend(own);
        }
        let partitions = partitions.min(parts.len()).max(1);
        let waiting = record.held.take().map(|it| self.vault.present(&it)).transpose()?;
        let waiting = waiting.into_iter().collect();
        let pack = PackExec::new(parts, waiting, Arc::clone(intake), news, partitions);
        let spill = self.batch.spill_dir();
        // The register is in memory all the while, and a quarter is for readers and writers; sorting gets the
        // rest, and never less than an eighth.
        let all = self.instance.config.memory;
        let taken = intake.register.bytes() + PROGRAM_BYTES + all / 4;
        let memory = all.saturating_sub(taken).max(all / 8);
        let limits = SortLimits { memory, threads, spill: &spill };
        let (mut rows, mut bytes_done) = (0, 0);
        let mut tallies = Vec::new();
        let progress = &mut *self.progress;
        let mut hear = |it| {
            match it {
                News::Read { rows: more, bytes } => {
                    rows += more;
                    bytes_done += bytes;
                }
                News::Done { file, tally } => tallies.push((file, tally)),
            }
            progress(Progress { stage, rows, bytes_done, bytes_total });
        };
        let file = format!("{}/held-{name}-{}.parquet", self.period, self.record.batches.len());
        let mut held = Held::new(self.batch, file, declared);
        run(pack, limits, heard, &mut hear, &mut |keys, beside| held.part(keys, beside, take))?;
        progress(Progress { stage, rows, bytes_done: bytes_total, bytes_total });
        let mut by_file: Vec<Tally> = files.iter().map(|_| Tally::default()).collect();
        for (part, tally) in tallies {
            if let Some(whole) = of_file.get(part).and_then(|at| by_file.get_mut(*at)) {
                whole.join(&tally);
            }
        }
        for (file, tally) in files.iter().zip(by_file) {
            self.book.add(file, tally);
        }
        report.rows_held.insert(name, held.rows);
        record.held = held.finish()?;
        Ok(record)
    }

    /// Notes what was sealed, beside the days that were there.
    fn note(
        &mut self,
        record: &mut TableRecord,
        sealed: SealedDays,
        name: &'static str,
        report: &mut IngestReport,
    ) -> Result<()> {
        report.days_sealed.insert(name, sealed.days.keys().cloned().collect());
        report.days_late.insert(name, sealed.late.iter().map(|it| it.day.clone()).collect());
        let mut rows = sealed.rows;
        for (day, stored) in &record.days {
            rows.push((day.clone(), row_count(&self.vault.present(stored)?)?));
        }
        rows.sort();
        self.day_rows.insert(name, rows);
        record.days.extend(sealed.days);
        record.late.extend(sealed.late);
        Ok(())
    }
}

/// A table on its way.
struct Table {
    class: Class,
    name: &'static str,
    declared: DaySet,
    record: TableRecord,
}
