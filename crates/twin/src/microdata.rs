//! Synthetic people, and what they do, as rows.

use crate::doing::Active;
use crate::error::Result;
use crate::folder::Draft;
use crate::model::{Doing, Model};
use crate::number::{count, index};
use crate::people::People;
use crate::rows::{Kind, Rows};
use crate::table::Book;

/// One row a person: home, gender, age and whatever else residents are counted by.
pub(crate) fn write_register(
    draft: &mut Draft,
    book: &Book,
    model: &Model,
    people: &People,
    flags: &[(String, Vec<bool>)],
) -> Result<()> {
    let space = &model.residents.space;
    let dims: Vec<usize> = (0..book.dims.len()).filter(|it| space.has(*it)).collect();
    let labels: Vec<Vec<u32>> = dims.iter().map(|it| space.labels(*it)).collect();
    let text = |name: &str| (name.to_owned(), Kind::Text);
    let mut columns = vec![text("person")];
    columns.extend(dims.iter().map(|it| text(&book.dims[*it].name)));
    columns.extend(flags.iter().map(|it| (it.0.clone(), Kind::Flag)));
    let mut rows = Rows::create(draft, "people", &columns)?;
    for (person, cell) in (0..).zip(&people.cell) {
        let id = id(person);
        let mut fields = vec![id.as_str()];
        let own = dims.iter().zip(&labels);
        fields.extend(own.map(|(dim, labels)| book.value(*dim, labels[index(*cell)])));
        let flag = |it: &(String, Vec<bool>)| if it.1[index(person)] { "true" } else { "false" };
        fields.extend(flags.iter().map(flag));
        rows.add(draft, &fields)?;
    }
    rows.finish(draft)
}

/// One row for each person and row of a family, by row and then by person; the people of each cell of
/// the family's space, and how many rows there are.
pub(crate) fn write_rows(
    draft: &mut Draft,
    book: &Book,
    doing: &Doing,
    active: Active,
    (scale, seed): (f64, u64),
) -> Result<(Vec<u64>, u64)> {
    let mut columns = vec![("person".to_owned(), Kind::Text)];
    columns.extend(doing.family.rows.iter().map(|it| (book.dims[*it].name.clone(), Kind::Text)));
    let mut rows = Rows::create(draft, &format!("does/{}", doing.family.name), &columns)?;
    let mut written = 0;
    let counts = active.draw_rows(doing, scale, seed, |row, people| {
        let values = values(book, doing, index(row));
        for person in people {
            let id = id(*person);
            let fields: Vec<&str> =
                std::iter::once(id.as_str()).chain(values.iter().copied()).collect();
            rows.add(draft, &fields)?;
        }
        written += count(people.len());
        Ok(())
    })?;
    rows.finish(draft)?;
    Ok((counts, written))
}

/// The values of the dimensions of a family's row by its number.
fn values<'book>(book: &'book Book, doing: &Doing, mut row: usize) -> Vec<&'book str> {
    let mut values = Vec::new();
    for dim in doing.family.rows.iter().rev() {
        let labels = &book.dims[*dim].labels;
        values.push(labels.get(row % labels.len().max(1)).map_or("", String::as_str));
        row /= labels.len().max(1);
    }
    values.reverse();
    values
}

/// What a synthetic person is called.
fn id(person: u32) -> String {
    format!("syn-{:08}", u64::from(person) + 1)
}
