//! The hashtags that a post must name.
//!
//! What is demanded is told, and never added: what is approved is what was written.

use serde_json::json;

use super::content::{Content, Hashtag, Post};
use super::findings::{self, Finding, Named};
use super::policy::Policy;
use super::revision::Resolved;
use super::time::Time;
use crate::error::Fault;

/// A fault for each live hashtag that is required of a post and not among those that it names. A tag that a
/// rule in force blocks is demanded of nobody, as no post could name it.
pub fn missing(post: &Post, live: &[Resolved<Hashtag>], policy: &Policy, now: Time) -> Vec<Fault> {
    let is_missing = |found: &&Resolved<Hashtag>| {
        !post.hashtags.contains(&found.key)
            && found.content.is_required_for(post)
            && !is_blocked(found, policy, now)
    };
    let mut missing: Vec<&Resolved<Hashtag>> = live.iter().filter(is_missing).collect();
    missing.sort_by_key(|found| &found.key);
    missing.into_iter().map(fault).collect()
}

fn is_blocked(hashtag: &Resolved<Hashtag>, policy: &Policy, now: Time) -> bool {
    let content = Content::Hashtag(hashtag.content.clone());
    findings::in_content(policy, hashtag.id, &content, Named::default(), now).iter().any(Finding::blocks)
}

