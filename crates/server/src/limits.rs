//! What is done at a time: of all, and of each user, so that nobody takes it from others.
//!
//! A statement has its turn while it is answered, at a tick where there is one; its rows have their memory until
//! they are taken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, RecordBatch, UInt64Array};
use arrow::compute::take_record_batch;
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

    /// Rows for a user, and their memory until they are taken.
    ///
    /// # Errors
    /// `F15` when too many wait already.
    pub fn hold(&self, user: &str, rows: Vec<RecordBatch>) -> Result<(Vec<RecordBatch>, Held)> {
        let rows: Vec<RecordBatch> = rows.into_iter().map(alone).collect::<Result<_>>()?;
        let size = rows.iter().map(bytes).sum::<usize>().div_ceil(1_000);
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let take = |from: &Own| Arc::clone(&from.unread).try_acquire_many_owned(size);
        if let (Ok(own), Ok(all)) = (take(&self.of(user)), take(&self.all)) {
            return Ok((rows, Held { _memory: (own, all) }));
        }
        let what = "the rows, with those that were not yet taken, do not fit the memory for them";
        Err(Error::fault("F15", what).allowed("a gigabyte of rows that wait, for one user").remedy(
            "take or close earlier answers, or ask for fewer rows; what was paid for is free",
        ))
    }
}

/// What the rows of a batch take, without what they were cut from.
fn bytes(rows: &RecordBatch) -> usize {
    // An array that cannot be sized is as large as what holds it.
    let of = |it: &ArrayRef| {
        it.to_data().get_slice_memory_size().unwrap_or_else(|_| it.get_array_memory_size())
    };
    rows.columns().iter().map(of).sum()
}

/// Rows without what they were cut from: a few rows of many would hold all of them.
fn alone(rows: RecordBatch) -> Result<RecordBatch> {
    if bytes(&rows).saturating_mul(2) >= rows.get_array_memory_size() {
        return Ok(rows);
    }
    let all: UInt64Array = (0_u64..).take(rows.num_rows()).collect();
    take_record_batch(&rows, &all).map_err(|cause| Error::fault("F03", cause.to_string()))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, ListArray};
    use arrow::datatypes::Int64Type;

    use super::*;

    fn batch(column: ArrayRef) -> RecordBatch {
        RecordBatch::try_from_iter([("n", column)]).unwrap()
    }

    #[test]
    fn rows_are_counted_without_what_they_were_cut_from() {
        let whole = batch(Arc::new(Int64Array::from(vec![1; 100_000])));
        let few = alone(whole.slice(500, 10)).unwrap();
        assert_eq!(few, whole.slice(500, 10));
        assert!(few.get_array_memory_size() < 1_000, "nothing of the rest is held");
        assert!((800_000..900_000).contains(&bytes(&whole)));
        let parts = (0..10).map(|at| bytes(&whole.slice(at * 10_000, 10_000))).sum::<usize>();
        assert_eq!(parts, bytes(&whole));
        let lists = (0..1_000).map(|it| Some(vec![Some(it); 100]));
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>(lists);
        assert!(bytes(&batch(Arc::new(lists))) >= 800_000);
    }

    /// 100 MB: ten of them are all that one user may have waiting, twenty what all may.
    #[test]
    fn rows_that_nobody_takes_are_limited_for_one_and_for_all() {
        let limits = Limits::default();
        let rows = batch(Arc::new(Int64Array::from(vec![1; 12_400_000])));
        let hold = |user: &str| limits.hold(user, vec![rows.clone()]).map(|it| it.1);
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
