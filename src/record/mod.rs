//! The record's formats: what an entry states, how its values are hidden, and how both are checked.
//!
//! Everything here is pure: it knows neither the domain nor the database nor the clock, and takes its
//! randomness as a [`Seed`]. An [`Entry`] becomes a [`Sealed`] one: a **statement** of salted field
//! digests (after RFC 9901), whose hash is the **leaf**, and beside it the values that were digested:
//! those of the record in the open, those of a person encrypted under that person's key.
//!
//! - [`event`]: the types of events.
//! - [`statement`]: from an entry to its statement, leaf and stored values.
//! - [`disclosure`]: a field's salt, disclosure and digest, and their re-creation from what is stored.
//! - [`verify`]: that disclosures, statement and leaf belong together.
//! - [`leaf`]: the hash of a statement as it stands in the tree.
//! - [`subject`]: a person's key, and what is sealed under it.
//! - [`crypto`]: the primitives that all of these use.

pub mod crypto;
pub mod disclosure;
pub mod event;
pub mod leaf;
pub mod statement;
pub mod subject;
pub mod verify;

pub use crypto::Seed;
pub use event::Event;
pub use statement::{Entry, Personal, Prepared, Sealed, SealedField};
pub use subject::SubjectKey;
