//! What runs by itself beside the requests.

pub mod deadlines;
pub mod housekeeping;
pub mod notifications;
pub mod watcher;