fn fault(Resolved { key, content, .. }: &Resolved<Hashtag>) -> Fault {
    let detail = format!("The hashtag {key} (#{}) is required for this post: name it.", content.tag);
    Fault::body("/content/hashtags", "hashtag_required", detail)
        .with("key", json!(key))
        .with("tag", content.tag.as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;
    use serde_json::Value;
    use uuid::Uuid;

    use super::*;
    use crate::domain::content::Audience;
    use crate::domain::countries;
    use crate::domain::ids::{Digest, GroupId, ItemId};
    use crate::domain::revision::Source;

    fn post(more: Value) -> Post {
        let mut post = json!({
            "title": "a",
            "copies": [
                { "id": "a", "language": "nl-BE", "text": "a", "channels": ["linkedin"] },
                { "id": "b", "language": "en", "text": "b" },
            ],
            "channels": ["linkedin", "x"],
            "topics": ["wind"],
            "campaign": "spring",
        });
        post.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(post).unwrap()
    }

    fn hashtag(number: u128, more: Value) -> Resolved<Hashtag> {
        let mut content = json!({ "tag": format!("Tag{number}") });
        content.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Resolved {
            id: ItemId::from_uuid(Uuid::from_u128(number)),
            key: format!("tag-{number}").parse().unwrap(),
            revision: 1,
            digest: Digest::of(b"tag"),
            content: serde_json::from_value(content).unwrap(),
        }
    }

    /// Whether the hashtag is demanded of the post.
    fn demands(more: Value, of: Value) -> bool {
        !missing(&post(of), &[hashtag(1, more)], &Policy::default(), Time::from_micros(0)).is_empty()
    }

    #[test]
    fn a_tag_is_demanded_for_a_topic_or_a_campaign() {
        for (more, expected) in [
            (json!({}), false),
            (json!({ "required_for": { "topics": ["sun", "wind"] } }), true),
            (json!({ "required_for": { "campaigns": ["spring"] } }), true),
            (json!({ "required_for": { "topics": ["sun"], "campaigns": ["spring"] } }), true),
            (json!({ "required_for": { "topics": ["sun"], "campaigns": ["autumn"] } }), false),
            (json!({ "required_for": { "topics": ["spring"], "campaigns": ["wind"] } }), false),
            (json!({ "required_for": { "topics": ["wind"] }, "blocked": true, "reason": "a" }), false),
        ] {
            assert_eq!(demands(more.clone(), json!({})), expected, "{more}");
        }
        assert!(!demands(
            json!({ "required_for": { "topics": ["wind"] } }),
            json!({ "hashtags": ["tag-1"] })
        ));
        let none = json!({ "topics": [], "campaign": null });
        assert!(!demands(json!({ "required_for": { "topics": ["wind"], "campaigns": ["spring"] } }), none));
    }

    #[test]
    fn a_tag_is_demanded_where_it_goes_with_a_copy_on_a_channel() {
        let demands = |channels: Value, languages: Value| {
            let required_for = json!({ "topics": ["wind"] });
            let more = json!({ "channels": channels, "languages": languages, "required_for": required_for });
            demands(more, json!({}))
        };
        assert!(demands(json!(["x"]), json!(["en"])));
        assert!(demands(json!(["linkedin"]), json!(["nl"])));
        assert!(!demands(json!(["x"]), json!(["nl"])), "the Dutch copy is not for it");
        assert!(!demands(json!(["bluesky"]), json!([])));
        assert!(!demands(json!([]), json!(["fr"])));
    }

    #[test]
    fn a_tag_is_demanded_where_it_leaves_nobody_out() {
        let demands = |of_tag: Value, of_post: Value| {
            let more = json!({ "audience": of_tag, "required_for": { "topics": ["wind"] } });
            demands(more, json!({ "audience": of_post }))
        };
        let dutch = json!({ "countries": ["NL"] });
        assert!(demands(json!({}), dutch.clone()));
        assert!(demands(json!({ "countries": ["NL", "BE"] }), dutch.clone()));
        assert!(!demands(dutch.clone(), json!({})));
        assert!(!demands(dutch, json!({ "countries": ["NL", "BE"] })));
    }

    #[test]
    fn a_fault_names_each_tag_in_the_order_of_keys() {
        let more = || json!({ "required_for": { "topics": ["wind"] } });
        let live = [hashtag(2, more()), hashtag(3, json!({})), hashtag(1, more())];
        let faults = missing(&post(json!({})), &live, &Policy::default(), Time::from_micros(0));
        let tags: Vec<&Value> = faults.iter().map(|fault| fault.extra.get("tag").unwrap()).collect();
        assert_eq!(tags, ["Tag1", "Tag2"]);
        assert_eq!((faults[0].code, faults[0].extra.get("key")), ("hashtag_required", Some(&json!("tag-1"))));
    }

    #[test]
    fn what_a_rule_blocks_is_demanded_of_nobody() {
        let more = json!({ "required_for": { "topics": ["wind"] } });
        let live = [hashtag(1, more)];
        let blocked = hashtag(2, json!({ "tag": "TAG1", "blocked": true, "reason": "a" }));
        let rule = (Source { item: blocked.id, ..blocked.source() }, blocked.content.ban().unwrap());
        let policy = Policy::new(vec![rule]).unwrap();
        assert_eq!(missing(&post(json!({})), &live, &policy, Time::from_micros(0)), []);
    }

    fn audience() -> impl Strategy<Value = Audience> {
        let groups = prop::collection::vec(0..3_u128, 0..3);
        let countries = prop::collection::vec(prop::sample::select(vec!["NL", "BE", "US"]), 0..3);
        (groups, countries).prop_map(|(groups, countries)| Audience {
            groups: groups.into_iter().map(|group| GroupId::from_uuid(Uuid::from_u128(group))).collect(),
            countries: countries.into_iter().map(str::to_owned).collect(),
        })
    }

    fn has(audience: &Audience, groups: &[GroupId], country: Option<&str>) -> bool {
        (audience.groups.is_empty() || audience.groups.iter().any(|group| groups.contains(group)))
            && (audience.countries.is_empty()
                || country.is_some_and(|country| countries::covers(&audience.countries, country)))
    }

    proptest! {
        #[test]
        fn an_audience_covers_another_exactly_where_nobody_is_left_out(one in audience(), other in audience()) {
            // Everybody there could be: in any of the groups, in any country or in none that is known.
            let mut left_out = false;
            for groups in 0..8_u128 {
                let groups: Vec<GroupId> = (0..3)
                    .filter(|group| groups & (1 << group) != 0)
                    .map(|group| GroupId::from_uuid(Uuid::from_u128(group)))
                    .collect();
                for country in [None, Some("NL"), Some("BE"), Some("US"), Some("DE")] {
                    left_out |= has(&other, &groups, country) && !has(&one, &groups, country);
                }
            }
            prop_assert_eq!(one.covers(&other), !left_out);
        }
    }
}
