#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::domain::content::post::Audience;
use crate::domain::disclaimers::tests::resolved;
use crate::domain::lifecycle::{Ending, EndingKind};

fn at(seconds: i64) -> Time {
    Time::from_micros(seconds * 1_000_000)
}

fn item(number: u128) -> ItemId {
    ItemId::from_uuid(Uuid::from_u128(number))
}

fn approved(revision: i64, submitted_idx: i64) -> Approved {
    Approved {
        revision,
        submitted_idx,
        approved_idx: submitted_idx,
        approved_at: at(submitted_idx),
        urgent: None,
        publish_at: None,
        expires_at: None,
        redacted: None,
        pins: Vec::new(),
    }
}

fn recheck(from_revision: i64, idx: i64) -> Recheck {
    Recheck { item: item(7), revision: 2, from_revision, idx, at: at(idx) }
}

#[test]
fn each_name_is_read_as_it_is_written() {
    for action in RecheckAction::ALL {
        assert_eq!(action.as_str().parse(), Ok(action));
        assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
    }
    for because in Because::ALL {
        assert_eq!(because.as_str().parse(), Ok(because));
        assert_eq!(serde_json::to_value(because).unwrap(), because.as_str());
    }
    for state in TouchedState::ALL {
        assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
    }
}

#[test]
fn a_recheck_holds_for_what_was_submitted_before_and_for_what_pins_an_older_revision() {
    let recheck = recheck(1, 20);
    // The entry of the recheck stands at 20, so nothing else was submitted there.
    let holds: Vec<bool> = [19, 21].map(|idx| recheck.holds_for(&approved(2, idx))).into();
    assert_eq!(holds, [true, false]);
    let pinning = |pinned, revision| Approved { pins: vec![(item(pinned), revision)], ..approved(2, 30) };
    let pinned = [(7, 1), (7, 2), (7, 3), (8, 1)];
    let holds = pinned.map(|(pinned, revision)| recheck.holds_for(&pinning(pinned, revision)));
    assert_eq!(holds, [true, false, false, false]);
    let early = pinned.map(|(pinned, revision)| Approved { submitted_idx: 10, ..pinning(pinned, revision) });
    let holds = early.map(|approved| recheck.holds_for(&approved));
    assert_eq!(
        holds,
        [true, false, false, true],
        "what pins the revision meets it whenever it was submitted"
    );
}

#[test]
fn a_recheck_is_about_no_revision_before_the_first_that_it_touches() {
    let history = History {
        approved: vec![approved(1, 10), Approved { publish_at: Some(at(50)), ..approved(2, 12) }],
        rechecks: vec![recheck(2, 20)],
        ..History::default()
    };
    assert_eq!(history.blocked_by_rechecks(at(49)), []);
    let blocker = Blocker { code: RECHECK, item: Some(item(7)), since: at(20) };
    assert_eq!(history.blocked_by_rechecks(at(50)), [blocker]);
}

#[test]
fn each_item_blocks_once_and_since_its_first_recheck_that_holds() {
    let other = Recheck { item: item(9), ..recheck(1, 25) };
    let rechecks = vec![recheck(1, 5), recheck(1, 20), other, recheck(1, 30)];
    let history = History { approved: vec![approved(1, 10)], rechecks, ..History::default() };
    let blocker = |number, idx| Blocker { code: RECHECK, item: Some(item(number)), since: at(idx) };
    assert_eq!(history.blocked_by_rechecks(at(60)), [blocker(7, 20), blocker(9, 25)]);
    assert!(history.is_rechecked(&history.approved[0]) && !history.is_rechecked(&approved(2, 31)));
    assert_eq!(History::default().blocked_by_rechecks(at(60)), []);
}

#[test]
fn what_became_of_a_post() {
    use RecheckAction::{None as Nothing, Notify, Reapprove};
    let recheck = recheck(1, 20);
    let mut history = History { approved: vec![approved(1, 10)], ..History::default() };
    let state = |history: &History, action| recheck.state(action, history, false, at(60));
    assert_eq!(state(&history, Reapprove), (TouchedState::Blocked, None));
    assert_eq!(state(&history, Notify), (TouchedState::Unchanged, None));
    assert_eq!(state(&history, Nothing), (TouchedState::Unchanged, None));
    // It was under review at that time.
    history.approved.push(approved(2, 19));
    assert_eq!(state(&history, Reapprove), (TouchedState::Blocked, None));
    history.approved.extend([approved(3, 30), approved(4, 40)]);
    for action in RecheckAction::ALL {
        assert_eq!(state(&history, action), (TouchedState::ApprovedAnew, Some(3)));
    }
    history.endings.push(Ending { ending: EndingKind::Recall, idx: 50, at: at(50) });
    assert_eq!(state(&history, Reapprove), (TouchedState::Ended, Some(3)));
}

#[test]
fn what_is_under_review_is_told_until_it_is_approved_or_ends() {
    use RecheckAction::{Notify, Reapprove};
    let recheck = recheck(1, 20);
    let mut history = History::default();
    let state = |history: &History, action, in_review| recheck.state(action, history, in_review, at(60));
    assert_eq!(state(&history, Reapprove, true), (TouchedState::InReview, None));
    assert_eq!(state(&history, Reapprove, false), (TouchedState::Ended, None));
    history.approved.push(approved(2, 30));
    assert_eq!(state(&history, Reapprove, true), (TouchedState::ApprovedAnew, Some(2)));
    let before = History { approved: vec![approved(1, 10)], ..History::default() };
    assert_eq!(state(&before, Notify, true), (TouchedState::Unchanged, None));
}

