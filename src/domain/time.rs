//! Moments and days in UTC. A moment is kept in microseconds: the form that both databases keep without loss.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment in UTC. In JSON it is RFC 3339 with `Z`; any offset is taken and normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// The moment `micros` microseconds after 1970 began.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970 began.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since 1970 began, as the record states times.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Seconds since 1970 began, as tokens state times.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The same moment without what is below a millisecond.
    pub const fn to_millis(self) -> Self {
        Self(self.0.div_euclid(1000) * 1000)
    }

    /// The moment `duration` later.
    pub fn after(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// The moment `duration` earlier.
    pub fn before(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros))
    }

    /// The calendar month, `2026-11`: the period that a statement of the record names.
    pub fn month(self) -> String {
        let date = self.to_chrono();
        format!("{:04}-{:02}", date.year(), date.month())
    }

    /// Reads RFC 3339 within the years 1970 to 9999; leap seconds are refused.
    pub fn parse(text: &str) -> Result<Self, InvalidTime> {
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidTime)?;
        let utc = parsed.with_timezone(&Utc);
        let leap = utc.timestamp_subsec_nanos() >= 1_000_000_000;
        if leap || !(1970..=9999).contains(&utc.year()) {
            return Err(InvalidTime);
        }
        Ok(Self(utc.timestamp_micros()).to_millis())
    }

    fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// The text is not a time that greenlight takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time between 1970 and 9999, such as 2026-11-21T09:00:00Z")]
pub struct InvalidTime;

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_chrono().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// A day in UTC, of a year from 1970 to 9998, so that the moment at which it ends can be told as well. In JSON it is
/// such as `2026-11-30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

impl Day {
    /// Reads a day that exists, in the one form `2026-11-30`.
    pub fn parse(text: &str) -> Result<Self, InvalidDay> {
        let is_form = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| is_form);
        day.filter(|day| (1970..=9998).contains(&day.year())).map(Self).ok_or(InvalidDay)
    }

    /// The moment at which it begins.
    pub fn begins(self) -> Time {
        Time(self.0.and_time(NaiveTime::MIN).and_utc().timestamp_micros())
    }

    /// The moment at which it is over, which is the first of the next.
    pub fn ends(self) -> Time {
        self.begins().after(Duration::from_hours(24))
    }

    /// The day that a moment lies in.
    pub fn of(time: Time) -> Self {
        Self(time.to_chrono().date_naive())
    }

    /// The same day of the month that many months later, or the last one of a month that is shorter.
    pub fn months_later(self, months: u32) -> Self {
        Self(self.0.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX))
    }

    /// How many days later `other` is.
    pub fn days_until(self, other: Self) -> i64 {
        (other.0 - self.0).num_days()
    }
}

/// The text is not a day that greenlight takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day that exists in the years 1970 to 9998, such as 2026-11-30, without a time")]
pub struct InvalidDay;

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn offsets_are_normalised_and_odd_times_refused() {
        let noon = Time::parse("2026-11-21T13:00:00+01:00").unwrap();
        assert_eq!(noon.to_string(), "2026-11-21T12:00:00Z");
        assert_eq!(noon.month(), "2026-11");
        for odd in ["", "2026-11-21", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z", "2026-12-31T23:59:60Z"]
        {
            assert_eq!(Time::parse(odd), Err(InvalidTime), "{odd}");
        }
    }

    #[test]
    fn a_day_exists_and_stands_in_its_one_form() {
        let day = Day::parse("2028-02-29").unwrap();
        assert_eq!(
            (day.to_string(), day.ends().to_string()),
            ("2028-02-29".into(), "2028-03-01T00:00:00Z".into())
        );
        assert_eq!(Day::parse("9998-12-31").unwrap().ends().to_string(), "9999-01-01T00:00:00Z");
        assert_eq!(day.days_until(Day::parse("2028-03-02").unwrap()), 2);
        for odd in [
            "",
            "2027-02-29",
            "2027-02-30",
            "2027-13-01",
            "2027-1-1",
            "27-01-01",
            "2027/01/01",
            " 2027-01-1",
            "2027-01-01T00:00:00Z",
            "+262142-01-01",
            "+2027-1-01",
            "-001-01-01",
            "1969-12-31",
            "9999-01-01",
            "2027-01-\u{662}1",
            "tomorrow",
        ] {
            assert_eq!(Day::parse(odd), Err(InvalidDay), "{odd}");
        }
    }
}
