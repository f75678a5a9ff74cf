#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;
use crate::domain::difference::{difference, touches};

fn content() -> Value {
    json!({
        "title": "Wind",
        "copies": [
            { "id": "nl", "text": "Hallo", "channels": ["x", "linkedin"] },
            { "id": "en", "text": "Hello", "channels": [] },
        ],
        "hashtags": ["zon", "wind", "zee"],
        "a/b": { "til~de": 1 },
    })
}

fn set(pointer: &str, value: Value) -> Edit {
    Edit { pointer: pointer.to_owned(), value: Some(value) }
}

fn remove(pointer: &str) -> Edit {
    Edit { pointer: pointer.to_owned(), value: None }
}

fn codes(edits: &[Edit]) -> Vec<(String, &'static str)> {
    let faults = apply(&content(), edits).unwrap_err();
    let place = |fault: &Fault| match &fault.at {
        At::Pointer(pointer) => pointer.clone(),
        other => format!("{other:?}"),
    };
    faults.iter().map(|fault| (place(fault), fault.code)).collect()
}

#[test]
fn a_value_takes_a_place_that_is_there_or_a_new_member() {
    let edits = [
        set("/content/copies/1/text", json!("Hi")),
        set("/content/headline", json!("News")),
        set("/content/a~1b/til~0de", json!(2)),
    ];
    let mut expected = content();
    expected["copies"][1]["text"] = json!("Hi");
    expected["headline"] = json!("News");
    expected["a/b"]["til~de"] = json!(2);
    let suggested = apply(&content(), &edits).unwrap();
    assert_eq!(suggested.content, expected);
    assert_eq!(suggested.places, edits.map(|edit| edit.pointer));
}

#[test]
fn every_pointer_means_the_content_before_all_edits() {
    let edits = [
        remove("/content/hashtags/0"),
        set("/content/hashtags/2", json!("oceaan")),
        set("/content/hashtags/-", json!("groen")),
        remove("/content/hashtags/1"),
        set("/content/hashtags/-", json!("blauw")),
        remove("/content/copies/0"),
        remove("/content/title"),
        set("/content/copies/1/channels/-", json!("threads")),
    ];
    let suggested = apply(&content(), &edits).unwrap();
    assert_eq!(suggested.content["hashtags"], json!(["oceaan", "groen", "blauw"]));
    assert_eq!(
        suggested.content["copies"],
        json!([{ "id": "en", "text": "Hello", "channels": ["threads"] }])
    );
    assert_eq!(suggested.content.get("title"), None);
    let kept = [(1, "/content/hashtags/0"), (2, "/content/hashtags/1"), (4, "/content/hashtags/2")];
    for (nth, place) in kept.into_iter().chain([(7, "/content/copies/0/channels/0")]) {
        assert_eq!(suggested.places[nth], place);
    }
}

#[test]
fn members_of_longer_lists_are_removed_from_the_back() {
    let content = json!((0..12).collect::<Vec<_>>());
    let edits = [remove("/content/2"), remove("/content/10"), remove("/content/9")];
    assert_eq!(apply(&content, &edits).unwrap().content, json!([0, 1, 3, 4, 5, 6, 7, 8, 11]));
}

#[test]
fn what_leads_nowhere_is_refused_at_its_place() {
    let edits = [
        set("/title", json!("x")),
        remove("/content"),
        set("/content/hashtags/3", json!("x")),
        remove("/content/hashtags/-"),
        set("/content/hashtags/01", json!("x")),
        remove("/content/headline"),
        set("/content/title/x", json!("x")),
        set("/content/nowhere/x", json!("x")),
        set("/contents/title", json!("x")),
    ];
    let expected = ["not_in_content", "not_in_content"]
        .into_iter()
        .chain(["no_such_place"; 6])
        .chain(["not_in_content"])
        .enumerate()
        .map(|(nth, code)| (format!("#/changes/{nth}/pointer"), code));
    assert_eq!(codes(&edits), expected.collect::<Vec<_>>());
}

#[test]
fn no_place_may_lie_within_another() {
    let edits = [
        set("/content/copies/0/text", json!("x")),
        remove("/content/copies/0"),
        set("/content/copies/0/text", json!("y")),
        set("/content/hashtags/-", json!("x")),
        set("/content/hashtags", json!([])),
    ];
    let overlaps = [1, 2, 4].map(|nth| (format!("#/changes/{nth}/pointer"), "overlaps"));
    assert_eq!(codes(&edits), overlaps);
}

#[test]
fn null_is_a_value_and_nothing_is_none() {
    for edit in [set("/content/title", Value::Null), remove("/content/title")] {
        let json = serde_json::to_string(&edit).unwrap();
        assert_eq!(serde_json::from_str::<Edit>(&json).unwrap(), edit, "{json}");
    }
}

