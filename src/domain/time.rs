//! A moment in UTC, in microseconds: the form that both databases keep without loss.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
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
}
