//! Releases of earlier periods, as the ledger has them: what a plan may know beforehand.

use jiff::civil::Date;
use ledger::disk::Machine;
use ledger::{History, State};

use crate::error::Result;
use crate::instance::Instance;
use crate::publish::Publication;
use crate::time::Period;

/// The newest release of a product from a period before `period`.
///
/// # Errors
/// A fault when its folder is not what was published.
pub fn newest(
    instance: &Instance,
    history: &History,
    product: &str,
    period: Period,
) -> Result<Option<Publication>> {
    let newest = before(history, product, period).max_by_key(|it| it.0);
    newest.map(|it| read(instance, &it.1)).transpose()
}

/// The release whose numbers weigh the cells of `period`: the last of an earlier year, else the first of
/// this one, so that weights stay the same for a product year (privacy model §2).
///
/// # Errors
/// As [`newest`].
pub fn weighing(
    instance: &Instance,
    history: &History,
    product: &str,
    period: Period,
) -> Result<Option<Publication>> {
    let year = |period: Period| Date::year(period.first_day());
    let this_year = |it: &(Period, ledger::Publication)| year(it.0) == year(period);
    let (own, earlier): (Vec<_>, Vec<_>) = before(history, product, period).partition(this_year);
    let last = earlier.into_iter().max_by_key(|it| it.0);
    let chosen = last.or_else(|| own.into_iter().min_by_key(|it| it.0));
    chosen.map(|it| read(instance, &it.1)).transpose()
}

fn before(
    history: &History,
    product: &str,
    period: Period,
) -> impl Iterator<Item = (Period, ledger::Publication)> {
    let own = history.charges().into_iter().filter(move |it| it.charge.product == product);
    own.filter_map(move |it| match it.state {
        State::Published(published) => {
            let of = it.charge.period.parse::<Period>().ok().filter(|of| *of < period)?;
            Some((of, published))
        }
        State::Abandoned => None,
    })
}

fn read(instance: &Instance, published: &ledger::Publication) -> Result<Publication> {
    let path = instance.releases_dir().join(&published.release);
    Publication::read_recorded(&Machine, &path, &published.manifest_hash)
}
