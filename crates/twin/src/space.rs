//! The finest groups that the model tells apart, and which cell of each table they are part of.
//!
//! A [`Space`] is the product of its axes; an axis has the labels of its finest dimension, in an order
//! in which coarser zones are runs, and for each coarser dimension the label that a position lies in.

use std::collections::BTreeSet;

use reference::Level;

use crate::error::{Error, Result};
use crate::number::{index, position};
use crate::places::{COARSE_FIRST, Places};
use crate::table::{Book, Label, Row};

/// What belongs to no cell.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// 32 million: a space takes up to 40 bytes a cell with its tables, so about a gigabyte.
const CELLS_MAX: usize = 32_000_000;

/// Dimensions that go together, the finest first.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// Each dimension, with its label for every position, or [`NOWHERE`].
    pub dims: Vec<(usize, Vec<u32>)>,
    pub size: usize,
}

/// All combinations of the positions of axes; the last axis runs fastest.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    pub axes: Vec<Axis>,
    pub size: usize,
}

/// For every cell of a space: the row of a table that it is part of, or [`NOWHERE`].
///
/// A table has one layer, and one more for each way in which it prints `other`.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub table: usize,
    pub row_of: Vec<u32>,
}

impl Space {
    /// The space of these dimensions; zones of one place are one axis, the longest axis the last.
    ///
    /// # Errors
    /// T08 for a code of no known zone, T10 for more combinations than can be modelled.
    pub fn of(book: &Book, dims: &BTreeSet<usize>, places: &Places<'_>) -> Result<Self> {
        let mut left = dims.clone();
        let mut axes = Vec::new();
        while let Some(axis) = place_axis(book, &left, places)? {
            left.retain(|dim| axis.dims.iter().all(|it| it.0 != *dim));
            axes.push(axis);
        }
        axes.extend(left.iter().map(|dim| Axis::plain(book, *dim)));
        axes.sort_by_key(|it| it.size);
        Self::new(axes)
    }

    /// The space of these axes.
    ///
    /// # Errors
    /// T10 for more combinations than can be modelled.
    pub fn new(axes: Vec<Axis>) -> Result<Self> {
        let size = axes.iter().try_fold(1_usize, |all, it| all.checked_mul(it.size));
        let size = size.filter(|it| *it <= CELLS_MAX).ok_or_else(|| {
            Error::new("T10", "the tables have more combinations of values than can be modelled")
                .allowed(format!("{CELLS_MAX} combinations of the finest values"))
                .remedy("give the list of zones with --zones, or leave the finest release out")
        })?;
        Ok(Self { axes, size })
    }

    /// Whether cells have labels of this dimension.
    pub fn has(&self, dim: usize) -> bool {
        self.axes.iter().any(|it| it.of(dim).is_some())
    }

    /// For every cell, its label of `dim`.
    pub fn labels(&self, dim: usize) -> Vec<u32> {
        let mut stride = self.size;
        for axis in &self.axes {
            stride /= axis.size.max(1);
            if let Some(labels) = axis.of(dim) {
                return (0..self.size).map(|cell| labels[cell / stride % axis.size]).collect();
            }
        }
        vec![NOWHERE; self.size]
    }

    /// For every cell, one number for its combination of labels of `dims`, below the second value.
    fn combined(&self, book: &Book, dims: &[usize]) -> (Vec<usize>, usize) {
        let (mut numbers, mut width) = (vec![0; self.size], 1);
        for dim in dims {
            let count = book.dims[*dim].labels.len();
            for (number, label) in numbers.iter_mut().zip(self.labels(*dim)) {
                *number = match label {
                    _ if *number == usize::MAX => usize::MAX,
                    NOWHERE => usize::MAX,
                    label => *number * count + index(label),
                };
            }
            width *= count;
        }
        (numbers, width)
    }

    /// The layers of a table; `beside` are the tables whose hidden cells its `other` may stand for.
    ///
    /// Rows of dimensions that the space does not have are in no layer.
    pub fn layers(&self, book: &Book, table: usize, beside: &[usize]) -> Vec<Layer> {
        let rows = &book.tables[table].rows;
        let sheet = &book.sheets[book.tables[table].sheet];
        let others = |row: &Row| -> Vec<usize> {
            let pairs = sheet.dims.iter().zip(&row.labels);
            pairs.filter(|it| *it.1 == Label::Other).map(|it| *it.0).collect()
        };
        let ways: BTreeSet<Vec<usize>> = rows.iter().map(others).collect();
        let layer = |other: &Vec<usize>| {
            let dims = book.tables[table].dims.iter().copied();
            let fixed: Vec<usize> = dims.filter(|it| !other.contains(it)).collect();
            let hidden = match other.as_slice() {
                [] => None,
                other => Some(self.hidden(book, other, &fixed, beside)?),
            };
            let (numbers, width) = self.combined(book, &fixed);
            let mut row_at = vec![NOWHERE; width];
            for (at, row) in rows.iter().enumerate().filter(|it| others(it.1) == *other) {
                if let Some(number) = number(book, &sheet.dims, row, &fixed) {
                    row_at[number] = position(at);
                }
            }
            let row_of = numbers.iter().enumerate().map(|(cell, number)| {
                let is_in = hidden.as_ref().is_none_or(|it| it[cell]);
                row_at.get(*number).copied().filter(|_| is_in).unwrap_or(NOWHERE)
            });
            Some(Layer { table, row_of: row_of.collect() })
        };
        if !book.tables[table].dims.iter().all(|it| self.has(*it)) {
            return Vec::new();
        }
        ways.iter().filter_map(layer).collect()
    }

