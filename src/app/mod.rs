//! Use cases: what greenlight does, with permissions and transactions.

pub mod actor;
