#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use serde_json::json;

use super::*;
use crate::domain::channels::{ChannelId, Channels};
use crate::domain::content::Content;
use crate::domain::ids::{Digest, ItemId, Kind};
use crate::domain::links::LinkPolicy;

pub(in crate::domain) fn organisation() -> Organisation {
    Organisation {
        name: "Zuiver Water".to_owned(),
        hashtag: "ZuiverWater".to_owned(),
        report_url: Some("https://zuiver.example/melden".to_owned()),
        country: Some("Nederland".to_owned()),
    }
}

pub(in crate::domain) fn resolved<T>(key: &str, revision: i64, content: T) -> Resolved<T> {
    let digest = Digest::of(format!("{key}{revision}").as_bytes());
    Resolved { id: ItemId::generate(), key: key.parse().unwrap(), revision, digest, content }
}

pub(in crate::domain) fn live() -> Vec<Resolved<Disclaimer>> {
    let defaults = defaults().unwrap().into_iter();
    defaults.map(|(key, content)| resolved(key.as_str(), 1, content)).collect()
}

fn post(disclaimers: &[&str]) -> Post {
    let content = json!({"title": "a", "disclaimers": disclaimers});
    serde_json::from_value(content).unwrap()
}

fn occasion(channel: &ChannelId) -> Occasion<'_> {
    Occasion {
        channel,
        topics: &[],
        campaign: None,
        country: None,
        language: "nl",
        comment: false,
        ai_image: false,
    }
}

fn keys(found: Vec<&Resolved<Disclaimer>>) -> Vec<&str> {
    found.into_iter().map(|disclaimer| disclaimer.key.as_str()).collect()
}

