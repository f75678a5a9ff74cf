//! placeholder
use super::ids::{Digest, ItemId, Key, Kind};
use serde::{Deserialize, Serialize};
/// A pin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// k
    pub kind: Kind,
    /// i
    pub id: ItemId,
    /// k
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// r
    pub revision: i64,
    /// d
    pub digest: Digest,
}
