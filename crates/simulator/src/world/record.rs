//! The customer record and the opt-out feed.

use jiff::ToSpan;
use jiff::civil::Date;
use reference::Geography;

use super::SimulateError;
use crate::chance::{Purpose, stream};
use crate::customers::{Contract, Customer, Objection};
use crate::land::Land;
use crate::table::{Column, Columns, Kind, Numbers, Part, Table, Texts, push_digits};
use crate::world::World;

pub(super) const CUSTOMERS: Columns = &[
    ("subscriber_id", Kind::Text),
    ("account_id", Kind::Text),
    ("gender", Kind::Text),
    ("birth_year", Kind::IntOrNone),
    ("postcode", Kind::Text),
    ("contract_type", Kind::Text),
    ("start_date", Kind::Text),
    ("end_date", Kind::Text),
    ("user_is_holder", Kind::Flag),
    ("opt_out", Kind::Flag),
    ("consent_vas", Kind::Flag),
    ("sim_role", Kind::Text),
];

pub(super) const OPT_OUT: Columns = &[("subscriber_id", Kind::Text)];

/// The raw id of a SIM: an IMSI of the test network 001-01.
pub(super) fn push_subscriber(out: &mut Vec<u8>, sim: u32) {
    out.extend_from_slice(b"00101");
    // A multiplier without a factor of ten permutes the ten digits.
    push_digits(out, u64::from(sim) * 6_364_136_223 % 10_000_000_000, 10);
}

/// The account number in files.
fn push_account(out: &mut Vec<u8>, account: u32) {
    out.push(b'A');
    push_digits(out, u64::from(account) * 387_420_489 % 1_000_000_000, 9);
}

/// Rows of the customer record.
#[derive(Default)]
pub(super) struct Record {
    /// The columns of text, in order.
    text: [Texts; 8],
    born: Numbers<i32>,
    flags: [Vec<bool>; 3],
}

impl Record {
    pub fn clear(&mut self) {
        self.text.iter_mut().for_each(Texts::clear);
        self.born.clear();
        self.flags.iter_mut().for_each(Vec::clear);
    }

    pub fn push(&mut self, row: &Customer, world: &World, land: &Land, geography: &Geography) {
        let mut rng = stream(world.seed, Purpose::Customer, u64::from(row.index), 1);
        let home = usize::try_from(row.home).ok().and_then(|at| land.homes.get(at));
        let sector = home.and_then(|home| geography.sectors.get(usize::from(home.0)));
        let sector = sector.map_or("", |it| it.code.as_str());
        let [id, account, gender, postcode, kind, start, end, role] = &mut self.text;
        id.push_new(|out| push_subscriber(out, row.sim));
        account.push_new(|out| push_account(out, row.account));
        let text =
            |text: &'static str| move |out: &mut Vec<u8>| out.extend_from_slice(text.as_bytes());
        gender.push(row.gender.index().into(), text(row.gender.code()));
        match row.birth_year.and_then(|it| i32::try_from(it).ok()) {
            Some(year) => self.born.push(year),
            None => self.born.push_none(),
        }
        let unit = [(); 2].map(|()| b"ABDEFGHJLNPQRSTUWXYZ"[rng.usize(0..20)]);
        postcode.push_new(|out| {
            out.extend_from_slice(sector.as_bytes());
            out.extend_from_slice(&unit);
        });
        let of_kind = rng.usize(0..3);
        kind.push(of_kind, text(["contract", "contract", "prepaid"][of_kind]));
        let (mut from, mut until) = (Date::new(rng.i16(2010..2026), rng.i8(1..10), 1).ok(), None);
        let day = |days: i64| world.first_day.checked_add(days.days()).ok();
        let month = world.first_day.first_of_month();
        match row.contract {
            Contract::Standing => {}
            Contract::Until(last) => until = day(last.into()),
            Contract::From(first) => from = day(first.into()),
            Contract::Ended(ago) => until = month.checked_sub(i64::from(ago).days()).ok(),
        }
        date(start, from);
        date(end, until);
        let [holder, opt_out, consent] = &mut self.flags;
        holder.push(row.is_holder);
        opt_out.push(row.objection == Objection::Record);
        consent.push(row.consent);
        let name = row.role.name();
        role.push(name.len(), text(name));
    }

    pub fn encode(&self, table: &Table) -> Result<Part, SimulateError> {
        let [id, account, gender, postcode, kind, start, end, role] =
            self.text.each_ref().map(Column::Texts);
        let [holder, opt_out, consent] = self.flags.each_ref().map(|it| Column::Flags(it));
        let born = Column::Ints(&self.born);
        table.encode(&[
            id, account, gender, born, postcode, kind, start, end, holder, opt_out, consent, role,
        ])
    }
}

fn date(column: &mut Texts, date: Option<Date>) {
    let Some(date) = date else { return column.push_none() };
    let parts = [date.year().into(), date.month().into(), date.day().into()];
    let [year, month, day] = parts.map(|it: i32| u64::try_from(it).unwrap_or_default());
    let key = usize::try_from(year.saturating_sub(1970) * 372 + (month - 1) * 31 + day);
    column.push(key.unwrap_or_default(), |out| {
        push_digits(out, year, 4);
        out.push(b'-');
        push_digits(out, month, 2);
        out.push(b'-');
        push_digits(out, day, 2);
    });
}

/// Those of `customers` who object in the feed alone.
pub(super) fn opt_out(customers: &[Customer], table: &Table) -> Result<Part, SimulateError> {
    let mut ids = Texts::default();
    for row in customers.iter().filter(|it| it.objection == Objection::Feed) {
        ids.push_new(|out| push_subscriber(out, row.sim));
    }
    table.encode(&[Column::Texts(&ids)])
}
