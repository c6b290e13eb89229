//! The raw tables of a world, day by day on two threads.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Array, Int64Builder, StringArray, StringBuilder, UInt32Builder,
};
use arrow::datatypes::{DataType, Field, Schema};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use reference::Geography;

use super::wrong::{Mischief, Wrong};
use super::{Format, Progress, SimulateError};
use crate::chance::{Purpose, stream, times};
use crate::customers::{Objection, account_id, subscriber_id};
use crate::day::{Event, HOME_MCC, KINDS, Life, Slot, WebRecord, slots};
use crate::land::{Cell, SENSITIVE_RADIUS_M, round};
use crate::sites::{BACKGROUND, host};
use crate::tables::{BATCH_ROWS, TableFile};

/// Rows written, by table, and wrong rows by reason.
type Rows = BTreeMap<String, u64>;

fn schema(fields: &[(&str, DataType)]) -> Schema {
    let field = |(name, kind): &(&str, DataType)| Field::new(*name, kind.clone(), true);
    Schema::new(fields.iter().map(field).collect::<Vec<_>>())
}

pub(super) fn customers(
    life: &Life<'_>,
    raw: &Path,
    geography: &Geography,
) -> Result<(), SimulateError> {
    let columns = schema(&[
        ("subscriber_id", DataType::Utf8),
        ("account_id", DataType::Utf8),
        ("gender", DataType::Utf8),
        ("birth_year", DataType::UInt32),
        ("postcode", DataType::Utf8),
        ("contract_type", DataType::Utf8),
        ("start_date", DataType::Utf8),
        ("end_date", DataType::Utf8),
        ("user_is_holder", DataType::Boolean),
        ("opt_out", DataType::Boolean),
        ("consent_vas", DataType::Boolean),
        ("sim_role", DataType::Utf8),
    ]);
    let mut file = TableFile::create(raw, "customers", life.world.format, columns)?;
    for (chunk, rows) in (0_u32..).step_by(BATCH_ROWS).zip(life.customers.chunks(BATCH_ROWS)) {
        let mut text: [StringBuilder; 8] = std::array::from_fn(|_| StringBuilder::new());
        let mut born = UInt32Builder::new();
        let mut flags: [BooleanBuilder; 3] = std::array::from_fn(|_| BooleanBuilder::new());
        for (index, row) in (chunk..).zip(rows) {
            let mut rng = stream(life.world.seed, Purpose::Customer, u64::from(index), 1);
            let home = usize::try_from(row.home).ok().and_then(|at| life.land.homes.get(at));
            let sector = home.and_then(|home| geography.sectors.get(usize::from(home.0)));
            let sector = sector.map_or("", |it| it.code.as_str());
            let unit =
                |rng: &mut fastrand::Rng| char::from(b"ABDEFGHJLNPQRSTUWXYZ"[rng.usize(0..20)]);
            let [id, account, gender, postcode, contract, start, end, role] = &mut text;
            id.append_value(subscriber_id(index));
            account.append_value(account_id(row.account));
            gender.append_value(row.gender.code());
            born.append_option(row.birth_year);
            postcode.append_value(format!("{sector}{}{}", unit(&mut rng), unit(&mut rng)));
            contract.append_value(["contract", "contract", "prepaid"][rng.usize(0..3)]);
            start.append_value(format!("20{:02}-{:02}-01", rng.u8(10..26), rng.u8(1..10)));
            end.append_null();
            role.append_value(row.role.name());
            let [holder, opt_out, consent] = &mut flags;
            holder.append_value(row.is_holder);
            opt_out.append_value(row.objection == Objection::Record);
            consent.append_value(row.consent);
        }
        let [id, account, gender, postcode, contract, start, end, role] =
            text.map(|mut it| -> ArrayRef { Arc::new(it.finish()) });
        let [holder, opt_out, consent] = flags.map(|mut it| -> ArrayRef { Arc::new(it.finish()) });
        let born: ArrayRef = Arc::new(born.finish());
        file.write(vec![
            id, account, gender, born, postcode, contract, start, end, holder, opt_out, consent,
            role,
        ])?;
    }
    file.close()
}

