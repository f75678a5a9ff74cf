//! What greenlight is about, without I/O: identities, content, review, composition, policy.
//!
//! Everything here is pure: it takes the time as an argument and knows neither HTTP nor SQL nor the
//! record.

pub mod channels;
pub mod content;
pub mod countries;
pub mod ids;
pub mod language;
pub mod lifecycle;
pub mod review;
pub mod revision;
pub mod roles;
pub mod share;
pub mod staffing;
pub mod text;
pub mod time;
