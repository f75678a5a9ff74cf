#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use super::*;
use crate::app::actor::Actor;
use crate::app::context::Context;
use crate::app::decisions::{Decide, item_decide};
use crate::app::fixture::{Fixture, actor};
use crate::app::idempotency::Once;
use crate::app::item_views::item_get;
use crate::app::items::item_create;
use crate::app::setup::set_up;
use crate::app::snapshots::Snapshots;
use crate::app::submission::{Submit, item_submit};
use crate::domain::channels::Channels;
use crate::domain::ids::Key;
use crate::domain::links::LinkPolicy;
use crate::domain::review::DecisionKind;
use crate::domain::roles::Role;

fn text(on_existing: &str) -> Rule {
    serde_json::from_value(json!({
        "name": "No promises",
        "condition": { "phrases": { "any_of": ["guaranteed"] } },
        "severity": "block",
        "scope": ["copy", "comment"],
        "reason": "Promise nothing.",
        "on_existing": on_existing,
    }))
    .unwrap()
}

fn rule(number: u128, revision: i64) -> RuleInForce {
    let item = ItemId::from_uuid(uuid::Uuid::from_u128(number));
    let source = Source { item, revision, digest: Digest::of(&[u8::try_from(revision).unwrap()]) };
    RuleInForce { source, approved_at: Time::from_micros(5) }
}

fn approved() -> Approved {
    Approved {
        revision: 1,
        submitted_idx: 1,
        approved_idx: 2,
        approved_at: Time::from_micros(9),
        urgent: None,
        publish_at: None,
        expires_at: None,
        redacted: None,
        pins: Vec::new(),
    }
}

#[test]
fn rules_are_compiled_once_for_each_set_of_them() {
    let none = Rules::none(&Digest::of(b"config")).unwrap();
    let of = |before: &Arc<Rules>, rules: Vec<RuleInForce>, on_existing: &str| {
        before.followed_by(rules, |_| Ok(text(on_existing))).unwrap()
    };
    let one = of(&none, vec![rule(1, 1)], "block");
    assert!(Arc::ptr_eq(&one, &of(&one, vec![rule(1, 1)], "block")), "nothing is compiled again");
    let two = one.followed_by(vec![rule(2, 1), rule(1, 1)], |source| {
        Ok(text(if source.item == rule(1, 1).source.item { "block" } else { "list" }))
    });
    let two = two.unwrap();
    assert!(Arc::ptr_eq(&one.blocking[0], &two.blocking[0]), "what was found in live posts is kept");
    let digests = [none.digest(), one.digest(), two.digest()];
    assert!(digests[0] != digests[1] && digests[1] != digests[2]);
    assert_eq!(of(&two, vec![rule(1, 1), rule(2, 1)], "list").digest(), two.digest(), "in any order");
    assert_ne!(of(&two, vec![rule(1, 2), rule(2, 1)], "list").digest(), two.digest());
}

#[test]
fn r09_a_rule_that_cannot_be_evaluated_blocks_every_post_and_image() {
    let none = Rules::none(&Digest::of(b"config")).unwrap();
    let mut rules = none.followed_by(vec![rule(1, 1), rule(2, 1)], |_| Ok(text("list"))).unwrap();
    let broken = Broken { rule: rule(2, 1).source, reason: "of no known form".to_owned() };
    Arc::get_mut(&mut rules).unwrap().policy = Err(broken);
    let item = rule(2, 1).source.item;
    let blocker = Blocker { code: RULE_BROKEN, item: Some(item), since: Time::from_micros(5) };
    assert!(rules.may_block() && rules.knows(item, &approved()));
    let now = Time::from_micros(9);
    for kind in [Kind::Post, Kind::Image] {
        assert_eq!(rules.blockers(kind, item, &approved(), now), vec![blocker.clone()]);
    }
    assert_eq!(rules.blockers(Kind::Hashtag, item, &approved(), now), []);
    let refused = rules.policy().unwrap_err();
    assert_eq!((refused.code, &refused.extra["blocked_by"]), (Code::Blocked, &json!([blocker])));
}

/// A database with an author and a reviewer, and a node that knows it.
struct House {
    fixture: Fixture,
    context: Context,
    author: Actor,
    reviewer: Actor,
}