pub(super) fn cells(life: &Life<'_>, raw: &Path) -> Result<(), SimulateError> {
    let columns = schema(&[
        ("cell_id", DataType::Utf8),
        ("latitude", DataType::Float64),
        ("longitude", DataType::Float64),
        ("technology", DataType::Utf8),
        ("valid_date_start", DataType::Utf8),
        ("valid_date_end", DataType::Utf8),
    ]);
    let mut file = TableFile::create(raw, "cells", Format::Csv, columns)?;
    let all = &life.land.cells;
    let numbered = || (0_u32..).zip(all);
    let place = |it: &Cell| round(it.lat, it.lon);
    let end = |retired: bool| retired.then_some("2026-06-30");
    file.write(vec![
        Arc::new(numbered().map(|it| Some(cell_id(it.0))).collect::<StringArray>()),
        Arc::new(Float64Array::from_iter_values(all.iter().map(|it| place(it).0))),
        Arc::new(Float64Array::from_iter_values(all.iter().map(|it| place(it).1))),
        Arc::new(
            numbered()
                .map(|it| Some(["lte", "nr"][usize::from(it.0 % 2 == 0)]))
                .collect::<StringArray>(),
        ),
        Arc::new(all.iter().map(|_| Some("2019-01-01")).collect::<StringArray>()),
        Arc::new(all.iter().map(|it| end(it.retired)).collect::<StringArray>()),
    ])?;
    file.close()
}

/// Who objects in the feed alone.
pub(super) fn opt_out(life: &Life<'_>, raw: &Path) -> Result<(), SimulateError> {
    let columns = schema(&[("subscriber_id", DataType::Utf8)]);
    let mut file = TableFile::create(raw, "opt_out", Format::Csv, columns)?;
    let in_feed = (0_u32..).zip(life.customers).filter(|it| it.1.objection == Objection::Feed);
    let ids: StringArray = in_feed.map(|it| Some(subscriber_id(it.0))).collect();
    file.write(vec![Arc::new(ids)])?;
    file.close()
}

/// Places where nobody is to be counted.
pub(super) fn sensitive_places(life: &Life<'_>, raw: &Path) -> Result<(), SimulateError> {
    let columns = schema(&[
        ("name", DataType::Utf8),
        ("kind", DataType::Utf8),
        ("latitude", DataType::Float64),
        ("longitude", DataType::Float64),
        ("radius_m", DataType::Float64),
    ]);
    let mut file = TableFile::create(raw, "sensitive_places", Format::Csv, columns)?;
    let places = &life.land.sensitive;
    let kinds = ["clinic", "worship", "refuge", "prison", "military"];
    let kind = |at: usize| kinds[at % kinds.len()];
    let numbers = || 0..places.len();
    file.write(vec![
        Arc::new(numbers().map(|at| Some(format!("{} {at}", kind(at)))).collect::<StringArray>()),
        Arc::new(numbers().map(|at| Some(kind(at))).collect::<StringArray>()),
        Arc::new(Float64Array::from_iter_values(places.iter().map(|it| it.0))),
        Arc::new(Float64Array::from_iter_values(places.iter().map(|it| it.1))),
        Arc::new(Float64Array::from_iter_values(places.iter().map(|_| SENSITIVE_RADIUS_M))),
    ])?;
    file.close()
}

fn cell_id(index: u32) -> String {
    format!("00101-{index:07}")
}

/// Writes every day's files, two days at a time.
pub(super) fn days(
    life: &Life<'_>,
    raw: &Path,
    days: &[Date],
    zone: &TimeZone,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Rows, SimulateError> {
    let (next, done) = (AtomicUsize::new(0), AtomicU64::new(0));
    let total = u64::try_from(days.len()).unwrap_or_default() + 1;
    let outcome = Mutex::new(Ok(Rows::new()));
    let work = || {
        while let Some(&day) = days.get(next.fetch_add(1, Ordering::Relaxed)) {
            let written = slots(day, zone).and_then(|slots| {
                let rows = events(life, &raw.join("events"), day, &slots)?;
                Ok(web(life, &raw.join("web"), day, &slots)?.into_iter().fold(rows, add))
            });
            let mut outcome = outcome.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *outcome = match (std::mem::replace(&mut *outcome, Ok(Rows::new())), written) {
                (Ok(all), Ok(rows)) => Ok(rows.into_iter().fold(all, add)),
                (Err(cause), _) | (_, Err(cause)) => Err(cause),
            };
            progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, total });
        }
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        work();
        drop(other.join());
    });
    outcome.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn add(mut all: Rows, (name, rows): (String, u64)) -> Rows {
    *all.entry(name).or_default() += rows;
    all
}

