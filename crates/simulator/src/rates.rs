//! How often each thing happens that makes an operator's files what they are: every rate in one place.
//!
//! Defaults are what operators' feeds and public statistics show, rounded; where nothing is published they
//! are own estimates, high enough that a small world has each.

use crate::world::SimulateError;

/// One rate.
pub struct Rate {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is the share of.
    pub meaning: &'static str,
    /// Its default.
    pub default: f64,
}

macro_rules! rates {
    ($($name:ident = $default:literal: $meaning:literal;)*) => {
        /// Shares, 0 to 1, unless said otherwise.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Rates {
            $(#[doc = $meaning] pub $name: f64,)*
        }

        impl Default for Rates {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        /// Every rate, in the order of the documentation.
        pub const RATES: &[Rate] =
            &[$(Rate { name: stringify!($name), meaning: $meaning, default: $default },)*];

        impl Rates {
            fn of(&mut self, name: &str) -> Option<&mut f64> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)*
                    _ => None,
                }
            }
        }
    };
}

rates! {
    machine = 0.03: "of SIMs that are machines' (meters, lifts, alarms)";
    business = 0.015: "of SIMs of firms' fleets";
    tablet = 0.03: "of SIMs that are a second one of the account's holder";
    relative = 0.03: "of SIMs used by another person of the account";
    recycled = 0.002: "of customers whose number was somebody else's until some days before";
    ended = 0.004: "of customers whose contract ended before the first day";
    unknown_age = 0.004: "of customers whose birth year is not known";
    opt_out = 0.02: "of customers who object in the customer record";
    opt_out_feed = 0.002: "of customers who object in the opt-out feed alone";
    no_consent = 0.03: "of customers without consent to value-added services";
    home_worker = 0.35: "of customers who do not travel to work";
    night_shift = 0.05: "of those who travel, who do it at night";
    stadium = 0.02: "of customers near enough who go to the stadium on Wednesday evening";
    shopping = 0.06: "of customers near enough who go to the shopping centre on Saturday";
    visitor = 0.02: "visitors from abroad for each customer";
    third_party = 1.0: "background hosts that come with a page, on average; any number";
    hidden_host = 0.05: "of pages that bring a record whose host is encrypted";
    unlisted_site = 0.05: "of pages that bring a record of a site on no list";
    sensitive_place = 0.025: "of cells at whose place nobody is to be counted";
    null_id = 0.0003: "of rows followed by one without a subscriber id";
    unknown_subscriber = 0.0005: "of rows followed by one of a number without a customer record";
    unknown_cell = 0.0003: "of events followed by one in a cell that no topology has";
    cell_not_valid = 0.0003: "of events followed by one in a cell that was taken down";
    bad_time = 0.0003: "of rows followed by one without an instant or of 1969";
    duplicate = 0.001: "of rows that come twice";
    host_with_path = 0.0003: "of web records followed by one with a path and a query";
    bad_host = 0.0003: "of web records followed by one whose host is none";
    suspicious_jump = 0.0003: "of events followed by one far away and one back within a minute";
    same_time_elsewhere = 0.0002: "of events followed by two in one second, far from one another";
    late_row = 0.02: "of rows of a day's last hour that come in the file of the next day";
}

impl Rates {
    /// Multiplies a rate by `factor`; 0 switches it off.
    ///
    /// # Errors
    /// [`SimulateError::UnknownRate`] for another name, or a factor that is negative or no number.
    pub fn scale(&mut self, name: &str, factor: f64) -> Result<(), SimulateError> {
        let usable = factor.is_finite() && factor >= 0.0;
        match self.of(name).filter(|_| usable) {
            Some(rate) => {
                let most = if name == "third_party" { 100.0 } else { 1.0 };
                *rate = (*rate * factor).min(most);
                Ok(())
            }
            None => Err(SimulateError::UnknownRate { asked: format!("{name}={factor}") }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_multiplied_capped_and_named() {
        let mut rates = Rates::default();
        rates.scale("duplicate", 10.0).unwrap();
        rates.scale("machine", 1e6).unwrap();
        rates.scale("visitor", 0.0).unwrap();
        assert!((rates.duplicate - 0.01).abs() < 1e-12);
        assert_eq!((rates.machine, rates.visitor), (1.0, 0.0));
        for (name, factor) in [("dublicate", 1.0), ("duplicate", -1.0), ("duplicate", f64::NAN)] {
            let wrong = rates.scale(name, factor).unwrap_err().to_string();
            assert!(wrong.contains("suspicious_jump"), "{wrong}");
        }
    }
}
