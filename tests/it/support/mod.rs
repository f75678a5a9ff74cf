//! What the stories stand on: a server on its own database and store of images, clients for each role, and short ways to
//! get a post approved and shared.

mod app;
mod client;
mod cluster;
mod columns;
mod database;
mod pictures;
mod plans;
mod process;
mod record;
mod storage;
mod stories;

pub use app::TestApp;
pub use client::{Answer, Client};
pub use cluster::postgres_is_there;
pub use database::Backend;
pub use pictures::{Image, png};
pub use process::{ServerProcess, greenlight};
pub use record::Entry;
pub use stories::Post;

/// Registers each function as two tests, `<name>::sqlite` and `<name>::postgres`, each with an app on a
/// fresh database: `both! { fn r01_a_share_names_a_digest(app) { .. } }`.
macro_rules! both {
    ($($(#[$attribute:meta])* fn $name:ident($app:ident) $story:block)+) => {$(
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports, reason = "a story may need nothing beside its app")]
            use super::*;

            fn story($app: &$crate::support::TestApp) $story

            #[test]
            fn sqlite() {
                story(&$crate::support::TestApp::new($crate::support::Backend::Sqlite));
            }

            #[test]
            fn postgres() {
                if $crate::support::postgres_is_there() {
                    story(&$crate::support::TestApp::new($crate::support::Backend::Postgres));
                }
            }
        }
    )+};
}

pub(crate) use both;
