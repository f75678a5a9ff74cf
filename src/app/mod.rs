//! Use cases: what each request does, from the permission to the entry in the record.
//!
//! A function here is named after its operation (`item_submit`), takes the transaction or connection it
//! works in, who asks, and the command, and knows neither HTTP nor SQL.

pub mod access;
pub mod actor;
pub mod announcements;
pub mod api_keys;
pub mod audit;
pub mod authentication;
pub mod availability;
pub mod checks;
pub mod content_snapshot;
pub mod context;
pub mod deadlines;
pub mod decisions;
pub mod delegations;
pub mod endings;
pub mod extension;
pub mod feed;
#[cfg(test)]
mod fixture;
pub mod freezes;
pub mod groups;
pub mod idempotency;
pub mod identity;
pub mod images;
pub mod issuer;
pub mod item_views;
pub mod items;
pub mod journal;
pub mod lapses;
pub mod library;
pub mod media;
pub mod outcomes;
pub mod passwords;
pub mod people;
pub mod pictures;
pub mod pool_names;
pub mod pools;
pub mod readiness;
pub mod reassignment;
pub mod references;
pub mod resumption;
pub mod review_runs;
pub mod reviews;
pub mod rule_findings;
pub mod rules;
pub mod sessions;
pub mod setup;
pub mod share_views;
pub mod shares;
pub mod sharing;
pub mod snapshots;
pub mod stages;
pub mod submission;
pub mod throttle;
pub mod tokens;
pub mod urgent;
pub mod uses;
pub mod verdict;
pub mod words;
pub mod workflows;
