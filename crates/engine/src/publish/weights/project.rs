//! Takes the labels of a row to those of a coarser table that the row lies in.

use std::collections::BTreeMap;

use crate::dimension::{Codes, Dimension};
use crate::publish::Word;

/// Where each dimension of a coarser table is found in the rows of a finer one.
pub(super) struct Projection<'release> {
    /// The column among a row's labels, and the place around each label where the column is of finer places.
    steps: Vec<(usize, Option<BTreeMap<&'release str, &'release str>>)>,
}

impl<'release> Projection<'release> {
    /// From rows with labels of `keys`, of which the table is by `from`; `None` when they do not tell `to`.
    pub fn new(
        codes: &'release Codes,
        keys: &[Dimension],
        from: &[Dimension],
        to: &[Dimension],
    ) -> Option<Self> {
        let column = |of: &Dimension| keys.iter().position(|it| it == of);
        let step = |wanted: &Dimension| {
            let own = from.iter().find(|it| *it == wanted);
            let own = own.or_else(|| from.iter().find(|it| it.is_within(*wanted)))?;
            let around = (own != wanted).then(|| around(codes, *own, *wanted));
            Some((column(own)?, around))
        };
        Some(Self { steps: to.iter().map(step).collect::<Option<_>>()? })
    }

    /// The labels of one row; `None` for a label that is on no code list of today.
    pub fn apply(&self, labels: &'release [Word]) -> Option<Vec<&'release str>> {
        let label = |(column, around): &(usize, Option<BTreeMap<&str, &'release str>>)| {
            let own = labels.get(*column)?.as_str();
            around.as_ref().map_or(Some(own), |it| it.get(own).copied())
        };
        self.steps.iter().map(label).collect()
    }
}

/// The place of `wanted` around each place of `own`.
fn around(codes: &Codes, own: Dimension, wanted: Dimension) -> BTreeMap<&str, &str> {
    let sectors = codes.list(own).positions().len();
    (0..sectors)
        .filter_map(|at| Some((label(codes, own, at)?, label(codes, wanted, at)?)))
        .collect()
}

/// The place of `dimension` around the sector with this number; `None` outside of what is covered.
pub(super) fn label(codes: &Codes, dimension: Dimension, sector: usize) -> Option<&str> {
    let list = codes.list(dimension);
    let position = usize::try_from(*list.positions().get(sector)?).ok()?;
    list.labels().get(position).map(String::as_str)
}
