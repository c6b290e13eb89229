//! The model: how many people of each finest group there are, and how many of them do what.
//!
//! Fits of [`crate::fit`], each from the one before: residents start split as the people of all bases
//! are, people with any row of a family as the residents, people in a row as those with any row. So
//! where no table says otherwise every group has the same reach. The whole model: docs/twin.md.

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::family::{Families, Family, dims};
use crate::fit::{Constraint, Target, Uncovered, fit};
use crate::number::{index, position, real};
use crate::places::Places;
use crate::space::{Axis, Layer, NOWHERE, Space};
use crate::table::Book;

/// Fitted people over a space, with the tables that they were fitted to.
pub(crate) struct Fitted {
    pub space: Space,
    pub layers: Vec<Layer>,
    pub people: Vec<f64>,
}

/// What people of one family do.
pub(crate) struct Doing {
    pub family: Family,
    /// For each cell of the residents' space its group, or [`NOWHERE`].
    pub group_of: Vec<u32>,
    /// People with any row, by group.
    pub any: Fitted,
    /// People by row and group; groups run fastest.
    pub visits: Fitted,
}

/// All that is drawn from.
pub(crate) struct Model {
    pub residents: Fitted,
    pub doings: Vec<Doing>,
    /// Tables that the model does not speak of.
    pub apart: Vec<usize>,
}

impl Model {
    /// Fits everything that is printed.
    ///
    /// # Errors
    /// T05 when the residents' tables have no published cell; as [`Space::of`].
    pub fn of(book: &Book, places: &Places<'_>) -> Result<Self> {
        let Families { residents, doing, apart } = Families::of(book);
        let space = Space::of(book, &dims(book, &residents), places)?;
        let bases: Vec<usize> = doing.iter().flat_map(|it| it.bases.iter().copied()).collect();
        let start = shape(book, &space, &bases);
        let residents = Fitted::of(book, space, &residents, &start, Uncovered::Empty);
        if residents.total() < 1.0 {
            return Err(Error::new(
                "T05",
                "no cell of the residents tables is published: nobody to make",
            )
            .allowed("a residents release with at least one published cell")
            .remedy("use a release of more people, or of larger areas"));
        }
        let fitted = |it: Family| Doing::of(book, it, &residents, places);
        let doings = doing.into_iter().map(fitted).collect::<Result<_>>()?;
        Ok(Self { residents, doings, apart })
    }
}

impl Fitted {
    fn of(
        book: &Book,
        space: Space,
        tables: &[usize],
        start: &[f64],
        uncovered: Uncovered,
    ) -> Self {
        let layers: Vec<Layer> =
            tables.iter().flat_map(|it| space.layers(book, *it, tables)).collect();
        let constraints: Vec<Constraint<'_>> =
            layers.iter().map(|it| constraint(book, it)).collect();
        let people = fit(start, &constraints, uncovered);
        Self { space, layers, people }
    }

    /// Everybody.
    pub fn total(&self) -> f64 {
        self.people.iter().sum()
    }
}

impl Doing {
    fn of(book: &Book, family: Family, residents: &Fitted, places: &Places<'_>) -> Result<Self> {
        let all: Vec<usize> = family.tables.iter().chain(&family.bases).copied().collect();
        let rows: BTreeSet<usize> = family.rows.iter().copied().collect();
        let by: BTreeSet<usize> = dims(book, &all).difference(&rows).copied().collect();
        let groups = Space::of(book, &by, places)?;
        let group_of = group_of(&residents.space, &groups);
        let mut start = vec![0.0; groups.size];
        for (group, people) in group_of.iter().zip(&residents.people) {
            if let Some(sum) = start.get_mut(index(*group)) {
                *sum += people;
            }
        }
        let axes: Vec<Axis> = family.rows.iter().map(|it| Axis::plain(book, *it)).collect();
        let space = Space::new(axes.into_iter().chain(groups.axes.iter().cloned()).collect())?;
        let mut any = Fitted::of(book, groups, &family.bases, &start, Uncovered::AsStarted);
        any.people.iter_mut().zip(&start).for_each(|(any, all)| *any = any.min(*all));
        let width = any.people.len().max(1);
        let cells = if family.rows.is_empty() { 0 } else { space.size };
        let start: Vec<f64> = (0..cells).map(|it| any.people[it % width]).collect();
        let visits = if family.rows.is_empty() {
            Fitted { space, layers: Vec::new(), people: Vec::new() }
        } else {
            Fitted::of(book, space, &family.tables, &start, Uncovered::Empty)
        };
        Ok(Self { family, group_of, any, visits })
    }
}

/// How residents are split where their own tables do not say: as the people of the bases are, where
/// those are published, and evenly elsewhere.
fn shape(book: &Book, space: &Space, bases: &[usize]) -> Vec<f64> {
    let even = vec![1.0; space.size];
    let fitted = Fitted::of(book, space.clone(), bases, &even, Uncovered::Empty);
    let is_covered = |cell: usize| {
        let row = |it: &Layer| book.tables[it.table].rows.get(index(it.row_of[cell]));
        fitted.layers.iter().any(|it| row(it).is_some_and(|it| it.people.is_some()))
    };
    let covered: Vec<bool> = (0..space.size).map(is_covered).collect();
    let cells = crate::number::count(covered.iter().filter(|it| **it).count());
    if cells == 0 {
        return even;
    }
    let mean = fitted.total() / real(cells);
    let own = covered.iter().zip(&fitted.people);
    // Noise may leave nothing for a cell, and rules out nobody.
    own.map(|(is_covered, people)| if *is_covered { people.max(mean / 1e3) } else { mean })
        .collect()
}

/// What the rows of a layer print.
fn constraint<'layer>(book: &Book, layer: &'layer Layer) -> Constraint<'layer> {
    let targets = book.tables[layer.table].rows.iter().map(|it| {
        let it = it.people?;
        Some(Target { people: real(it.people), variance: it.variance() })
    });
    Constraint { row_of: &layer.row_of, targets: targets.collect() }
}

/// For each cell of `people`, the cell of `groups` that it lies in, or [`NOWHERE`].
fn group_of(people: &Space, groups: &Space) -> Vec<u32> {
    let mut all = vec![0; people.size];
    for axis in &groups.axes {
        let Some((finest, labels)) = axis.dims.first() else { continue };
        let mut positions = vec![NOWHERE; labels.len()];
        for (at, label) in (0..).zip(labels) {
            if let Some(position) = positions.get_mut(index(*label)) {
                *position = at;
            }
        }
        for (group, label) in all.iter_mut().zip(people.labels(*finest)) {
            let at = positions.get(index(label)).copied().unwrap_or(NOWHERE);
            *group = match at {
                NOWHERE => NOWHERE,
                _ if *group == NOWHERE => NOWHERE,
                at => *group * position(axis.size) + at,
            };
        }
    }
    all
}
