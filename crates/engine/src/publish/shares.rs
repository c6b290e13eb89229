//! Reach, composition and index of released cells: pure post-processing under the guard.
//!
//! A share is printed only if both counts were released, belong to one clip family, and what is
//! left of the whole passes the guard of privacy model §4. Definitions: products 14.

use privacy::consistency::Figure;
use privacy::derived;

use super::sheet::{HIDDEN, ratio};
use crate::plan::{Family, Marginal, Mechanism};
use crate::release::{Released, Table};
use crate::report::Ratio;

/// Column names: each ratio with its interval, and the counts below the fraction lines.
pub const COLUMNS: [&str; 11] = [
    "reach_of",
    "reach",
    "reach_lo",
    "reach_hi",
    "composition_of",
    "composition",
    "composition_lo",
    "composition_hi",
    "index",
    "index_lo",
    "index_hi",
];

/// The shares of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shares {
    /// People of the cell's group with any listed site, and the cell's share of them.
    pub reach: Option<(i64, Ratio)>,
    /// People of the cell's site or category, and the group's share of them.
    pub composition: Option<(i64, Ratio)>,
    /// 100 times composition over the group's composition of the base.
    pub index: Option<Ratio>,
}

impl Shares {
    /// The fields under [`COLUMNS`].
    #[must_use]
    pub fn fields(&self) -> Vec<String> {
        let ratio = |it: &Ratio, digits: usize| {
            [it.value, it.lo, it.hi].map(|it| format!("{it:.digits$}")).to_vec()
        };
        let hidden = |count: usize| vec![HIDDEN.to_owned(); count];
        let share = |share: &Option<(i64, Ratio)>| match share {
            Some((whole, it)) => [vec![whole.to_string()], ratio(it, 5)].concat(),
            None => hidden(4),
        };
        let index = self.index.as_ref().map_or_else(|| hidden(3), |it| ratio(it, 1));
        [share(&self.reach), share(&self.composition), index].concat()
    }

    /// The numbers under [`COLUMNS`], as they were measured.
    #[must_use]
    pub fn numbers(&self) -> [Option<f64>; 11] {
        let whole = |it: Option<(i64, Ratio)>| it.and_then(|it| it.0.to_string().parse().ok());
        let ratio =
            |it: Option<Ratio>| [it.map(|it| it.value), it.map(|it| it.lo), it.map(|it| it.hi)];
        let share = |it: Option<(i64, Ratio)>| ratio(it.map(|it| it.1));
        let [reach, reach_lo, reach_hi] = share(self.reach);
        let [part, part_lo, part_hi] = share(self.composition);
        let [index, index_lo, index_hi] = ratio(self.index);
        let (of_reach, of_part) = (whole(self.reach), whole(self.composition));
        [
            of_reach, reach, reach_lo, reach_hi, of_part, part, part_lo, part_hi, index, index_lo,
            index_hi,
        ]
    }

    /// Reads the fields from position `first` on; `None` when they are not ours.
    #[must_use]
    pub fn parse(record: &csv::StringRecord, first: usize) -> Option<Self> {
        let number = |at: usize| match record.get(first + at)? {
            HIDDEN => Some(None),
            text => text.parse::<f64>().ok().map(Some),
        };
        let ratio = |at: usize| {
            let (value, lo, hi) = (number(at)?, number(at + 1)?, number(at + 2)?);
            Some(value.zip(lo).zip(hi).map(|((value, lo), hi)| Ratio { value, lo, hi }))
        };
        let whole = |at: usize| match record.get(first + at)? {
            HIDDEN => Some(None),
            text => text.parse::<i64>().ok().map(Some),
        };
        Some(Self {
            reach: whole(0)?.zip(ratio(1)?),
            composition: whole(4)?.zip(ratio(5)?),
            index: ratio(8)?,
        })
    }
}

