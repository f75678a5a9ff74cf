//! The committed OpenAPI document is the one that the code describes, and what it promises of the record
//! is complete.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use actix_web::http::Method;
use greenlight::http;
use greenlight::http::openapi::Document;
use greenlight::http::operation::NO_EVENT;
use greenlight::record::Event;

#[test]
fn the_committed_document_is_the_present_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/greenlight.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let present = Document::new(http::routes()).text;
    let differs = committed.lines().zip(present.lines()).find(|(old, new)| old != new);
    assert!(
        committed == present,
        "openapi/greenlight.json differs from the code, first at {differs:?}; renew it with\n\
         cargo run -- openapi > openapi/greenlight.json"
    );
}

/// What writes and leaves nothing in the record, and why that is right.
const WITHOUT_EVENT: &[(&str, &str)] = &[
    ("post_create", "a draft is nobody's act yet: its submission is the entry"),
    ("hashtag_create", "a draft"),
    ("disclaimer_create", "a draft"),
    ("guideline_create", "a draft"),
    ("rule_create", "a draft"),
    ("image_create", "a draft"),
    ("post_import_create", "drafts"),
    ("post_check", "a look: nothing is stored"),
    ("kit_create", "a preview: nothing is stored"),
    ("text_measurement_create", "nothing is stored"),
    ("session_create", "access is not content; sessions are kept apart"),
    ("token_refresh", "the same"),
    ("session_delete", "the same"),
    ("notification_read", "what a person was told is kept apart from the record"),
];

/// Events that no operation states as its own, and where they come from.
const FROM_ELSEWHERE: &[(Event, &str)] = &[
    (Event::DisclaimerImported, "the first start"),
    (Event::ConfigChanged, "a start with another configuration"),
    (Event::RevisionLapsed, "the job that looks what is due"),
    (Event::StageEscalated, "the job that looks what is due"),
];

#[test]
fn every_operation_that_writes_states_its_event() {
    let exempt: BTreeMap<&str, &str> = WITHOUT_EVENT.iter().copied().collect();
    let mut without = BTreeSet::new();
    for route in http::routes() {
        let id = route.operation.id();
        match route.operation.stated_event() {
            Some(NO_EVENT) if route.method == Method::GET => {}
            Some(NO_EVENT) => assert!(without.insert(id.to_owned())),
            Some(events) => {
                for event in events.split(", ") {
                    assert!(event.parse::<Event>().is_ok(), "{id}: {event} is no event");
                }
            }
            None => assert!(route.method == Method::GET, "{id} writes and does not say what it leaves"),
        }
    }
    let exempt: BTreeSet<String> = exempt.keys().map(|id| (*id).to_owned()).collect();
    assert_eq!(without, exempt, "each that leaves nothing has a reason here, and no other");
}

#[test]
fn every_event_is_left_by_something() {
    let routes = http::routes();
    let stated = routes.iter().filter_map(|route| route.operation.stated_event());
    let stated: BTreeSet<&str> = stated.flat_map(|events| events.split(", ")).collect();
    for event in Event::ALL {
        let elsewhere = FROM_ELSEWHERE.iter().any(|(known, _)| *known == event);
        assert!(stated.contains(event.as_str()) != elsewhere, "{event}: stated by an operation, or listed");
    }
}
