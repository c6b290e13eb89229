//! How closely the twin's tables repeat the released ones: figures from released tables alone.
//!
//! Compared is every published number with the twin's count for the same cell, times the people that
//! one synthetic person stands for. Nothing here is a distance from the truth, which nobody has.

use serde::Serialize;

use crate::number::{count, real};
use crate::recount::Recount;
use crate::table::{ALL, Book, Estimate, Row};

/// Where classes of released numbers begin, in people.
const CLASSES: [u64; 5] = [0, 200, 1_000, 10_000, 100_000];
/// Cells that are listed as the worst.
const WORST: usize = 12;

/// The figures of a twin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fidelity {
    /// All published cells that the model speaks of.
    pub all: Agreement,
    /// The same by released number.
    pub classes: Vec<Class>,
    /// The same by table.
    pub tables: Vec<TableAgreement>,
    /// The cells outside their interval that are farthest from the released number in standard
    /// deviations of its noise; the farthest first.
    pub worst: Vec<Cell>,
    /// Tables that the model does not speak of, as `release: table`.
    pub not_modelled: Vec<String>,
    /// Every published cell: the released number and the twin's.
    #[serde(skip)]
    pub points: Vec<(f64, f64)>,
}

/// How some cells agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// Published cells.
    pub cells: u64,
    /// Those of them in which the twin's number lies in the released 95 % interval.
    pub inside: u64,
    /// `inside` / `cells`, rounded to 4 digits; null without cells.
    pub inside_share: Option<f64>,
    /// Mean of |twin − released| / released, rounded to 4 digits; null without cells.
    pub mean_relative_error: Option<f64>,
    #[serde(skip)]
    errors: f64,
}

/// Cells of one size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Class {
    /// The smallest released number.
    pub from: u64,
    /// The first that is of the next class; null for the last.
    pub below: Option<u64>,
    /// How they agree.
    #[serde(flatten)]
    pub agreement: Agreement,
}

/// Cells of one table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableAgreement {
    /// The release.
    pub release: String,
    /// The table.
    pub table: String,
    /// Cells that are not published.
    pub hidden: u64,
    /// How the published ones agree.
    #[serde(flatten)]
    pub agreement: Agreement,
}

/// One published cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// The release.
    pub release: String,
    /// The table.
    pub table: String,
    /// Its labels, as printed.
    pub labels: Vec<String>,
    /// The released number.
    pub released: u64,
    /// Its 95 % interval.
    pub interval: [u64; 2],
    /// The twin's number, rounded to one digit.
    pub twin: f64,
}

impl Fidelity {
    /// Compares; `weight` is how many people one synthetic person stands for.
    pub(crate) fn of(book: &Book, recount: &Recount, apart: &[usize], weight: f64) -> Self {
        let mut all = Agreement::default();
        let mut classes = CLASSES.map(|_| Agreement::default());
        let (mut tables, mut points, mut far) = (Vec::new(), Vec::new(), Vec::new());
        for (at, table) in book.tables.iter().enumerate().filter(|it| !apart.contains(&it.0)) {
            let mut own = Agreement::default();
            for (row_at, row) in table.rows.iter().enumerate() {
                let Some(estimate) = row.people else { continue };
                let twin = recount.people(at, row_at).map_or(0.0, real) * weight;
                let class = CLASSES.partition_point(|from| *from <= estimate.people) - 1;
                for agreement in [&mut all, &mut own, &mut classes[class]] {
                    agreement.add(estimate, twin);
                }
                points.push((real(estimate.people), twin));
                if !is_inside(estimate, twin) {
                    far.push((distance(estimate, twin), at, row_at, twin));
                }
            }
            tables.push(TableAgreement {
                release: book.sheets[table.sheet].id.clone(),
                table: table.name.clone(),
                hidden: count(table.rows.len()) - own.cells,
                agreement: own.settled(),
            });
        }
        far.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let worst = far.into_iter().take(WORST).filter_map(|(_, table, row, twin)| {
            cell(book, table, book.tables[table].rows.get(row)?, twin)
        });
        let ends = CLASSES.iter().skip(1).copied().map(Some).chain([None]);
        let classes = CLASSES.into_iter().zip(ends).zip(classes).map(|((from, below), it)| Class {
            from,
            below,
            agreement: it.settled(),
        });
        let named = |at: &usize| {
            let table = &book.tables[*at];
            format!("{}: {}", book.sheets[table.sheet].id, table.name)
        };
        Self {
            all: all.settled(),
            classes: classes.filter(|it| it.agreement.cells > 0).collect(),
            tables,
            worst: worst.collect(),
            not_modelled: apart.iter().map(named).collect(),
            points,
        }
    }
}

impl Agreement {
    fn add(&mut self, released: Estimate, twin: f64) {
        self.cells += 1;
        self.inside += u64::from(is_inside(released, twin));
        self.errors += (twin - real(released.people)).abs() / real(released.people);
    }

    fn settled(self) -> Self {
        let share = |it: f64| (self.cells > 0).then(|| rounded(it / real(self.cells), 1e4));
        Self {
            inside_share: share(real(self.inside)),
            mean_relative_error: share(self.errors),
            ..self
        }
    }
}

fn is_inside(released: Estimate, twin: f64) -> bool {
    real(released.lo) <= twin && twin <= real(released.hi)
}

/// How far the twin is from a released number, in standard deviations of the noise.
fn distance(released: Estimate, twin: f64) -> f64 {
    (twin - real(released.people)).abs() / released.variance().sqrt()
}

fn cell(book: &Book, table: usize, row: &Row, twin: f64) -> Option<Cell> {
    let estimate = row.people?;
    let table = &book.tables[table];
    let sheet = &book.sheets[table.sheet];
    let labels = sheet.dims.iter().zip(&row.labels).map(|(dim, it)| book.text(*dim, *it));
    Some(Cell {
        release: sheet.id.clone(),
        table: table.name.clone(),
        labels: labels.filter(|it| *it != ALL).map(str::to_owned).collect(),
        released: estimate.people,
        interval: [estimate.lo, estimate.hi],
        twin: rounded(twin, 10.0),
    })
}

fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}
