//! What is done at a time: of all, and of each user, so that nobody takes it from others.
//!
//! A statement has its turn while it is answered, at a tick where there is one; its rows have their memory until
//! they are taken. Source: interfaces (limits of the wires).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayData, RecordBatch};
use arrow::buffer::{Buffer, NullBuffer};
use engine::{Error, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Statements that are answered at a time; more wait.
const STATEMENTS: usize = 64;

/// Those of one user.
const STATEMENTS_OF_ONE: usize = 16;

/// 2 GB, in kB: rows that wait to be taken; more are refused.
const UNREAD: usize = 2_000_000;

/// 1 GB, in kB: those of one user.
const UNREAD_OF_ONE: usize = 1_000_000;

/// The limits of a service.
pub struct Limits {
    all: Own,
    of_one: Mutex<BTreeMap<String, Own>>,
}

/// The limits of all, or of one user.
#[derive(Clone)]
struct Own {
    statements: Arc<Semaphore>,
    unread: Arc<Semaphore>,
}

/// One place of a user's own, and one of all.
pub struct Turn {
    _places: (Option<OwnedSemaphorePermit>, Option<OwnedSemaphorePermit>),
}

/// The memory of rows, as long as they wait to be taken.
#[derive(Debug)]
pub struct Held {
    _memory: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

impl Own {
    fn new(statements: usize, unread: usize) -> Self {
        let [statements, unread] = [statements, unread].map(|it| Arc::new(Semaphore::new(it)));
        Self { statements, unread }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { all: Own::new(STATEMENTS, UNREAD), of_one: Mutex::default() }
    }
}

impl Limits {
    fn of(&self, user: &str) -> Own {
        let mut all = self.of_one.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Own::new(STATEMENTS_OF_ONE, UNREAD_OF_ONE);
        all.entry(user.to_owned()).or_insert_with(new).clone()
    }

    /// Waits for a turn of a user.
    pub async fn turn(&self, user: &str) -> Turn {
        let own = self.of(user).statements;
        let all = Arc::clone(&self.all.statements);
        // Never closed, so there is always a permit to wait for.
        Turn { _places: (own.acquire_owned().await.ok(), all.acquire_owned().await.ok()) }
    }

    /// The memory of rows for a user, until they are taken.
    ///
    /// # Errors
    /// `F15` when too many wait already.
    pub fn hold(&self, user: &str, rows: &[RecordBatch]) -> Result<Held> {
        let size = u32::try_from(bytes(rows).div_ceil(1_000)).unwrap_or(u32::MAX);
        let take = |from: &Own| Arc::clone(&from.unread).try_acquire_many_owned(size);
        match (take(&self.of(user)), take(&self.all)) {
            (Ok(own), Ok(all)) => Ok(Held { _memory: (own, all) }),
            _ => Err(Error::fault(
                "F15",
                "the rows, with those that were not yet taken, do not fit the memory for them",
            )
            .allowed("a gigabyte of rows that wait, for one user")
            .remedy(
                "take or close earlier answers, or ask for fewer rows; what was paid for is free",
            )),
        }
    }
}

/// What rows hold in memory: each buffer once, however many batches share it.
fn bytes(rows: &[RecordBatch]) -> usize {
    let mut seen = BTreeSet::new();
    let columns = rows.iter().flat_map(RecordBatch::columns);
    columns.map(|it| of_data(&it.to_data(), &mut seen)).sum()
}

fn of_data(data: &ArrayData, seen: &mut BTreeSet<usize>) -> usize {
    let nulls = data.nulls().map(NullBuffer::buffer);
    let own = data.buffers().iter().chain(nulls);
    let own: usize =
        own.filter(|it| seen.insert(it.data_ptr().addr().get())).map(Buffer::capacity).sum();
    own + data.child_data().iter().map(|it| of_data(it, seen)).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array, ListArray};
    use arrow::datatypes::Int64Type;

    use super::*;

    fn batch(column: ArrayRef) -> RecordBatch {
        RecordBatch::try_from_iter([("n", column)]).unwrap()
    }

    #[test]
    fn memory_is_counted_once_however_it_is_cut() {
        let whole = batch(Arc::new(Int64Array::from(vec![1; 100_000])));
        let cut: Vec<RecordBatch> = (0..10).map(|at| whole.slice(at * 10_000, 10_000)).collect();
        assert_eq!(bytes(std::slice::from_ref(&whole)), bytes(&cut));
        assert!((800_000..900_000).contains(&bytes(&cut)));
        let lists = (0..1_000).map(|it| Some(vec![Some(it); 100]));
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>(lists);
        assert!(bytes(&[batch(Arc::new(lists))]) >= 800_000);
    }

    /// 100 MB: ten of them are all that one user may have waiting, twenty what all may.
    #[test]
    fn rows_that_nobody_takes_are_limited_for_one_and_for_all() {
        let limits = Limits::default();
        let rows = [batch(Arc::new(Int64Array::from(vec![1; 12_400_000])))];
        let hold = |user: &str| limits.hold(user, &rows);
        let mut ada: Vec<Held> = (0..10).map(|_| hold("ada").unwrap()).collect();
        assert_eq!(hold("ada").unwrap_err().code(), "F15");
        let ben: Vec<Held> = (0..10).map(|_| hold("ben").unwrap()).collect();
        assert_eq!(hold("cem").unwrap_err().code(), "F15");
        // What is taken makes room, and what was refused has taken none.
        drop((ada.pop(), ben));
        hold("ada").unwrap();
        hold("cem").unwrap();
    }
}