fn events(
    life: &Life<'_>,
    folder: &Path,
    day: Date,
    slots: &[Slot],
) -> Result<Rows, SimulateError> {
    let columns = schema(&[
        ("subscriber_id", DataType::Utf8),
        ("event_time", DataType::Int64),
        ("type", DataType::Utf8),
        ("cell_id", DataType::Utf8),
        ("duration_s", DataType::UInt32),
        ("volume_down", DataType::Int64),
        ("mcc", DataType::UInt32),
        ("mnc", DataType::UInt32),
    ]);
    let mut file = TableFile::create(folder, &day.to_string(), life.world.format, columns)?;
    let first = slots.first().map_or(0, |it| it.number);
    let mut mischief = Mischief::in_events(&life.world.rates, life.world.seed, first);
    let mut total = 0_u64;
    let mut write = |rows: &mut Vec<Event>| {
        rows.sort_unstable_by_key(|it| (it.at_ms, it.customer));
        for chunk in rows.chunks(BATCH_ROWS / 2) {
            let mut batch = EventRows { retired: retired_cell(life), ..EventRows::default() };
            for row in chunk {
                batch.push(row, None, 0);
                if row.mcc != HOME_MCC {
                    mischief.count("visitor_from_abroad");
                } else if let Some(wrong) = mischief.next() {
                    let number = mischief.number();
                    if batch.plant(life, row, wrong, number) {
                        mischief.count(wrong.name());
                    }
                }
            }
            total += batch.rows;
            file.write(batch.columns())?;
        }
        Ok::<_, SimulateError>(())
    };
    // What came late of the day before: some rows of its last hour.
    if let Some(before) = slots.first().and_then(|it| it.before(life.first_day())) {
        let mut rows = Vec::new();
        life.all_events(&before, |event| rows.extend(life.is_late(&event).then_some(event)));
        write(&mut rows)?;
    }
    let last = slots.last().filter(|it| it.day < life.last_day()).map(|it| it.number);
    for slot in slots {
        let mut rows: Vec<Event> = Vec::new();
        let in_time = |event: &Event| last != Some(slot.number) || !life.is_late(event);
        life.all_events(slot, |event| rows.extend(in_time(&event).then_some(event)));
        write(&mut rows)?;
    }
    file.close()?;
    mischief.planted.insert("events".to_owned(), total);
    Ok(mischief.planted)
}

/// A cell that was taken down before the first day; every world of more than a few cells has one.
fn retired_cell(life: &Life<'_>) -> u32 {
    let at = life.land.cells.iter().position(|it| it.retired).unwrap_or(usize::MAX);
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[derive(Default)]
struct EventRows {
    rows: u64,
    retired: u32,
    id: StringBuilder,
    time: Int64Builder,
    kind: StringBuilder,
    cell: StringBuilder,
    duration: UInt32Builder,
    volume: Int64Builder,
    mcc: UInt32Builder,
    mnc: UInt32Builder,
}

impl EventRows {
    /// Plants a wrong row or two after a right one; whether that could be done.
    fn plant(&mut self, life: &Life<'_>, row: &Event, wrong: Wrong, number: u32) -> bool {
        let at =
            |seconds: i64, cell: u32| Event { at_ms: row.at_ms + seconds * 1_000, cell, ..*row };
        let elsewhere = || life.land.far_from(row.cell, number);
        // Away and back stays within the hour.
        let early = row.at_ms % 3_600_000 < 3_500_000;
        match wrong {
            Wrong::SuspiciousJump | Wrong::SameTimeElsewhere if !early => return false,
            Wrong::SuspiciousJump => {
                let Some(far) = elsewhere() else { return false };
                self.push(&at(20, far), None, 0);
                self.push(&at(40, row.cell), None, 0);
            }
            Wrong::SameTimeElsewhere => {
                let Some(far) = elsewhere() else { return false };
                self.push(&at(1, far), None, 0);
                self.push(&at(1, row.cell), None, 0);
            }
            wrong => self.push(row, Some(wrong), number),
        }
        true
    }

    fn push(&mut self, event: &Event, wrong: Option<Wrong>, number: u32) {
        self.rows += 1;
        if event.mcc == HOME_MCC {
            append_id(&mut self.id, event.customer, wrong, number);
        } else {
            self.id.append_value(format!("{}01{:09}", event.mcc, event.customer));
        }
        self.mcc.append_value(event.mcc);
        self.mnc.append_value(1);
        append_time(&mut self.time, event.at_ms, wrong);
        self.kind.append_value(KINDS[usize::from(event.kind)]);
        self.cell.append_value(match wrong {
            Some(Wrong::UnknownCell) => format!("00101-9{number:010}"),
            Some(Wrong::CellNotValid) => cell_id(self.retired),
            _ => cell_id(event.cell),
        });
        self.duration.append_value(event.duration_s);
        self.volume.append_value(i64::try_from(event.volume).unwrap_or(i64::MAX));
    }

    fn columns(mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.id.finish()),
            Arc::new(self.time.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.cell.finish()),
            Arc::new(self.duration.finish()),
            Arc::new(self.volume.finish()),
            Arc::new(self.mcc.finish()),
            Arc::new(self.mnc.finish()),
        ]
    }
}

fn append_id(out: &mut StringBuilder, customer: u32, wrong: Option<Wrong>, number: u32) {
    match wrong {
        Some(Wrong::NullId) => out.append_null(),
        Some(Wrong::UnknownSubscriber) => out.append_value(format!("00199{number:010}")),
        _ => out.append_value(subscriber_id(customer)),
    }
}

