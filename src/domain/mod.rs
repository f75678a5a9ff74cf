//! What greenlight is about, without I/O: identities, content, review, composition, policy.
//!
//! Everything here is pure: it takes the time as an argument and knows neither HTTP nor SQL nor the
//! record.

pub mod account;
pub mod announcement;
pub mod campaign;
pub mod channels;
pub mod comment;
pub mod completion_file;
pub mod compose;
pub mod content;
pub mod counting;
pub mod countries;
pub mod delegation;
pub mod delivery;
pub mod difference;
pub mod disclaimers;
pub mod entities;
pub mod findings;
pub mod ids;
pub mod images;
pub mod kit;
pub mod language;
pub mod life;
pub mod lifecycle;
pub mod links;
pub mod markdown;
pub mod mastodon;
pub mod material;
pub mod matrix;
pub mod measure;
pub mod obligations;
pub mod policy;
pub mod post_import;
pub mod profile_texts;
pub mod proposal;
pub mod recheck;
pub mod required_hashtags;
pub mod responsibility;
pub mod review;
pub mod revision;
pub mod roles;
pub mod shape;
pub mod share;
pub mod span;
pub mod staffing;
pub mod suggestion;
pub mod text;
pub mod time;
pub mod training;
pub mod urgent;
pub mod workflow;