#[test]
fn the_digest_is_that_of_the_list_in_the_order_of_posts() {
    let of = |touched: Vec<(ItemId, i64, Because)>| posts_digest(touched.into_iter()).unwrap();
    let (one, two) = ((item(1), 2, Because::PinsOlder), (item(2), 1, Because::RuleFinds));
    let expected = "[{\"because\":\"pins_older\",\"post_id\":\"00000000-0000-0000-0000-000000000001\",\
                    \"revision\":2},{\"because\":\"rule_finds\",\
                    \"post_id\":\"00000000-0000-0000-0000-000000000002\",\"revision\":1}]";
    assert_eq!(of(vec![two, one]), Digest::of(expected.as_bytes()));
    assert_eq!(of(Vec::new()), Digest::of(b"[]"));
}

#[test]
fn what_was_overtaken_does_not_stand_and_what_is_to_come_does() {
    let scheduled = Approved { publish_at: Some(at(50)), ..approved(3, 30) };
    let history =
        History { approved: vec![approved(1, 10), approved(2, 20), scheduled], ..History::default() };
    let standing = |now| history.standing(at(now)).map(|it| it.revision).collect::<Vec<_>>();
    assert_eq!((standing(49), standing(50)), (vec![2, 3], vec![3]));
}

fn post(audience: serde_json::Value) -> Post {
    let content = json!({
        "title": "a",
        "copies": [{ "id": "a", "language": "nl", "text": "a" }],
        "channels": ["linkedin", "x"],
        "audience": audience,
    });
    serde_json::from_value(content).unwrap()
}

fn disclaimer(required_when: serde_json::Value) -> Resolved<Disclaimer> {
    let content = json!({
        "purpose": "a", "placement": "end", "smallest": "full", "rank": 1,
        "required_when": required_when, "text": { "nl": { "full": "a" } },
    });
    resolved("fair", 2, serde_json::from_value(content).unwrap())
}

#[test]
fn a_disclaimer_touches_what_pins_an_older_one_and_what_needs_it_without_pinning_it() {
    let (belgian, everywhere) = (post(json!({ "countries": ["BE"] })), post(json!({})));
    let touches = |post: &Post, pinned, required_when: serde_json::Value| {
        disclaimer_touches(post, false, pinned, &disclaimer(required_when))
    };
    // What is pinned is judged by its revision alone: it may be in the text by the post's own wish.
    assert_eq!(touches(&belgian, Some(1), json!({ "countries": ["FR"] })), Some(Because::PinsOlder));
    assert_eq!(touches(&belgian, Some(2), json!({})), None);
    assert_eq!(touches(&belgian, Some(3), json!({})), None);
    assert_eq!(touches(&belgian, None, json!({})), Some(Because::Required));
    assert_eq!(touches(&belgian, None, json!({ "channels": ["x"] })), Some(Because::Required));
    assert_eq!(touches(&belgian, None, json!({ "channels": ["bluesky"] })), None);
    assert_eq!(touches(&belgian, None, json!({ "countries": ["FR"] })), None);
    assert_eq!(touches(&everywhere, None, json!({ "countries": ["FR"] })), Some(Because::Required));
    assert_eq!(
        touches(&belgian, None, json!({ "countries": ["EU"], "languages": ["nl"] })),
        Some(Because::Required)
    );
    assert_eq!(touches(&belgian, None, json!({ "ai_image": true })), None);
    let with_ai = disclaimer_touches(&belgian, true, None, &disclaimer(json!({ "ai_image": true })));
    assert_eq!(with_ai, Some(Because::Required));
}

#[test]
fn audiences_meet_where_groups_and_countries_do() {
    let group = |number: u128| Uuid::from_u128(number).to_string();
    let audience = |groups: &[u128], countries: &[&str]| -> Audience {
        let groups: Vec<String> = groups.iter().map(|number| group(*number)).collect();
        serde_json::from_value(json!({ "groups": groups, "countries": countries })).unwrap()
    };
    let everybody = audience(&[], &[]);
    for (one, other, meet) in [
        (everybody.clone(), everybody.clone(), true),
        (audience(&[1], &["NL"]), everybody, true),
        (audience(&[1, 2], &[]), audience(&[2, 3], &[]), true),
        (audience(&[1], &[]), audience(&[2], &[]), false),
        (audience(&[1], &["NL"]), audience(&[], &["NL", "BE"]), true),
        (audience(&[], &["NL"]), audience(&[], &["BE"]), false),
        (audience(&[1], &["NL"]), audience(&[1], &["BE"]), false),
        (audience(&[], &["EU"]), audience(&[], &["BE"]), true),
        (audience(&[], &["EU"]), audience(&[], &["GB"]), false),
    ] {
        assert_eq!((one.meets(&other), other.meets(&one)), (meet, meet), "{one:?} {other:?}");
    }
}