#[test]
fn the_defaults_have_no_faults_and_the_demands_of_the_design() {
    let channels = Channels::defaults().unwrap();
    let demands: Vec<_> = defaults()
        .unwrap()
        .into_iter()
        .map(|(key, content)| {
            let demand = content.required_when.as_ref().map(|demand| json!(demand).to_string());
            let content = Content::Disclaimer(content);
            assert_eq!(content.faults(&channels, &LinkPolicy::default()), [], "{key}");
            let json = content.to_json().unwrap();
            assert_eq!(Content::from_json(Kind::Disclaimer, &json).unwrap(), content);
            (key.to_string(), demand)
        })
        .collect();
    let expected = [
        ("employee", Some("{}")),
        ("employer-ad", None),
        ("rewarded", None),
        ("own-opinion", Some(r#"{"comment":true}"#)),
        ("referral-bonus", None),
        ("investment-risk", Some(r#"{"topics":["finance"]}"#)),
        ("medicine-corporate", Some(r#"{"topics":["medicine"]}"#)),
        ("ai-image", Some(r#"{"ai_image":true}"#)),
        ("source-credit", None),
    ];
    let expected = expected.map(|(key, demand)| (key.to_owned(), demand.map(str::to_owned)));
    assert_eq!(demands, expected);
}

#[test]
fn what_applies_is_what_is_listed_and_what_is_required_by_rank() {
    let live = live();
    let in_force = InForce { pinned: &[], live: &live, recalled: &[] };
    let channel = ChannelId::from("x");
    let here = occasion(&channel);
    let found = |post: &Post, occasion| keys(in_force.applying(post, &occasion).unwrap());
    assert_eq!(found(&post(&[]), here), ["employee"]);
    assert_eq!(found(&post(&[]), Occasion { comment: true, ..here }), ["employee", "own-opinion"]);
    assert_eq!(found(&post(&["employer-ad"]), here), ["employer-ad"]);
    let finance = ["finance".to_owned()];
    let money = Occasion { topics: &finance, ai_image: true, ..here };
    assert_eq!(found(&post(&[]), money), ["investment-risk", "employee", "ai-image"]);
    let gone = in_force.applying(&post(&["gone"]), &here).unwrap_err();
    assert_eq!(gone, Missing::Unknown("gone".parse().unwrap()));
}

#[test]
fn r01_the_pinned_text_is_used_and_the_live_demand_decides() {
    let mut live = live();
    let mut pinned = vec![live[0].clone()];
    live[0].revision = 2;
    live[0].content.text.get_mut("nl").unwrap().full = "Nieuw".to_owned();
    let channel = ChannelId::from("x");
    let found = InForce { pinned: &pinned, live: &live, recalled: &[] };
    assert_eq!(found.applying(&post(&[]), &occasion(&channel)).unwrap()[0].revision, 1);
    pinned[0].content.required_when = None;
    let found = InForce { pinned: &pinned, live: &live, recalled: &[] };
    assert_eq!(found.applying(&post(&[]), &occasion(&channel)).unwrap()[0].revision, 1);
    live[0].content.required_when = None;
    let found = InForce { pinned: &pinned, live: &live, recalled: &[] };
    assert!(found.applying(&post(&[]), &occasion(&channel)).unwrap().is_empty());
}

#[test]
fn r09_what_a_recalled_disclaimer_demands_is_not_met() {
    let mut live = live();
    let recalled = vec![live.remove(0)];
    let channel = ChannelId::from("x");
    let found = InForce { pinned: &[], live: &live, recalled: &recalled };
    let missing = found.applying(&post(&[]), &occasion(&channel)).unwrap_err();
    assert_eq!(missing, Missing::Recalled("employee".parse().unwrap()));
    let mut optional = recalled.clone();
    optional[0].content.required_when = None;
    let found = InForce { pinned: &[], live: &live, recalled: &optional };
    assert!(found.applying(&post(&[]), &occasion(&channel)).is_ok());
}

#[test]
fn r14_only_what_stands_in_the_text_fulfils_another() {
    // By rank: a includes b, b includes c. What b would say does not stand, so c does.
    for ranks in [[1, 2, 3], [3, 2, 1], [2, 1, 3], [2, 3, 1], [1, 3, 2], [3, 1, 2]] {
        let base = live().remove(0);
        let made = |key: &str, includes: &[&str], rank| {
            let mut content = base.content.clone();
            content.includes = includes.iter().map(|key| key.parse().unwrap()).collect();
            content.rank = rank;
            resolved(key, 1, content)
        };
        let all = vec![made("a", &["b"], ranks[0]), made("b", &["c"], ranks[1]), made("c", &[], ranks[2])];
        let channel = ChannelId::from("x");
        let found = InForce { pinned: &[], live: &all, recalled: &[] };
        let mut standing = keys(found.applying(&post(&[]), &occasion(&channel)).unwrap());
        standing.sort_unstable();
        assert_eq!(standing, ["a", "c"], "{ranks:?}");
    }
}

#[test]
fn disclaimers_that_include_each_other_do_not_both_vanish() {
    let mut live = live();
    live[0].content.includes = vec!["employer-ad".parse().unwrap()];
    let channel = ChannelId::from("x");
    let found = InForce { pinned: &[], live: &live, recalled: &[] };
    assert_eq!(keys(found.applying(&post(&["employer-ad"]), &occasion(&channel)).unwrap()), ["employer-ad"]);
}

#[test]
fn every_condition_of_a_demand_counts() {
    let channel = ChannelId::from("x");
    let here = occasion(&channel);
    let topics = ["jobs".to_owned()];
    let full = Occasion { topics: &topics, campaign: Some("spring"), country: Some("NL"), ..here };
    for (demand, holds) in [
        (json!({}), true),
        (json!({"channels": ["x", "linkedin"]}), true),
        (json!({"channels": ["linkedin"]}), false),
        (json!({"topics": ["finance", "jobs"]}), true),
        (json!({"topics": ["finance"]}), false),
        (json!({"campaigns": ["spring"]}), true),
        (json!({"campaigns": ["summer"]}), false),
        (json!({"countries": ["EU"]}), true),
        (json!({"countries": ["US"]}), false),
        (json!({"languages": ["nl"]}), true),
        (json!({"languages": ["nl-BE"]}), false),
        (json!({"comment": false}), true),
        (json!({"comment": true}), false),
        (json!({"ai_image": true}), false),
        (json!({"topics": ["jobs"], "countries": ["US"]}), false),
    ] {
        let demand: disclaimer::RequiredWhen = serde_json::from_value(demand).unwrap();
        assert_eq!(demand.holds(&full), holds, "{demand:?}");
    }
    let american: disclaimer::RequiredWhen = serde_json::from_value(json!({"countries": ["US"]})).unwrap();
    assert!(american.holds(&here), "an unknown country meets every country's demand");
}

#[test]
fn forms_are_filled_or_refused() {
    let live = live();
    let by_key = |key: &str| live.iter().find(|found| found.key.as_str() == key).unwrap();
    let statement = Statement::new(by_key("employee"), "nl-BE", &organisation(), None).unwrap();
    let forms = [0, 1, 2, 3].map(|steps| statement.form(steps).1.as_str());
    let tag = "#ZuiverWatermedewerker";
    assert_eq!(
        forms,
        ["Voor de duidelijkheid: ik werk bij Zuiver Water.", "Ik werk bij Zuiver Water.", tag, tag]
    );
    let nameless = Organisation { hashtag: String::new(), report_url: None, ..organisation() };
    let statement = Statement::new(by_key("employee"), "nl", &nameless, None).unwrap();
    assert_eq!(statement.form(2), &(Form::Tag, "#werknemer".to_owned()));
    let refused = |key, language| Statement::new(by_key(key), language, &nameless, None).unwrap_err();
    assert_eq!(refused("employee", "es"), Unsayable::Language);
    assert_eq!(refused("medicine-corporate", "nl"), Unsayable::Placeholder("{report_url}"));
    assert_eq!(refused("source-credit", "nl"), Unsayable::Placeholder("{source}"));
    let credit = Statement::new(by_key("source-credit"), "nl", &nameless, Some("{tag} {x}")).unwrap();
    assert_eq!((credit.longest.1.as_str(), credit.shorter.len()), ("Bron: {tag} {x}", 1));
}
