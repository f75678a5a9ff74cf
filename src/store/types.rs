//! How the domain's types are read from columns, and how errors of the database become ours.
//!
//! Only reading is typed here: a query writes `id.to_string()` or `time.micros()` where it binds a
//! value. Both databases share the three portable column types text, integer and bytes.

use std::str::FromStr;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{BigInt, Text};

use crate::domain::announcement::Topic;
use crate::domain::ids::{Digest, Id, Key, Kind};
use crate::domain::review::{DecisionKind, ReviewState};

use crate::domain::lifecycle::{EndingKind, RevisionState};
use crate::domain::post_import::{Format, ImportState, RowResult};
use crate::domain::proposal::Closing;
use crate::domain::recheck::{Because, RecheckAction};
use crate::domain::roles::Role;
use crate::domain::share::{Outcome, ShareState};
use crate::domain::time::Time;
use crate::domain::urgent::UrgentOutcome;
use crate::domain::workflow::Resume;
use crate::error::{Code, Error};

/// Reads a column of text into a type that parses itself.
macro_rules! read_as_text {
    ($($type:ty $(where $param:ident)?),* $(,)?) => {$(
        impl<$($param,)? DB: Backend> FromSql<Text, DB> for $type
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                Ok(Self::from_str(&String::from_sql(bytes)?)?)
            }
        }

        impl<$($param,)? DB: Backend> Queryable<Text, DB> for $type
        where
            Self: FromSql<Text, DB>,
        {
            type Row = Self;

            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    )*};
}

read_as_text!(
    Id<T> where T,
    Digest,
    Key,
    Kind,
    Role,
    RevisionState,
    ReviewState,
    DecisionKind,
    ShareState,
    Outcome,
    EndingKind,
    UrgentOutcome,
    Resume,
    Format,
    ImportState,
    RowResult,
    Closing,
    Topic,
    RecheckAction,
    Because,
);

impl<DB: Backend> FromSql<BigInt, DB> for Time
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self::from_micros(i64::from_sql(bytes)?))
    }
}

impl<DB: Backend> Queryable<BigInt, DB> for Time
where
    Self: FromSql<BigInt, DB>,
{
    type Row = Self;

    fn build(row: Self) -> deserialize::Result<Self> {
        Ok(row)
    }
}

/// Every error of the database is ours to answer for, but for two that a caller can act on: a closed
/// connection, or a lock that somebody holds for too long, is 503, and a lost race is 409. Whoever expects a broken constraint maps it
/// first, with [`unique_violation`].
impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => Error {
                source: Some(Box::new(error)),
                ..Error::unavailable("The database is not reachable right now.")
            },
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Error {
                source: Some(Box::new(error)),
                ..Error::new(Code::Conflict, "Somebody else wrote the same thing at the same moment.")
            },
            DieselError::DatabaseError(kind, info) if is_lock_held(*kind, info.message()) => Error {
                source: Some(Box::new(error)),
                ..Error::unavailable("Somebody else holds what this needs for too long.")
            },
            _ => Error::internal(error),
        }
    }
}

/// Whether a statement gave up because others hold its locks. Diesel tells no codes but a few kinds, so the
/// messages decide; a server that speaks another language than English is answered for with 500.
fn is_lock_held(kind: DatabaseErrorKind, message: &str) -> bool {
    matches!(kind, DatabaseErrorKind::SerializationFailure)
        || ["database is locked", "deadlock detected", "due to lock timeout", "due to statement timeout"]
            .iter()
            .any(|told| message.contains(told))
}

/// Turns a broken unique constraint into `replacement`, and leaves every other error as it is.
pub fn unique_violation(error: DieselError, replacement: impl FnOnce() -> Error) -> Error {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => replacement(),
        other => other.into(),
    }
}

/// Whether trying the same transaction again may succeed: it lost a race for the lock.
pub fn is_retryable(error: &Error) -> bool {
    let Some(source) = error.source.as_deref() else { return false };
    match source.downcast_ref::<DieselError>() {
        Some(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
        Some(DieselError::DatabaseError(_, info)) => {
            let message = info.message();
            message.contains("database is locked") || message.contains("deadlock detected")
        }
        _ => false,
    }
}
