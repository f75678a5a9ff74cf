//! What runs by itself beside the requests.

pub mod sweeper;
pub mod watcher;
