//! The endpoints of items, once for all kinds.
//!
//! What differs between kinds is an [`ItemKind`]: the file of a kind states its names, the shape of its
//! content and examples; types, descriptions and handlers are here.

mod differences;
mod examples;
mod handlers;
mod operations;
mod types;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;
use validator::Validate;

pub use self::examples::{draft_item, ended_item, live_item};
pub use self::handlers::{advise, reread, with_item};
pub use self::operations::{draft_put, routes, shared_routes};
pub use self::types::{Item, ItemCreate, ItemDraft, NewItem, RevisionPath, shown_state};
use crate::domain::content;
use crate::domain::ids::Kind;
use crate::error::Code;

/// One kind of item, as HTTP sees it.
pub trait ItemKind: 'static {
    /// The kind.
    const KIND: Kind;
    /// Its name in addresses, and the tag of its operations.
    const PLURAL: &'static str;
    /// What the names of its schemas begin with.
    const SCHEMA: &'static str;
    /// The ids of its operations.
    const OPERATIONS: Operations;
    /// The codes with which its content can be refused.
    const CONTENT_CODES: &'static [Code];
    /// The shape of its content.
    type Content: Serialize + Validate + ToSchema + 'static;

    /// An example of its content.
    fn example_content() -> Value;

    /// An example of its key, for kinds that have one.
    fn example_key() -> Option<&'static str>;
}

/// A kind whose content is what is sent. That of an image holds what the server makes of a picture.
pub trait WrittenKind: ItemKind<Content: DeserializeOwned + Into<content::Content>> {
    /// The body that makes one: [`ItemDraft`], or [`ItemCreate`] for kinds that have a key.
    type Create: DeserializeOwned + Serialize + Validate + ToSchema + Into<NewItem> + 'static;
}

/// The ids of one kind's operations, spelled out so that a search finds them.
#[derive(Debug, Clone, Copy)]
pub struct Operations {
    /// Making an item.
    pub create: &'static str,
    /// Listing items.
    pub list: &'static str,
    /// Reading an item.
    pub get: &'static str,
    /// Reading a revision.
    pub revision_get: &'static str,
    /// Comparing two revisions.
    pub revision_difference: &'static str,
    /// Saving a draft.
    pub draft_put: &'static str,
    /// Submitting a draft.
    pub submit: &'static str,
    /// Deciding on a revision.
    pub decide: &'static str,
    /// Recalling an item.
    pub recall: &'static str,
    /// Retiring an item.
    pub retire: &'static str,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::domain::channels::Channels;
    use crate::domain::content::Content;
    use crate::domain::links::LinkPolicy;
    use crate::http::extract::parse;
    use crate::http::v1::disclaimers::DisclaimerKind;
    use crate::http::v1::hashtags::HashtagKind;
    use crate::http::v1::posts::PostKind;
    use crate::http::v1::rules::RuleKind;

    /// What a request says and what is stored are two types; nothing may be lost between them.
    fn example_is_stored_as_it_was_sent<K: WrittenKind>() {
        let create: K::Create = parse(examples::create::<K>().to_string().as_bytes()).unwrap();
        let new: NewItem = create.into();
        assert_eq!(new.key.is_some(), K::KIND.has_key());
        assert_eq!(new.content, Content::parse(K::KIND, &K::example_content()).unwrap());
        assert_eq!(new.content.faults(&Channels::defaults().unwrap(), &LinkPolicy::default()), []);
        let stored: Value = serde_json::from_str(&new.content.to_json().unwrap()).unwrap();
        for (member, value) in K::example_content().as_object().unwrap() {
            assert_eq!(&stored[member], value, "{member}");
        }
    }

    #[test]
    fn content_is_stored_as_it_was_sent() {
        example_is_stored_as_it_was_sent::<PostKind>();
        example_is_stored_as_it_was_sent::<HashtagKind>();
        example_is_stored_as_it_was_sent::<DisclaimerKind>();
        example_is_stored_as_it_was_sent::<RuleKind>();
    }
}
