//! A row as one sortable number: day, person, then what the table needs.
//!
//! presence: `day:5 person:28 district:16 hour:5`; visit: `day:5 person:28 site:14 second:17`.
//! Sorting the number sorts the table, so a sort touches one plain column.

/// 2^28, 268 million: more people than any operator has subscribers in one country.
pub const PERSONS_MAX: u32 = 1 << 28;

/// 2^14: the longest public list of sites.
pub const SITES_MAX: usize = 1 << 14;

/// 2^17 seconds hold the longest local day, 25 hours.
pub const SECONDS_MAX: u32 = 1 << 17;

const _: () = assert!(
    SECONDS_MAX > 25 * 3_600
        && PERSONS_MAX.ilog2() + SECONDS_MAX.ilog2() + 5 + SITES_MAX.ilog2() == 64
);

/// A person in a district in an hour of a day of the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Day of the period, from 0.
    pub day: u8,
    /// The person.
    pub person: u32,
    /// The district of the cell.
    pub district: u16,
    /// The local hour.
    pub hour: u8,
}

/// A person at a site at a second of a day of the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Day of the period, from 0.
    pub day: u8,
    /// The person.
    pub person: u32,
    /// The site, below [`SITES_MAX`].
    pub site: u32,
    /// Seconds since the local day began, below [`SECONDS_MAX`].
    pub second: u32,
}

impl Presence {
    /// As a number.
    #[must_use]
    pub fn pack(self) -> u64 {
        u64::from(self.day) << 49
            | u64::from(self.person) << 21
            | u64::from(self.district) << 5
            | u64::from(self.hour)
    }

    /// From its number.
    #[must_use]
    pub fn unpack(key: u64) -> Self {
        Self {
            day: u8::try_from(bits(key, 49, 5)).unwrap_or_default(),
            person: bits(key, 21, 28),
            district: u16::try_from(bits(key, 5, 16)).unwrap_or_default(),
            hour: u8::try_from(bits(key, 0, 5)).unwrap_or_default(),
        }
    }
}

impl Hit {
    /// As a number.
    #[must_use]
    pub fn pack(self) -> u64 {
        u64::from(self.day) << 59
            | u64::from(self.person) << 31
            | u64::from(self.site) << 17
            | u64::from(self.second)
    }

    /// From its number.
    #[must_use]
    pub fn unpack(key: u64) -> Self {
        Self {
            day: u8::try_from(bits(key, 59, 5)).unwrap_or_default(),
            person: bits(key, 31, 28),
            site: bits(key, 17, 14),
            second: bits(key, 0, 17),
        }
    }
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
        let person = PERSONS_MAX - 1;
        let late = Presence { day: 30, person, district: u16::MAX, hour: 23 };
        assert_eq!(Presence::unpack(late.pack()), late);
        assert!(late.pack() > Presence { hour: 22, ..late }.pack());
        assert!(
            Presence { day: 30, person: 0, district: 0, hour: 0 }.pack()
                > Presence { day: 29, ..late }.pack()
        );
        let hit = Hit { day: 30, person, site: 16_383, second: 89_999 };
        assert_eq!(Hit::unpack(hit.pack()), hit);
        assert!(hit.pack() > Hit { site: 16_382, second: 89_999, ..hit }.pack());
    }
}
