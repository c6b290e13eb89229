//! A file system in memory that fails at a chosen step and forgets what was not made durable.
//!
//! Each file has bytes as a reader finds them and bytes that survive; each folder has names likewise,
//! and the changes of names between the two in their order. A loss of power keeps, of every file
//! and folder apart, a part that chance decides: of appended bytes a beginning, perhaps with zeros
//! at its end; of a replaced file the old bytes or a beginning of the new; of names a beginning of
//! the changes. A sync that failed leaves its bytes visible, and lost at the next loss of power,
//! whatever later syncs say.

#![expect(clippy::unwrap_used, reason = "part of tests: a poisoned or missing thing is a bug here")]

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Audience, Disk, Lock, Patience};

/// How much of a failing step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    Undone,
    /// The first half of the bytes.
    Half,
    /// All, but it is reported as failed.
    Done,
}

/// What goes wrong in one life of a process, from the step with this number on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The process dies in the step.
    Killed(usize, Fault),
    /// The disk is full for this many steps.
    Full(usize, usize),
    /// The step fails once, the process lives on.
    Failed(usize, Fault),
    /// Every sync reports that it was done and does nothing: no real disk may be so, and the
    /// simulator must notice it.
    Forgetful,
}

/// Whether the machine goes down with the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// What was written stays visible.
    Stays,
    /// What was not durable is kept in part.
    Lost,
}

/// The seeds to simulate: `default`, or those of QUORATE_SEEDS, such as `8412` or `0..100000`.
#[must_use]
pub fn seeds(default: std::ops::Range<u64>) -> std::ops::Range<u64> {
    let Ok(asked) = std::env::var("QUORATE_SEEDS") else { return default };
    let (from, to) = asked.split_once("..").unwrap_or((&asked, ""));
    let Ok(from) = from.parse::<u64>() else { return default };
    from..to.parse().unwrap_or(from + 1)
}

/// The line that repeats the simulation of `seed` in the package `quorate-<part>`.
#[must_use]
pub fn repeat(part: &str, seed: u64) -> String {
    format!("repeat with: cargo xtask sim --only {part} --seed {seed}")
}

type Inode = usize;

/// One change of a folder's names, all of it or nothing.
type Change = Vec<(String, Option<Inode>)>;

#[derive(Clone, Debug)]
enum Node {
    File { now: Vec<u8>, durable: Vec<u8>, doomed: bool },
    Folder { now: BTreeMap<String, Inode>, durable: BTreeMap<String, Inode>, pending: Vec<Change> },
}

impl Node {
    const fn folder() -> Self {
        Self::Folder { now: BTreeMap::new(), durable: BTreeMap::new(), pending: Vec::new() }
    }
}

struct State {
    nodes: Vec<Node>,
    chance: fastrand::Rng,
    steps: usize,
    trouble: Option<Trouble>,
    dead: bool,
}

/// A handle; clones share the disk, as one process after another does.
#[derive(Clone)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