    /// Which cells of the space no published cell covers in the table that `other` completes: the one
    /// with the fewest dimensions that is split by all of `other` and lies within `fixed`.
    fn hidden(
        &self,
        book: &Book,
        other: &[usize],
        fixed: &[usize],
        beside: &[usize],
    ) -> Option<Vec<bool>> {
        let plain = |row: &Row| !row.labels.contains(&Label::Other);
        let within = |dims: &BTreeSet<usize>, dim: &usize| {
            let axis = self.axes.iter().find(|it| it.of(*dim).is_some());
            axis.is_some_and(|axis| axis.dims.iter().any(|it| dims.contains(&it.0)))
        };
        let parts = beside.iter().filter(|it| {
            let dims = &book.tables[**it].dims;
            other.iter().all(|it| dims.contains(it))
                && fixed.iter().all(|it| within(dims, it))
                && book.tables[**it].rows.iter().any(plain)
        });
        let part = *parts.min_by_key(|it| book.tables[**it].dims.len())?;
        let dims: Vec<usize> = book.tables[part].dims.iter().copied().collect();
        let sheet = &book.sheets[book.tables[part].sheet];
        let (numbers, width) = self.combined(book, &dims);
        let mut shown = vec![false; width];
        for row in book.tables[part].rows.iter().filter(|it| it.people.is_some()) {
            if let Some(number) = number(book, &sheet.dims, row, &dims) {
                shown[number] = true;
            }
        }
        Some(numbers.iter().map(|it| !shown.get(*it).copied().unwrap_or(false)).collect())
    }
}

/// The number of a row's combination of labels of `dims`; `None` when one of them is no value.
fn number(book: &Book, header: &[usize], row: &Row, dims: &[usize]) -> Option<usize> {
    dims.iter().try_fold(0, |number, dim| {
        let at = header.iter().position(|it| it == dim)?;
        match row.labels.get(at)? {
            Label::Is(label) => Some(number * book.dims[*dim].labels.len() + index(*label)),
            Label::All | Label::Other => None,
        }
    })
}

impl Axis {
    /// One dimension by itself.
    pub fn plain(book: &Book, dim: usize) -> Self {
        let size = book.dims[dim].labels.len();
        Self { dims: vec![(dim, (0..position(size)).collect())], size }
    }

    /// The labels of a dimension by position.
    pub fn of(&self, dim: usize) -> Option<&[u32]> {
        self.dims.iter().find(|it| it.0 == dim).map(|it| it.1.as_slice())
    }
}

/// The zones among `dims` that nest in the finest of them, if there are any.
fn place_axis(book: &Book, dims: &BTreeSet<usize>, places: &Places<'_>) -> Result<Option<Axis>> {
    let level = |dim: &usize| book.dims[*dim].name.parse::<Level>().ok();
    let levels: Vec<(Level, usize)> =
        dims.iter().filter_map(|dim| Some((level(dim)?, *dim))).collect();
    let Some(&(fine, finest)) = levels.iter().min() else { return Ok(None) };
    let coarser = |it: Level| levels.iter().find(|own| own.0 == it && Places::nests(fine, it));
    let above: Vec<(Level, usize)> =
        COARSE_FIRST.iter().filter_map(|it| coarser(*it).copied()).collect();
    if above.is_empty() {
        return Ok(Some(Axis::plain(book, finest)));
    }
    let mut zones = Vec::new();
    for (own, code) in (0..).zip(&book.dims[finest].labels) {
        let parents = above.iter().map(|(coarse, dim)| {
            let parent = places.above(fine, code, *coarse)?;
            Some(
                book.dims[*dim].labels.iter().position(|it| it == parent).map_or(NOWHERE, position),
            )
        });
        let parents: Option<Vec<u32>> = parents.collect();
        let parents = parents.ok_or_else(|| {
            Error::new("T08", format!("the {fine} {code:?} is in no known list of zones"))
                .allowed("codes of Great Britain by postcode, or of the list of --zones")
                .remedy("give the list of zones that the operator publishes: --zones FILE")
        })?;
        zones.push((parents, code, own));
    }
    zones.sort();
    let coarse = |at: usize| zones.iter().map(|it| it.0[at]).collect();
    let mut list = vec![(finest, zones.iter().map(|it| it.2).collect())];
    list.extend(above.iter().enumerate().map(|(at, it)| (it.1, coarse(at))));
    Ok(Some(Axis { dims: list, size: zones.len() }))
}
