//! greenlight: pre-approved social content, shared by employees, on the record.
//!
//! A communications team drafts posts, reviewers approve exact versions of them, employees share what is
//! approved for them with the required disclaimers, and every hand-over is logged.
//!
//! # The map
//! In reading order, from what the rest stands on to what a user meets:
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`error`] | one error for everything, and the one table from code to status and title |
//! | [`clock`] | the only reader of the time |
//! | [`domain`] | pure: ids, content of each kind, lifecycle, review machine, channels and counting, compose, policy, roles |
//! | [`record`] | pure: statements of what happened, with salted digests and sealed personal values |
//! | [`imaging`] | pictures: recognised from their bytes, decoded under limits, encoded anew and cut for channels |
//! | [`keys`] | the server's own keys, kept beside the database and not in it |
//! | [`store`] | all SQL: one set of queries for SQLite and PostgreSQL, and the one way to write |
//! | [`app`] | use cases: permissions, transactions, what is entered in the record; the snapshots served from |
//! | [`config`] | one typed configuration: defaults < file < environment < flags |
//! | [`state`] | what a running server holds, the same for the server, the demonstration and tests |
//! | [`http`] | the frame around every endpoint, OpenAPI, and the endpoints themselves |
//! | [`jobs`] | what runs by itself beside the requests |
//! | [`cli`] | the commands, and the demonstration |
//!
//! # The arrows
//! A module uses those below it, never one above or beside:
//!
//! ```text
//! main -> cli -> {http, jobs} -> app -> {store, domain, record, imaging}
//!                                       store -> {domain, record}
//! ```
//!
//! `domain` and `record` know neither each other nor any I/O, and take the time and randomness as
//! arguments. diesel appears only in `store`; actix and utoipa only in `http`, and where `cli` and
//! `state` wire it. A test reads the `use` lines and holds this.
//!
//! One slice has one name all the way down: `http::v1::shares`, `app::shares` and `store::shares` are
//! the request, the use case and the rows of the same thing.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
pub mod http;
pub mod imaging;
pub mod jobs;
pub mod keys;
pub mod record;
pub mod state;
pub mod store;