#[test]
fn a_place_is_overtaken_by_another_value_or_another_object_around_it() {
    let is_overtaken = |change: &dyn Fn(&mut Value), edit: Edit| {
        let mut present = content();
        change(&mut present);
        overtaken(&content(), &present, &[edit])
    };
    let text = || set("/content/copies/0/text", json!("x"));
    assert!(!is_overtaken(&|_| (), text()));
    assert!(!is_overtaken(&|now| now["title"] = json!("Other"), text()));
    assert!(!is_overtaken(&|now| now["copies"][1]["text"] = json!("Other"), text()));
    assert!(is_overtaken(&|now| now["copies"][0]["text"] = json!("Other"), text()));
    // The same text, but of another copy.
    assert!(is_overtaken(&|now| now["copies"][0]["id"] = json!("de"), text()));
    assert!(is_overtaken(&|now| now["copies"] = json!([]), text()));
    let headline = || set("/content/headline", json!("x"));
    assert!(!is_overtaken(&|_| (), headline()));
    assert!(is_overtaken(&|now| now["headline"] = json!("Theirs"), headline()));
    let tag = || set("/content/hashtags/-", json!("x"));
    assert!(!is_overtaken(&|_| (), tag()));
    assert!(is_overtaken(&|now| now["hashtags"] = json!(["zon"]), tag()));
}

#[test]
fn a_fault_of_the_content_is_told_at_the_edit_that_brought_it() {
    let edits = [
        set("/content/copies/0", json!({ "id": "nl" })),
        set("/content/hashtags/-", json!("nope")),
        remove("/content/title"),
        remove("/content/hashtags/0"),
    ];
    let suggested = apply(&content(), &edits).unwrap();
    let at = |pointer: &str| {
        let fault = at_change(Fault::body(pointer, "wrong", "Wrong."), &suggested, &edits);
        assert_eq!(fault.extra["place"], pointer);
        match fault.at {
            At::Pointer(pointer) => pointer,
            other => format!("{other:?}"),
        }
    };
    assert_eq!(at("/content/copies/0/text"), "#/changes/0/value/text");
    assert_eq!(at("/content/hashtags/2"), "#/changes/1/value");
    assert_eq!(at("/content/hashtags"), "#/changes/1/pointer");
    assert_eq!(at("/content/title"), "#/changes/2/pointer");
    assert_eq!(at("/content/link/url"), "#/changes");
}

/// Places of [`content`], and some that are none.
fn any_edit() -> impl Strategy<Value = Edit> {
    let pointers = [
        "/content/title",
        "/content/headline",
        "/content/copies/0",
        "/content/copies/1",
        "/content/copies/0/text",
        "/content/copies/1/channels/-",
        "/content/copies/0/channels/0",
        "/content/copies/0/channels/1",
        "/content/hashtags/0",
        "/content/hashtags/1",
        "/content/hashtags/2",
        "/content/hashtags/-",
        "/content/hashtags/9",
        "/content/a~1b/til~0de",
        "/content",
        "/other",
    ];
    let pointer = prop::sample::select(pointers.to_vec()).prop_map(str::to_owned);
    (pointer, prop::option::of("[a-z]{1,3}".prop_map(Value::from)))
        .prop_map(|(pointer, value)| Edit { pointer, value })
}

proptest! {
    #[test]
    fn only_what_is_named_changes(edits in prop::collection::vec(any_edit(), 1..6)) {
        let Ok(suggested) = apply(&content(), &edits) else { return Ok(()) };
        let document = json!({ "content": suggested.content });
        for (edit, place) in edits.iter().zip(&suggested.places) {
            if edit.value.is_some() {
                prop_assert_eq!(document.pointer(place), edit.value.as_ref());
            }
        }
        let changes = difference(&content(), &suggested.content);
        let lists = ["/content/copies", "/content/hashtags", "/content/copies/0/channels", "/content/copies/1/channels"];
        for touched in touches(&changes) {
            // Lists without ids are compared as sequences, so within them another member may be told.
            let around = lists.iter().filter(|list| is_within(touched, list)).max_by_key(|list| list.len());
            let is_named = |edit: &Edit| {
                is_within(touched, &edit.pointer)
                    || is_within(&edit.pointer, touched)
                    || around.is_some_and(|list| is_within(&edit.pointer, list))
            };
            prop_assert!(edits.iter().any(is_named), "{} of {:?}", touched, edits);
        }
        prop_assert!(!overtaken(&content(), &content(), &edits));
    }

    #[test]
    fn the_order_of_edits_matters_only_among_those_that_append(edits in prop::collection::vec(any_edit(), 1..6)) {
        let (forth, back) = (apply(&content(), &edits), {
            let mut edits = edits.clone();
            edits.reverse();
            // Those that append keep their order among themselves.
            edits.sort_by_key(|edit| edit.pointer.ends_with("/-"));
            let appending = edits.iter().position(|edit| edit.pointer.ends_with("/-")).unwrap_or(edits.len());
            edits[appending..].reverse();
            apply(&content(), &edits)
        });
        match (forth, back) {
            (Ok(forth), Ok(back)) => prop_assert_eq!(forth.content, back.content),
            (forth, back) => prop_assert!(forth.is_err() && back.is_err()),
        }
    }
}
