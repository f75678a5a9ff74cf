//! The store of blobs, in a folder and in S3-compatible object storage.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod faults;
mod folder;
mod killed;
mod storing;
mod support;
