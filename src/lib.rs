//! greenlight: pre-approved social content, shared by employees, on the record.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
pub mod http;
pub mod jobs;
pub mod keys;
pub mod record;
pub mod state;
pub mod store;
