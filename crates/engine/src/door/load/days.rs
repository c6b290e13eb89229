//! The two tables of what people did: read, sort, seal by day.

use std::sync::Arc;

use tokio::sync::mpsc::unbounded_channel;

use super::Load;
use crate::door::Progress;
use crate::door::intake::Intake;
use crate::door::pack::{News, PackExec};
use crate::door::schema::Class;
use crate::door::seal::{DayWriter, PresenceSealer, VisitSealer};
use crate::door::sort::{SortLimits, TakeRows, run};
use crate::door::source::SourceFile;
use crate::error::Result;
use crate::vault::manifest::Days;

/// 16 MB: what one sorted stream needs to hold a few batches, twice each.
const STREAM_BYTES: u64 = 16_000_000;

impl Load<'_> {
    /// Seals the presence of people from event files.
    pub(super) fn presence(&mut self, files: &[SourceFile], intake: &Arc<Intake>) -> Result<Days> {
        let writer = DayWriter::new(self.batch, self.period, &intake.calendar);
        let mut sealer = PresenceSealer::new(writer);
        self.sort("events", files, intake, &mut |keys, _| sealer.take(keys))?;
        sealer.finish()
    }

    /// Seals the visits of people from web files.
    pub(super) fn visit(&mut self, files: &[SourceFile], intake: &Arc<Intake>) -> Result<Days> {
        let writer = DayWriter::new(self.batch, self.period, &intake.calendar);
        let mut sealer = VisitSealer::new(writer, &intake.calendar);
        self.sort("web", files, intake, &mut |keys, seconds| sealer.take(keys, seconds))?;
        self.book.fold(Class::Web, sealer.duplicates);
        sealer.finish()
    }

    /// Hands the rows of `files` to `take` in order.
    fn sort(
        &mut self,
        stage: &str,
        files: &[SourceFile],
        intake: &Arc<Intake>,
        take: &mut TakeRows<'_>,
    ) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let bytes_total = files.iter().map(|it| it.bytes).sum();
        let threads = self.instance.config.threads;
        let (news, heard) = unbounded_channel();
        let shares = usize::try_from(self.instance.config.memory / STREAM_BYTES).unwrap_or(threads);
        let partitions = threads.min(files.len()).min(shares).max(1);
        let pack =
            PackExec::new(files.to_vec(), Arc::clone(intake), news, partitions, stage == "web");
        let spill = self.batch.spill_dir();
        let limits = SortLimits { memory: self.instance.config.memory, threads, spill: &spill };
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
        run(pack, limits, heard, &mut hear, take)?;
        progress(Progress { stage, rows, bytes_done: bytes_total, bytes_total });
        tallies.sort_by_key(|it| it.0);
        for (file, tally) in tallies {
            if let Some(file) = files.get(file) {
                self.book.add(file, tally);
            }
        }
        Ok(())
    }
}
