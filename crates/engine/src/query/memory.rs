//! The memory of what is free of statements: limited for each, and for all together.

use std::fmt;
use std::sync::{Arc, LazyLock};

use datafusion::common::Result;
use datafusion::execution::memory_pool::{
    GreedyMemoryPool, MemoryLimit, MemoryPool, MemoryReservation,
};

/// 1 GiB: what the free part of one statement may take.
const OF_ONE: usize = 1 << 30;

/// 4 GiB: what all take that are computed at a time.
const OF_ALL: usize = 4 << 30;

static ALL: LazyLock<GreedyMemoryPool> = LazyLock::new(|| GreedyMemoryPool::new(OF_ALL));

/// The memory of one statement, taken out of that of all.
#[derive(Debug)]
pub struct OfStatement(GreedyMemoryPool);

impl OfStatement {
    /// Nothing is taken yet.
    #[must_use]
    pub fn pool() -> Arc<dyn MemoryPool> {
        Arc::new(Self(GreedyMemoryPool::new(OF_ONE)))
    }
}

impl fmt::Display for OfStatement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl MemoryPool for OfStatement {
    fn name(&self) -> &'static str {
        "statement"
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.0.grow(reservation, additional);
        ALL.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, less: usize) {
        self.0.shrink(reservation, less);
        ALL.shrink(reservation, less);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.0.try_grow(reservation, additional)?;
        ALL.try_grow(reservation, additional)
            .inspect_err(|_| self.0.shrink(reservation, additional))
    }

    fn reserved(&self) -> usize {
        self.0.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.0.memory_limit()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::execution::memory_pool::MemoryConsumer;

    use super::*;

    /// One test, as what all take is the program's.
    #[test]
    fn memory_is_limited_for_one_and_for_all() {
        let pools: Vec<_> = (0..5).map(|_| OfStatement::pool()).collect();
        let taken = pools.iter().map(|it| MemoryConsumer::new("test").register(it));
        let taken: Vec<_> = taken.collect();
        assert!(taken[0].try_grow(OF_ONE + 1).is_err(), "more than one may have");
        for own in &taken[..4] {
            own.try_grow(OF_ONE).unwrap();
        }
        assert!(taken[4].try_grow(1).is_err(), "more than all may have");
        assert_eq!(pools[4].reserved(), 0);
        drop(taken);
        assert_eq!(ALL.reserved(), 0);
    }
}
