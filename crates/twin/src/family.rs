//! Which tables are modelled together.
//!
//! Tables of `residents` say who the people are: their dimensions are a person's. In another product, a
//! table is split by dimensions of a person and by what the person does (a site, a district and an
//! hour): those *rows* make a family. Tables without rows are bases: people with any row of the family
//! whose tables follow them in the release.

use std::collections::BTreeSet;

use crate::RESIDENTS;
use crate::table::Book;

/// Tables of one product with the same rows, and their bases.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    /// Product and rows, e.g. `web_audience_site`.
    pub name: String,
    pub product: String,
    /// The dimensions of what people do; none in a product that only says who.
    pub rows: Vec<usize>,
    pub tables: Vec<usize>,
    pub bases: Vec<usize>,
}

/// Every table by its part in the model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Families {
    pub residents: Vec<usize>,
    pub doing: Vec<Family>,
    /// Tables that are split by something of a person that residents are not split by: nothing links them.
    pub apart: Vec<usize>,
}

impl Families {
    /// Sorts the tables of a book.
    pub fn of(book: &Book) -> Self {
        let mut sorted = Self::default();
        let (residents, others): (Vec<usize>, Vec<usize>) =
            (0..book.sheets.len()).partition(|it| book.sheets[*it].product == RESIDENTS);
        for sheet in residents {
            sorted.residents.extend(&book.sheets[sheet].tables);
        }
        let of_person = dims(book, &sorted.residents);
        for sheet in others {
            sorted.add(book, sheet, &of_person);
        }
        sorted
    }

    fn add(&mut self, book: &Book, sheet: usize, of_person: &BTreeSet<usize>) {
        let sheet = &book.sheets[sheet];
        let single: Vec<usize> =
            sheet.tables.iter().copied().filter(|it| book.tables[*it].is_single).collect();
        let unlinked: BTreeSet<usize> =
            dims(book, &single).difference(of_person).copied().collect();
        let mut bases = Vec::new();
        let mut last = None;
        for &table in &sheet.tables {
            let own = &book.tables[table].dims;
            let rows: Vec<usize> = own.difference(of_person).copied().collect();
            if !own.is_disjoint(&unlinked) {
                self.apart.push(table);
            } else if rows.is_empty() {
                bases.push(table);
            } else {
                let family = self.family(book, &sheet.product, rows);
                self.doing[family].tables.push(table);
                self.doing[family].bases.append(&mut bases);
                last = Some(family);
            }
        }
        if !bases.is_empty() {
            let family = last.unwrap_or_else(|| self.family(book, &sheet.product, Vec::new()));
            self.doing[family].bases.append(&mut bases);
        }
    }

    /// The position of a family; it is made if it is not there.
    fn family(&mut self, book: &Book, product: &str, rows: Vec<usize>) -> usize {
        let found = self.doing.iter().position(|it| it.product == product && it.rows == rows);
        found.unwrap_or_else(|| {
            let mut names = vec![product];
            names.extend(rows.iter().map(|it| book.dims[*it].name.as_str()));
            let name = names.join("_");
            let (tables, bases, product) = (Vec::new(), Vec::new(), product.to_owned());
            self.doing.push(Family { name, product, rows, tables, bases });
            self.doing.len() - 1
        })
    }
}

/// The dimensions of any of these tables.
pub(crate) fn dims(book: &Book, tables: &[usize]) -> BTreeSet<usize> {
    tables.iter().flat_map(|it| &book.tables[*it].dims).copied().collect()
}
