//! Use cases: what each request does, from the permission to the entry in the record.
//!
//! A function here is named after its operation (`post_submit`), takes the transaction or connection it
//! works in, who asks, and the command, and knows neither HTTP nor SQL.

pub mod access;
pub mod actor;
pub mod api_keys;
pub mod authentication;
#[cfg(test)]
mod fixture;
pub mod groups;
pub mod identity;
pub mod journal;
pub mod passwords;
pub mod people;
pub mod sessions;
pub mod throttle;
pub mod tokens;
