//! Workers take blocks and hand them in; files get them in order.
//!
//! A worker that is ahead waits when too many blocks are waiting already, so memory stays flat. The
//! block whose turn it is never waits, so there is always one that goes on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::block::{Made, Maker};
use super::files::{Encoded, Files};
use super::{Progress, SimulateError};
use crate::blocks::Block;

/// Blocks that may wait for their turn, for each worker.
const WAITING: usize = 1;

/// Blocks on their way from workers to files.
pub(super) struct HandOver<'blocks> {
    blocks: &'blocks [Block],
    workers: usize,
    /// Which block the next free worker takes.
    free: AtomicUsize,
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    files: Files,
    /// The block whose turn it is.
    turn: u32,
    waiting: BTreeMap<u32, Encoded>,
    /// Nothing more is to be made: an error, or a worker that died.
    stopped: bool,
    error: Option<SimulateError>,
}

impl<'blocks> HandOver<'blocks> {
    pub fn new(files: Files, blocks: &'blocks [Block], workers: usize) -> Self {
        let state = State { files, turn: 0, waiting: BTreeMap::new(), stopped: false, error: None };
        let workers = workers.clamp(1, blocks.len().max(1));
        let (free, state, moved) = (AtomicUsize::new(0), Mutex::new(state), Condvar::new());
        Self { blocks, workers, free, state, moved }
    }

    /// Makes all blocks, with one maker for each worker; returns the files, and what makers counted.
    pub fn run<'world>(
        self,
        maker: impl Fn() -> Maker<'world> + Sync,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<(Files, Vec<Made>), SimulateError> {
        let work = || {
            let alive = Alive(&self);
            let mut maker = maker();
            while let Some(block) = self.blocks.get(self.free.fetch_add(1, Ordering::Relaxed)) {
                if !self.hand_in(block.number, maker.make(block), progress) {
                    break;
                }
            }
            drop(alive);
            maker.made()
        };
        let made = std::thread::scope(|scope| {
            let others: Vec<_> = (1..self.workers).map(|_| scope.spawn(work)).collect();
            let own = work();
            others.into_iter().filter_map(|it| it.join().ok()).chain([own]).collect()
        });
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        match state.error {
            Some(error) => Err(error),
            None => Ok((state.files, made)),
        }
    }

    /// Hands in a block; whether to go on.
    fn hand_in(
        &self,
        number: u32,
        block: Result<Encoded, SimulateError>,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> bool {
        let mut state = self.state();
        match block {
            Ok(block) => {
                let room = self.workers * WAITING;
                while !state.stopped && number != state.turn && state.waiting.len() >= room {
                    state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                state.waiting.insert(number, block);
                while let Some(block) = Some(state.turn).and_then(|it| state.waiting.remove(&it)) {
                    if let Err(error) = state.files.append(block) {
                        state.stop(error);
                        break;
                    }
                    state.turn += 1;
                    let total = u64::try_from(self.blocks.len()).unwrap_or_default() + 1;
                    progress(Progress { done: state.turn.into(), total });
                }
            }
            Err(error) => state.stop(error),
        }
        self.moved.notify_all();
        !state.stopped
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn stop(&mut self, error: SimulateError) {
        self.stopped = true;
        self.error.get_or_insert(error);
    }
}

/// Lets nobody wait for the block of a worker that died.
struct Alive<'run, 'blocks>(&'run HandOver<'blocks>);

impl Drop for Alive<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.state().stopped = true;
            self.0.moved.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::Who;
    use crate::world::Format;
    use crate::world::files::Tables;

    #[test]
    fn a_worker_that_waits_for_its_turn_learns_of_an_error() {
        let folder = tempfile::TempDir::new().unwrap();
        let tables = Tables::new(Format::Csv).unwrap();
        let files = Files::create(&tables, folder.path(), &[]).unwrap();
        let blocks = [0; 8].map(|_| Block { number: 0, who: Who::Visitors(0..0) });
        let hand_over = HandOver::new(files, &blocks, 1);
        let ahead = |number| hand_over.hand_in(number, Ok(Encoded::default()), &|_| ());
        std::thread::scope(|scope| {
            // One may wait; the second waits for room until it is told to stop.
            let ahead = scope.spawn(|| [3, 4].map(ahead));
            assert!(!hand_over.hand_in(0, Err(SimulateError::TooFew(0)), &|_| ()));
            assert!(!ahead.join().unwrap()[1]);
        });
    }
}