fn append_time(out: &mut Int64Builder, at_ms: i64, wrong: Option<Wrong>) {
    match wrong {
        // The year 1970 and nothing at all.
        Some(Wrong::BadTime) if at_ms % 2 == 0 => out.append_null(),
        Some(Wrong::BadTime) => out.append_value(-1),
        _ => out.append_value(at_ms),
    }
}

fn web(life: &Life<'_>, folder: &Path, day: Date, slots: &[Slot]) -> Result<Rows, SimulateError> {
    let columns = schema(&[
        ("time", DataType::Int64),
        ("subscriber_id", DataType::Utf8),
        ("host", DataType::Utf8),
        ("source", DataType::Utf8),
        ("bytes", DataType::Int64),
        ("duration_s", DataType::UInt32),
        ("cell_id", DataType::Utf8),
    ]);
    let mut file = TableFile::create(folder, &day.to_string(), life.world.format, columns)?;
    let first = slots.first().map_or(0, |it| it.number);
    let mut mischief = Mischief::in_web(&life.world.rates, life.world.seed, first);
    let mut total = 0_u64;
    for slot in slots {
        let mut rows: Vec<WebRecord> = Vec::new();
        for (index, customer) in (0..).zip(life.customers) {
            life.web(index, customer, slot, |record| rows.push(record));
        }
        rows.sort_unstable_by_key(|it| (it.at_ms, it.customer));
        for chunk in rows.chunks(BATCH_ROWS / 2) {
            let mut batch = WebRows::default();
            for row in chunk {
                batch.push(life, row, None, 0);
                if let Some(wrong) = mischief.next() {
                    batch.push(life, row, Some(wrong), mischief.number());
                    mischief.count(wrong.name());
                }
            }
            total += batch.rows;
            file.write(batch.columns())?;
        }
    }
    file.close()?;
    mischief.planted.insert("web".to_owned(), total);
    Ok(mischief.planted)
}

#[derive(Default)]
struct WebRows {
    rows: u64,
    time: Int64Builder,
    id: StringBuilder,
    host: StringBuilder,
    source: StringBuilder,
    bytes: Int64Builder,
    duration: UInt32Builder,
    cell: StringBuilder,
}

impl WebRows {
    fn push(&mut self, life: &Life<'_>, record: &WebRecord, wrong: Option<Wrong>, number: u32) {
        let moment = u64::try_from(record.at_ms).unwrap_or_default();
        let mut rng = stream(life.world.seed, Purpose::Wrong, moment, u64::from(record.customer));
        let site = usize::try_from(record.site).ok().and_then(|at| life.sites.sites.get(at));
        let host = host(site.map_or("", |it| it.domain.as_str()), &mut rng);
        self.append(
            record,
            wrong,
            number,
            &match wrong {
                Some(Wrong::HostWithPath) => format!("{host}/account/{number}?q=private"),
                Some(Wrong::BadHost) => format!("..{number}"),
                _ => host,
            },
        );
        if wrong.is_none() {
            self.company(life, record, &mut rng);
        }
    }

    /// What a page brings along: background hosts, and records of no host and of sites on no list.
    fn company(&mut self, life: &Life<'_>, record: &WebRecord, rng: &mut fastrand::Rng) {
        let rates = &life.world.rates;
        for _ in 0..times(rates.third_party, rng) {
            self.append(record, None, 0, BACKGROUND[rng.usize(0..BACKGROUND.len())]);
        }
        if rng.f64() < rates.unlisted_site {
            self.append(record, None, 0, &format!("www.example-{}.co.uk", rng.u16(..)));
        }
        if rng.f64() < rates.hidden_host {
            self.append(record, None, 0, "");
        }
    }

    fn append(&mut self, record: &WebRecord, wrong: Option<Wrong>, number: u32, host: &str) {
        self.rows += 1;
        append_time(&mut self.time, record.at_ms, wrong);
        append_id(&mut self.id, record.customer, wrong, number);
        self.host.append_value(host);
        self.source.append_value(["sni", "dns"][usize::from(record.bytes.is_multiple_of(3))]);
        self.bytes.append_value(i64::try_from(record.bytes).unwrap_or(i64::MAX));
        self.duration.append_value(record.duration_s);
        self.cell.append_value(cell_id(record.cell));
    }

    fn columns(mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.time.finish()),
            Arc::new(self.id.finish()),
            Arc::new(self.host.finish()),
            Arc::new(self.source.finish()),
            Arc::new(self.bytes.finish()),
            Arc::new(self.duration.finish()),
            Arc::new(self.cell.finish()),
        ]
    }
}