impl House {
    fn new() -> Self {
        let fixture = Fixture::new();
        let organisation = serde_json::from_value(json!({ "name": "Example" })).unwrap();
        let (channels, keys) = (Channels::defaults().unwrap(), fixture.keys.clone());
        let context = Context::new(
            channels,
            organisation,
            LinkPolicy::default(),
            keys,
            Duration::from_secs(60),
            Duration::from_hours(24),
            "https://greenlight.example",
        );
        let context = context.unwrap();
        fixture.write(|tx| set_up(tx, &context)).unwrap();
        let author = actor(fixture.person("author", [Role::Author]), [Role::Author]);
        let reviewer = actor(fixture.person("reviewer", [Role::Reviewer]), [Role::Reviewer]);
        Self { fixture, context, author, reviewer }
    }

    fn node(&self) -> Snapshots {
        let Fixture { db, clock, .. } = &self.fixture;
        Snapshots::load(db.clone(), clock.clone(), &self.context).unwrap()
    }

    fn approve(&self, node: &Snapshots, content: &Content) -> ItemId {
        let (fixture, context, kind) = (&self.fixture, &self.context, content.kind());
        let key = match content {
            Content::Hashtag(hashtag) => Some(hashtag.tag.to_lowercase().parse::<Key>().unwrap()),
            _ => None,
        };
        let id = fixture.write(|tx| item_create(tx, context, &self.author, key.as_ref(), content)).unwrap();
        let now = fixture.clock.now();
        let rules = Rules::none(&context.config_digest).unwrap();
        let working = || fixture.read(|conn| item_get(conn, kind, id, &rules, now)).working;
        let once = Once { operation: "test", key: None, body: Vec::new() };
        let submit = Submit { kind, id, digest: working().digest, extended_to: None, urgent: None };
        item_submit(&fixture.db, context, node, &self.author, &once, &submit, now).unwrap();
        let (digest, decision) = (working().digest, DecisionKind::Approve);
        let decide =
            Decide { kind, id, revision: 1, digest, decision, reason: None, on_behalf_of: None, stage: None };
        item_decide(&fixture.db, context, node, &self.reviewer, &once, &decide).unwrap();
        id
    }
}

#[test]
fn r13_an_evaluation_from_rows_knows_the_rules_of_its_transaction() {
    let house = House::new();
    let (node, now) = (house.node(), house.fixture.clock.now());
    let before = node.content();
    let read = |snapshot: &ContentSnapshot| {
        let rules = house.fixture.read(|conn| RulesRead::read(conn, snapshot, now));
        rules.ready(snapshot).unwrap()
    };
    assert!(Arc::ptr_eq(&read(&before), before.rules()));
    house.approve(&node, &Content::Rule(text("block")));
    let moved = read(&before);
    assert_ne!(moved.digest(), before.rules().digest(), "the node has not heard of it, the rows have");
    node.refresh_now().unwrap();
    let after = node.content();
    assert_eq!((moved.digest(), &moved.in_force), (after.rules().digest(), &after.rules().in_force));
    let some = house.fixture.read(|conn| ContentSnapshot::load_some(conn, &[], &after, after.version, now));
    assert!(Arc::ptr_eq(some.rules(), after.rules()));
}

#[test]
fn r13_a_hashtag_that_blocks_is_in_force_as_a_rule_and_another_moves_none() {
    let house = House::new();
    let (node, now) = (house.node(), house.fixture.clock.now());
    let before = node.content();
    let hashtag = |content: serde_json::Value| {
        let content = Content::parse(Kind::Hashtag, &content).unwrap();
        house.approve(&node, &content)
    };
    let read = |snapshot: &ContentSnapshot| house.fixture.read(|conn| RulesRead::read(conn, snapshot, now));
    hashtag(json!({ "tag": "Wind" }));
    let known = read(&before).known().unwrap();
    assert!(Arc::ptr_eq(&known, before.rules()), "a share need not wait for the node to hear of it");
    let rule = house.approve(&node, &Content::Rule(text("block")));
    node.refresh_now().unwrap();
    let before = node.content();
    let blocked = hashtag(json!({ "tag": "Swan", "blocked": true, "reason": "Taken." }));
    read(&before).known().unwrap_err();
    let moved = read(&before).ready(&before).unwrap();
    let items = |rules: &Rules| rules.in_force.iter().map(|rule| rule.source.item).collect::<Vec<_>>();
    assert_eq!(items(&moved), [rule, blocked], "the rule that did not move is in force still");
    node.refresh_now().unwrap();
    let after = node.content();
    assert_eq!((moved.digest(), &moved.in_force), (after.rules().digest(), &after.rules().in_force));
    assert_eq!(after.rules().blocking.len(), 2);
}