/// Computes the shares of any cell of one table.
pub(super) fn of<'release>(
    released: &'release Released,
    family: &'release Family,
    marginal: &'release Marginal,
) -> impl Fn(u64) -> Shares + 'release {
    let own = find(released, |_, it| std::ptr::eq(it, marginal));
    // Only what is clipped alike is divided (privacy model §2, clip family).
    let alike = |of: &Family, it: &Marginal| {
        std::ptr::eq(of, family) && it.weights.is_some() == marginal.weights.is_some()
    };
    // The whole of a share of a group: the same people with any row cell at all.
    let base = find(released, |of, it| alike(of, it) && !it.rows && it.by == marginal.by);
    let in_print = find(released, |of, it| {
        std::ptr::eq(of, family) && !it.rows && it.by == marginal.by && it.weights.is_none()
    });
    // The whole of a composition: the same row cell, all people.
    let parent =
        find(released, |of, it| alike(of, it) && it.rows == marginal.rows && it.by.is_empty());
    let everybody = find(released, |of, it| alike(of, it) && !it.rows && it.by.is_empty());
    let width = marginal.by.iter().fold(1, |width, &it| {
        let labels = released.plan.codes.list(it).labels().len();
        width * u64::try_from(labels).unwrap_or(u64::MAX)
    });
    let (with_rows, grouped) = (marginal.rows, !marginal.by.is_empty());
    move |cell| {
        let (row, group) = (cell / width.max(1), cell % width.max(1));
        // What is printed under the fraction line are the people of the base, whole.
        let reach = base.filter(|_| with_rows).and_then(|it| {
            let people = in_print?.figure(group)?.people;
            Some((i64::try_from(people).ok()?, share(own, cell, it, group)?.1))
        });
        let composition = parent.filter(|_| grouped).and_then(|it| share(own, cell, it, row));
        let of_base = base.zip(everybody).and_then(|(base, all)| share(Some(base), group, all, 0));
        let index =
            composition.zip(of_base.filter(|_| with_rows)).map(|(own, base)| index(own.1, base.1));
        Shares { reach, composition, index }
    }
}

fn find(released: &Released, wanted: impl Fn(&Family, &Marginal) -> bool) -> Option<&Table> {
    let mut all = released.plan.marginals().zip(&released.tables);
    all.find(|((family, marginal), _)| wanted(family, marginal)).map(|it| it.1)
}

/// The share of a part in a whole, if both are released and the guard lets it pass.
fn share(part: Option<&Table>, cell: u64, whole: &Table, of: u64) -> Option<(i64, Ratio)> {
    let part = part?;
    let (y_part, y_whole) = (part.people(cell)?, whole.people(of)?);
    let gates = [whole.mechanism.gate(of), part.mechanism.gate(cell)];
    let margin = derived::margin(gates[0].variance, gates[1].variance);
    let y_part = y_part + part.mechanism.cut();
    if !derived::share_allowed(y_whole, y_part, gates[0].floor, margin) {
        return None;
    }
    // The guard reads what was released, the share what is printed; of clipped people what was measured, which
    // no dilution has multiplied (privacy model §2, clip family).
    let (of_part, of_whole) = (part.figure(cell)?, whole.figure(of)?);
    let clipped = matches!(part.mechanism, Mechanism::Clipped(_));
    let number = |it: &Figure| {
        let people = f64::from(u32::try_from(it.people).unwrap_or(u32::MAX));
        (if clipped { it.estimate } else { people }, it.variance.sqrt())
    };
    let share = ratio(number(of_part), number(of_whole));
    Some((i64::try_from(of_whole.people).ok()?, share))
}

/// 100 × `own` / `base`, with the relative errors of both added in quadrature.
fn index(own: Ratio, base: Ratio) -> Ratio {
    let value = 100.0 * own.value / base.value;
    let relative = |it: Ratio| (it.hi - it.lo) / (2.0 * it.value).max(f64::MIN_POSITIVE);
    let half = value * relative(own).hypot(relative(base));
    Ratio { value, lo: (value - half).max(0.0), hi: value + half }
}
