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
mod accounts;
mod campaigns;
mod command_line;
mod composing;
mod deadlines;
mod demands;
mod deputies;
mod differences;
mod golden;
mod hashtags;
mod housekeeping;
mod image_sharing;
mod imports;
mod lessons;
mod mastodon;
mod matrix;
mod measuring;
mod notifications;
mod obligations;
mod openapi;
mod people;
mod pictures;
mod post_proposals;
mod profile_texts;
mod races;
mod reading;
mod reassigning;
mod rechecks;
mod record;
mod responsibilities;
mod review;
mod review_model;
mod review_talk;
mod rules;
mod schema;
mod sharing;
mod structure;
mod topics;
mod triggers;
mod upgrade;
mod urgent;
mod uses;
mod waiting;
mod workflows;