impl SimulatedDisk {
    /// An empty disk whose chances grow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            nodes: vec![Node::folder()],
            chance: fastrand::Rng::with_seed(seed),
            steps: 0,
            trouble: None,
            dead: false,
        })))
    }

    /// Starts a new process on this disk, which meets `trouble`.
    pub fn restart(&self, trouble: Option<Trouble>) {
        let mut state = self.state();
        (state.steps, state.trouble, state.dead) = (0, trouble, false);
    }

    /// How many steps the process has taken.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.state().steps
    }

    /// Ends the process, with or without the machine.
    pub fn end(&self, power: Power) {
        if power == Power::Lost {
            self.state().lose_power();
        }
    }

    /// The bytes of a file that any loss of power leaves, if it leaves the file.
    #[must_use]
    pub fn surviving(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.state();
        let mut at = 0;
        for part in path.components() {
            let Node::Folder { now, durable, pending } = &state.nodes[at] else { return None };
            let name = part.as_os_str().to_str()?;
            at = *durable.get(name)?;
            // A name that is about to change is not certain.
            if now.get(name) != Some(&at) || pending.iter().flatten().any(|it| it.0 == name) {
                return None;
            }
        }
        match &state.nodes[at] {
            Node::File { now, durable, .. } => now.starts_with(durable).then(|| durable.clone()),
            Node::Folder { .. } => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Takes a step that writes: `act` does as much of it as the trouble allows.
    fn step(
        &self,
        grows: bool,
        act: impl FnOnce(&mut State, Fault) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut state = self.state();
        state.alive()?;
        let step = state.steps;
        state.steps += 1;
        let (fault, cause) = match state.trouble {
            Some(Trouble::Killed(at, fault)) if step == at => {
                state.dead = true;
                (fault, ErrorKind::Other)
            }
            Some(Trouble::Failed(at, fault)) if step == at => (fault, ErrorKind::Other),
            Some(Trouble::Full(at, length)) if grows && (at..at + length).contains(&step) => {
                (Fault::Half, ErrorKind::StorageFull)
            }
            _ => return act(&mut state, Fault::Done),
        };
        act(&mut state, fault)?;
        Err(cause.into())
    }
}

impl State {
    fn alive(&self) -> io::Result<()> {
        if self.dead { Err(io::Error::other("the process is dead")) } else { Ok(()) }
    }

    fn find(&self, path: &Path) -> io::Result<Inode> {
        let mut at = 0;
        for part in path.components().filter(|it| matches!(it, Component::Normal(_))) {
            let Node::Folder { now, .. } = &self.nodes[at] else {
                return Err(ErrorKind::NotADirectory.into());
            };
            at = *now.get(part.as_os_str().to_str().unwrap()).ok_or(ErrorKind::NotFound)?;
        }
        Ok(at)
    }

    fn parent(&self, path: &Path) -> io::Result<(Inode, String)> {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        Ok((self.find(path.parent().unwrap())?, name))
    }

    /// Changes names of one folder at once.
    fn change(&mut self, folder: Inode, change: Change) -> io::Result<()> {
        let Node::Folder { now, pending, .. } = &mut self.nodes[folder] else {
            return Err(ErrorKind::NotADirectory.into());
        };
        apply(now, &change);
        pending.push(change);
        Ok(())
    }

    fn create(&mut self, path: &Path, node: Node) -> io::Result<Inode> {
        let (folder, name) = self.parent(path)?;
        self.nodes.push(node);
        let inode = self.nodes.len() - 1;
        self.change(folder, vec![(name, Some(inode))])?;
        Ok(inode)
    }

    /// The bytes of a file that is created when it is not there.
    fn bytes(&mut self, path: &Path) -> io::Result<&mut Vec<u8>> {
        let inode = match self.find(path) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => {
                let file = Node::File { now: Vec::new(), durable: Vec::new(), doomed: false };
                self.create(path, file)?
            }
            found => found?,
        };
        match &mut self.nodes[inode] {
            Node::File { now, .. } => Ok(now),
            Node::Folder { .. } => Err(ErrorKind::IsADirectory.into()),
        }
    }

    fn lose_power(&mut self) {
        let chance = &mut self.chance;
        for node in &mut self.nodes {
            match node {
                Node::File { now, durable, doomed } => {
                    if !*doomed {
                        *durable = survivor(durable, now, chance);
                    }
                    (*now, *doomed) = (durable.clone(), false);
                }
                Node::Folder { now, durable, pending } => {
                    let kept = chance.usize(0..=pending.len());
                    pending.drain(..).take(kept).for_each(|change| apply(durable, &change));
                    *now = durable.clone();
                }
            }
        }
    }
}

fn apply(names: &mut BTreeMap<String, Inode>, change: &Change) {
    for (name, inode) in change {
        match inode {
            Some(inode) => drop(names.insert(name.clone(), *inode)),
            None => drop(names.remove(name)),
        }
    }
}

