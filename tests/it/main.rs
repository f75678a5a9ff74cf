//! The suite: one binary, a module for each capability.
//!
//! Stories run over HTTP against the real server, each on its own database, once on SQLite and once on
//! PostgreSQL: `support` says how. Tests that read the source or the OpenAPI document stand beside them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

mod access;
mod command_line;
mod composing;
mod golden;
mod hashtags;
mod housekeeping;
mod image_sharing;
mod mastodon;
mod matrix;
mod measuring;
mod openapi;
mod people;
mod pictures;
mod races;
mod reading;
mod record;
mod review;
mod rules;
mod schema;
mod sharing;
mod structure;
mod triggers;
mod upgrade;
mod urgent;
mod uses;
