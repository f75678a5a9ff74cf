//! A person's account on Mastodon, as requests and answers have it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::people::given;
use crate::domain::mastodon::{self, MastodonPatch};
use crate::http::extract::present;

/// Where a person is on Mastodon.
#[derive(Serialize, ToSchema)]
pub(super) struct MastodonAccount {
    /// The server's host.
    #[schema(max_length = 253)]
    server: String,
    /// The longest text there; absent = as on most servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000, nullable = false)]
    text_limit: Option<u32>,
}

/// What changes of an account on Mastodon: what is absent stays, and without an account before, `server`
/// must be there.
#[derive(Deserialize, Validate, ToSchema)]
pub(super) struct MastodonUpdate {
    /// The server's host in lower case, such as `mastodon.example`: shares open there. Greenlight asks it
    /// for nothing.
    #[serde(default, deserialize_with = "given")]
    #[validate(length(min = 1, max = 253))]
    #[schema(min_length = 1, max_length = 253, nullable = false)]
    server: Option<String>,
    /// The longest text there, in Mastodon's own counting: `configuration.statuses.max_characters` of the
    /// server's `GET /api/v2/instance`. It stays when only `server` changes: send both, or `null` for one
    /// that is not known.
    #[serde(default, deserialize_with = "present")]
    #[schema(minimum = 1, maximum = 1_000_000)]
    text_limit: Option<Option<u32>>,
}

impl From<mastodon::MastodonAccount> for MastodonAccount {
    fn from(account: mastodon::MastodonAccount) -> Self {
        Self { server: account.server, text_limit: account.text_limit }
    }
}

impl From<MastodonUpdate> for MastodonPatch {
    fn from(update: MastodonUpdate) -> Self {
        Self { server: update.server, text_limit: update.text_limit }
    }
}
