//! A bar on a terminal, nothing elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::command::thousands;

/// The progress of one long step.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar for `what`; it stays hidden unless a terminal is attached to standard error.
    pub fn new(what: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let template = "{msg:<22} {bar:30} {percent:>3}%  {elapsed} elapsed, {eta} left  {prefix}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// `done` of `total`.
    pub fn at(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }

    /// How many rows a stage has read, and how many it reads a second.
    pub fn rows(&self, stage: &str, rows: u64) {
        let done = self.0.position();
        let each_second =
            if done == 0 { 0.0 } else { self.0.per_sec() / float(done) * float(rows) };
        let rows = thousands(rows);
        self.0.set_prefix(format!("{stage}: {rows} rows, {:.2} million/s", each_second / 1e6));
    }
}

#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "a rate, not a count")]
const fn float(count: u64) -> f64 {
    count as f64
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