/// What a loss of power leaves of a file.
fn survivor(durable: &[u8], now: &[u8], chance: &mut fastrand::Rng) -> Vec<u8> {
    if !now.starts_with(durable) {
        return match chance.u8(0..3) {
            0 => durable.to_vec(),
            1 => now.to_vec(),
            _ => now[..chance.usize(0..=now.len())].to_vec(),
        };
    }
    let mut kept = now[..chance.usize(durable.len()..=now.len())].to_vec();
    // The length may be written before the bytes are.
    if chance.u8(0..4) == 0 {
        let zeros = chance.usize(durable.len()..=kept.len());
        kept[zeros..].fill(0);
    }
    kept
}

impl Disk for SimulatedDisk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let state = self.state();
        state.alive()?;
        match &state.nodes[state.find(path)?] {
            Node::File { now, .. } => Ok(now.clone()),
            Node::Folder { .. } => Err(ErrorKind::IsADirectory.into()),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let state = self.state();
        state.alive()?;
        match &state.nodes[state.find(folder)?] {
            Node::Folder { now, .. } => Ok(now.keys().map(|name| folder.join(name)).collect()),
            Node::File { .. } => Err(ErrorKind::NotADirectory.into()),
        }
    }

    fn create_folder(&self, folder: &Path, _: Audience) -> io::Result<()> {
        self.step(true, |state, fault| {
            if state.find(folder).is_ok() {
                return Err(ErrorKind::AlreadyExists.into());
            }
            if fault == Fault::Done {
                state.create(folder, Node::folder()).map(drop)
            } else {
                Ok(())
            }
        })
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.step(true, |state, fault| {
            if fault != Fault::Undone {
                *state.bytes(path)? = part(bytes, fault).to_vec();
                let inode = state.find(path)?;
                if let Node::File { doomed, .. } = &mut state.nodes[inode] {
                    *doomed = false;
                }
            }
            Ok(())
        })
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.step(true, |state, fault| {
            if fault != Fault::Undone {
                state.bytes(path)?.extend_from_slice(part(bytes, fault));
            }
            Ok(())
        })
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        self.step(false, |state, fault| {
            let inode = state.find(path)?;
            if state.trouble == Some(Trouble::Forgetful) {
                return Ok(());
            }
            match &mut state.nodes[inode] {
                Node::File { now, durable, doomed } if fault == Fault::Done && !*doomed => {
                    durable.clone_from(now);
                }
                Node::File { doomed, .. } => {
                    *doomed |= matches!(state.trouble, Some(Trouble::Failed(..)));
                }
                Node::Folder { now, durable, pending } if fault == Fault::Done => {
                    durable.clone_from(now);
                    pending.clear();
                }
                Node::Folder { .. } => {}
            }
            Ok(())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(false, |state, fault| {
            let inode = state.find(from)?;
            let ((folder, before), (target, after)) = (state.parent(from)?, state.parent(to)?);
            assert_eq!(folder, target, "a rename stays in its folder");
            if fault != Fault::Done {
                return Ok(());
            }
            state.change(folder, vec![(before, None), (after, Some(inode))])
        })
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        self.step(false, |state, fault| {
            let inode = state.find(folder)?;
            let Node::Folder { now, .. } = &mut state.nodes[inode] else {
                return Err(ErrorKind::NotADirectory.into());
            };
            // File by file: half of them may go.
            let names: Vec<String> = now.keys().cloned().collect();
            let gone = match fault {
                Fault::Undone => 0,
                Fault::Half => names.len() / 2,
                Fault::Done => names.len(),
            };
            for name in names.into_iter().take(gone) {
                state.change(inode, vec![(name, None)])?;
            }
            if fault == Fault::Done {
                let (above, name) = state.parent(folder)?;
                state.change(above, vec![(name, None)])?;
            }
            Ok(())
        })
    }

    fn lock(&self, path: &Path, _: Patience) -> io::Result<Option<Lock>> {
        // One process at a time: the lock is free.
        self.step(
            true,
            |state, fault| {
                if fault == Fault::Undone { Ok(()) } else { state.bytes(path).map(drop) }
            },
        )?;
        Ok(Some(Box::new(())))
    }
}

fn part(bytes: &[u8], fault: Fault) -> &[u8] {
    if fault == Fault::Half { &bytes[..bytes.len() / 2] } else { bytes }
}
