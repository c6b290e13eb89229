//! A row as one sortable number: day, person, then what the table needs.
//!
//! presence: `day:6 person:27 device:14 second:17`, with the cell's place beside it;
//! visit: `day:6 person:27 site:14 second:17`, with the seconds that it lasted beside it.
//! Sorting the number sorts the table, so a sort touches one plain column.

use crate::vault::HIDDEN_SITE;

/// 2^27, 134 million: more people than most operators have subscribers in one country.
pub const PERSONS_MAX: u32 = 1 << 27;

/// 2^14: the tags that tell one person's devices apart, and the numbers of sites.
pub const TAGS_MAX: u32 = 1 << 14;

/// The longest public list of sites: every number but [`HIDDEN_SITE`].
pub const SITES_MAX: usize = (1 << 14) - 1;

/// 2^17 seconds hold the longest local day, 25 hours.
pub const SECONDS_MAX: u32 = 1 << 17;

/// The number of the period's first day: below it are the days of the period before.
pub const FIRST_DAY: u8 = 32;

const _: () = assert!(
    SECONDS_MAX > 25 * 3_600
        && PERSONS_MAX.ilog2() + SECONDS_MAX.ilog2() + 6 + TAGS_MAX.ilog2() == 64
        && HIDDEN_SITE == TAGS_MAX - 1
        && SITES_MAX.count_ones() == TAGS_MAX.ilog2()
);

/// A person somewhere, or at a site, at a second of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Day, see [`FIRST_DAY`].
    pub day: u8,
    /// The person.
    pub person: u32,
    /// The tag of the device, or the site; below [`TAGS_MAX`].
    pub what: u32,
    /// Seconds since the local day began, below [`SECONDS_MAX`].
    pub second: u32,
}

impl Key {
    /// As a number.
    #[must_use]
    pub fn pack(self) -> u64 {
        u64::from(self.day) << 58
            | u64::from(self.person) << 31
            | u64::from(self.what) << 17
            | u64::from(self.second)
    }

    /// From its number.
    #[must_use]
    pub fn unpack(key: u64) -> Self {
        Self {
            day: day_of(key),
            person: bits(key, 31, 27),
            what: bits(key, 17, 14),
            second: bits(key, 0, 17),
        }
    }

    /// Whether the other is of the same person on the same day.
    #[must_use]
    pub const fn same_day(self, other: Self) -> bool {
        self.day == other.day && self.person == other.person
    }
}

/// The day of a packed row.
#[must_use]
pub fn day_of(key: u64) -> u8 {
    u8::try_from(bits(key, 58, 6)).unwrap_or_default()
}

/// `width` bits of `key` above the lowest `from`; at most 32.
fn bits(key: u64, from: u32, width: u32) -> u32 {
    u32::try_from(key >> from & ((1 << width) - 1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_parts_and_their_order() {
        let key = Key { day: 62, person: PERSONS_MAX - 1, what: 16_383, second: 89_999 };
        assert_eq!(Key::unpack(key.pack()), key);
        assert!(key.pack() > Key { what: 16_382, second: 131_071, ..key }.pack());
        assert!(key.pack() > Key { second: 89_998, ..key }.pack());
        assert!(
            Key { day: 62, person: 0, what: 0, second: 0 }.pack() > Key { day: 61, ..key }.pack()
        );
    }
}
