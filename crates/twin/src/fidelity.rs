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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;
    use crate::space::Layer;

    #[test]
    fn figures_are_what_one_counts_by_hand() {
        let data = "level,home,people,people_lo,people_hi,status\n\
                    home,x,100,90,110,A\nhome,y,1000,950,1050,A\nhome,z,[c],[c],[c],[c]\n\
                    total,all,1200,1190,1210,A\n";
        let release = Release::of_data("r", "residents", data, &["home", "total"]);
        let book = Book::read(&[release]).unwrap();
        let mut recount = Recount::new(&book);
        // Each of 35 + 400 + 5 synthetic people stands for three.
        recount.add(&[Layer { table: 0, row_of: vec![0, 1, 2] }], &[35, 400, 5]);
        let fidelity = Fidelity::of(&book, &recount, &[1], 3.0);
        let check = |it: Agreement, cells, inside, share, error| {
            assert_eq!((it.cells, it.inside), (cells, inside));
            assert_eq!((it.inside_share, it.mean_relative_error), (Some(share), Some(error)));
        };
        // 105 for 100 is inside and 5 % off, 1,200 for 1,000 outside and 20 % off.
        check(fidelity.all, 2, 1, 0.5, 0.125);
        let [small, large] = fidelity.classes.as_slice() else { panic!("{:?}", fidelity.classes) };
        check(small.agreement, 1, 1, 1.0, 0.05);
        check(large.agreement, 1, 0, 0.0, 0.2);
        assert_eq!((small.from, small.below), (0, Some(200)));
        assert_eq!((large.from, large.below), (1_000, Some(10_000)));
        assert_eq!((fidelity.tables.len(), fidelity.tables[0].hidden), (1, 1));
        assert_eq!(fidelity.not_modelled, ["r: total"]);
        let [worst] = fidelity.worst.as_slice() else { panic!("{:?}", fidelity.worst) };
        assert_eq!(
            (worst.labels.as_slice(), worst.interval),
            (&["y".to_owned()][..], [950, 1_050])
        );
        assert!((worst.twin - 1_200.0).abs() < 1e-9);
    }
}
