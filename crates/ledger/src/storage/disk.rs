//! A disk in memory that fails at a chosen step and forgets what was not made durable.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Image, Place, Storage};
use crate::anchor::Anchor;
use crate::error::LedgerError;

/// What a failing step leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Undone,
    Half,
    Done,
}

/// How much of what was never made durable a loss of power leaves behind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kept {
    Nothing,
    Half,
    All,
}

/// Which step fails (from 0), how, and whether the process dies of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trouble {
    pub step: usize,
    pub fault: Fault,
    pub deadly: bool,
}

#[derive(Default)]
struct State {
    now: Image,
    durable: Vec<u8>,
    steps: usize,
    trouble: Option<Trouble>,
    forgets_to_sync: bool,
}

/// A handle; clones share the disk, as one process after another does.
#[derive(Clone)]
pub(crate) struct Disk {
    place: Place,
    state: Arc<Mutex<State>>,
}

impl Disk {
    pub fn new() -> Self {
        let place = Place::new(Path::new("memory"), Path::new("memory-anchor"));
        Self { place, state: Arc::default() }
    }

    /// The canary: reports every sync as done and does none.
    pub fn forgetful() -> Self {
        let disk = Self::new();
        disk.state().forgets_to_sync = true;
        disk
    }

    /// Starts a new process on this disk, which meets `trouble`.
    pub fn restart(&self, trouble: Option<Trouble>) -> Self {
        let mut state = self.state();
        (state.steps, state.trouble) = (0, trouble);
        self.clone()
    }

    /// Whether the process got as far as its trouble.
    pub fn was_in_trouble(&self) -> bool {
        let state = self.state();
        state.trouble.is_some_and(|trouble| state.steps > trouble.step)
    }

    pub fn lose_power(&self, kept: Kept) {
        let mut state = self.state();
        let common = state.durable.iter().zip(&state.now.entries).take_while(|(a, b)| a == b);
        let common = common.count();
        if common < state.durable.len() {
            state.now.entries = state.durable.clone();
            return;
        }
        let loose = state.now.entries.len() - common;
        let kept = match kept {
            Kept::Nothing => 0,
            Kept::Half => loose / 2,
            Kept::All => loose,
        };
        state.now.entries.truncate(common + kept);
        state.durable = state.now.entries.clone();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Counts a step and lets `act` do as much of it as the trouble allows.
    fn step(&self, act: impl FnOnce(&mut State, Fault)) -> Result<(), LedgerError> {
        let mut state = self.state();
        let step = state.steps;
        state.steps += 1;
        match state.trouble {
            Some(trouble) if step == trouble.step => act(&mut state, trouble.fault),
            Some(trouble) if step > trouble.step && trouble.deadly => {}
            _ => {
                act(&mut state, Fault::Done);
                return Ok(());
            }
        }
        let cause = io::Error::other("the disk fails here");
        Err(LedgerError::Disk { act: "use", path: self.place.entries.clone(), cause })
    }
}

impl Storage for Disk {
    fn place(&self) -> &Place {
        &self.place
    }

    fn read(&self) -> Result<Image, LedgerError> {
        Ok(self.state().now.clone())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), LedgerError> {
        self.step(|state, fault| {
            let written = match fault {
                Fault::Undone => 0,
                Fault::Half => bytes.len() / 2,
                Fault::Done => bytes.len(),
            };
            state.now.entries.extend_from_slice(&bytes[..written]);
        })
    }

    fn truncate(&mut self, length: u64) -> Result<(), LedgerError> {
        self.step(|state, fault| {
            if fault == Fault::Done {
                state.now.entries.truncate(usize::try_from(length).unwrap());
            }
        })
    }

    fn sync(&mut self) -> Result<(), LedgerError> {
        self.step(|state, fault| {
            if fault == Fault::Done && !state.forgets_to_sync {
                state.durable = state.now.entries.clone();
            }
        })
    }

    fn move_anchor(&mut self, anchor: &Anchor) -> Result<(), LedgerError> {
        self.step(|state, fault| {
            if fault == Fault::Done {
                state.now.anchor = Some(anchor.clone());
            }
        })
    }

    fn move_checkpoint(&mut self, note: &[u8]) -> Result<(), LedgerError> {
        self.step(|state, fault| {
            if fault == Fault::Done {
                state.now.checkpoint = Some(note.to_owned());
            }
        })
    }
}
