#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Instant;

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::domain::ids::Digest;

/// Each change as its kind, its place, and the place it came from.
fn told(changes: &[Change]) -> Vec<(ChangeKind, &str, Option<&str>)> {
    changes.iter().map(|change| (change.kind, &*change.pointer, change.from_pointer.as_deref())).collect()
}

fn pieces(old: &str, new: &str) -> Vec<Piece> {
    let change = difference(&json!({ "text": old }), &json!({ "text": new })).pop();
    change.and_then(|change| change.words).unwrap()
}

fn joined(pieces: &[Piece], without: PieceOp) -> String {
    pieces.iter().filter(|piece| piece.op != without).map(|piece| piece.text.as_str()).collect()
}

#[test]
fn nothing_changed_is_no_change() {
    let content = json!({ "title": "Same", "copies": [{ "id": "a", "text": "b" }] });
    assert_eq!(difference(&content, &content), []);
}

#[test]
fn members_are_added_removed_and_replaced_at_their_places() {
    let old = json!({ "a/b": 1, "gone": [1], "same": true });
    let new = json!({ "a/b": "one", "same": true, "til~de": null });
    let changes = difference(&old, &new);
    let expected = [
        (ChangeKind::Replaced, "/content/a~1b", None),
        (ChangeKind::Removed, "/content/gone", None),
        (ChangeKind::Added, "/content/til~0de", None),
    ];
    assert_eq!(told(&changes), expected);
    assert_eq!((&changes[0].before, &changes[0].after), (&Some(json!(1)), &Some(json!("one"))));
    assert_eq!((&changes[0].words, &changes[1].before), (&None, &Some(json!([1]))));
    assert_eq!((&changes[2].before, &changes[2].after), (&None, &Some(Value::Null)));
    assert_eq!(touches(&changes), ["/content/a~1b", "/content/gone", "/content/til~0de"]);
}

#[test]
fn one_more_hashtag_is_one_change() {
    let old = json!({ "hashtags": ["zon", "wind", "zee"] });
    let more = json!({ "hashtags": ["groen", "zon", "wind", "zee"] });
    let changes = difference(&old, &more);
    assert_eq!(told(&changes), [(ChangeKind::Added, "/content/hashtags/0", None)]);
    assert_eq!(touches(&changes), ["/content/hashtags/-"], "no tag that was there is touched");
    let back = difference(&more, &old);
    assert_eq!(told(&back), [(ChangeKind::Removed, "/content/hashtags/0", None)]);
    assert_eq!(touches(&back), ["/content/hashtags/0"]);
}

#[test]
fn copies_are_compared_with_themselves_wherever_they_stand() {
    let copy = |id: &str, text: &str| json!({ "id": id, "text": text });
    let old = json!({ "copies": [copy("a", "Hello sun"), copy("b", "Wind"), copy("c", "Old")] });
    let new = json!({ "copies": [copy("d", "New"), copy("a", "Hello sea"), copy("b", "Wind")] });
    let changes = difference(&old, &new);
    let expected = [
        (ChangeKind::Removed, "/content/copies/2", None),
        (ChangeKind::Added, "/content/copies/0", None),
        (ChangeKind::Replaced, "/content/copies/1/text", Some("/content/copies/0/text")),
    ];
    assert_eq!(told(&changes), expected);
    let words = [(PieceOp::Kept, "Hello "), (PieceOp::Removed, "sun"), (PieceOp::Added, "sea")];
    let found: Vec<_> =
        changes[2].words.iter().flatten().map(|piece| (piece.op, piece.text.as_str())).collect();
    assert_eq!(found, words);
    assert_eq!(touches(&changes), ["/content/copies/2", "/content/copies/-", "/content/copies/0/text"]);
}

#[test]
fn another_order_is_as_few_moves_as_it_takes_and_touches_the_list() {
    let list =
        |ids: &[&str]| json!({ "copies": ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>() });
    let changes = difference(&list(&["a", "b", "c"]), &list(&["c", "a", "b"]));
    assert_eq!(told(&changes), [(ChangeKind::Moved, "/content/copies/0", Some("/content/copies/2"))]);
    assert_eq!(touches(&changes), ["/content/copies"]);
}

#[test]
fn ids_that_are_no_ids_align_nothing() {
    let old = json!([{ "id": "a", "n": 1 }, { "id": "a", "n": 2 }]);
    let new = json!([{ "id": "a", "n": 2 }]);
    assert_eq!(told(&difference(&old, &new)), [(ChangeKind::Removed, "/content/0", None)]);
    let changes = difference(&json!([{ "id": 1 }]), &json!([{ "id": 2 }]));
    assert_eq!(told(&changes), [(ChangeKind::Replaced, "/content/0/id", None)]);
}

#[test]
fn a_place_is_within_another_by_whole_segments() {
    assert!(is_within("/content/copies/1", "/content/copies/1"));
    assert!(is_within("/content/copies/1/text", "/content/copies/1"));
    assert!(is_within("/content", ""));
    assert!(!is_within("/content/copies/10", "/content/copies/1"));
    assert!(!is_within("/content/copies", "/content/copies/1"));
}

#[test]
fn pins_differ_by_item() {
    let pin = |id: u128, revision: i64| Pin {
        kind: Kind::Hashtag,
        id: ItemId::from_uuid(Uuid::from_u128(id)),
        key: None,
        revision,
        digest: Digest::of(&revision.to_be_bytes()),
    };
    let changes = pins_difference(&[pin(1, 1), pin(2, 1), pin(3, 1)], &[pin(2, 1), pin(3, 2), pin(4, 1)]);
    assert_eq!(changes.added, [pin(4, 1)]);
    assert_eq!(changes.removed, [pin(1, 1)]);
    assert_eq!(changes.replaced, [(pin(3, 1), pin(3, 2))]);
}

/// A text of `count` sentences, none like another.
fn long(count: usize, seed: usize) -> String {
    let sentence = |nth: usize| {
        let words: Vec<String> = (0..10).map(|word| format!("w{}", seed + nth * 10 + word)).collect();
        format!("Then {}. ", words.join(" "))
    };
    (0..count).map(sentence).collect()
}

#[test]
fn a_long_text_with_a_word_changed_here_and_there_is_told_by_the_word() {
    let old = long(600, 0);
    let new = old.replace("w17 ", "wind ").replace("w5917 ", "sea ");
    let pieces = pieces(&old, &new);
    assert_eq!(pieces.iter().filter(|piece| piece.op != PieceOp::Kept).count(), 4);
    assert_eq!((joined(&pieces, PieceOp::Added), joined(&pieces, PieceOp::Removed)), (old, new));
}

#[test]
fn what_would_take_too_long_is_told_in_one_piece() {
    // The longest texts that there can be, a hundred of them, with no word in common.
    let content = |seed: usize| {
        let copies = (0..100).map(|nth| json!({ "id": format!("c{nth}"), "text": long(700, seed) }));
        json!({ "copies": copies.collect::<Vec<_>>() })
    };
    let (old, new) = (content(0), content(100_000));
    let began = Instant::now();
    let changes = difference(&old, &new);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    assert_eq!(changes.len(), 100);
    assert_eq!(changes[99].words.as_ref().unwrap().len(), 2);
}

/// JSON of the sort that content is.
fn any_content() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0_i64..4).prop_map(Value::from),
        "[ab .é]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[ab/~]{1,2}", inner.clone(), 0..4)
                .prop_map(|members| json!(members)),
            prop::collection::vec(("[abc]", inner), 0..4).prop_map(|members| {
                members.into_iter().map(|(id, value)| json!({ "id": id, "value": value })).collect()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn pieces_make_up_both_texts(old in ".{0,60}|[ab \n👩‍👧]{0,80}", new in ".{0,60}|[ab \n👩‍👧]{0,80}") {
        prop_assume!(old != new);
        let pieces = pieces(&old, &new);
        prop_assert_eq!(joined(&pieces, PieceOp::Added), old);
        prop_assert_eq!(joined(&pieces, PieceOp::Removed), new);
        prop_assert!(pieces.iter().all(|piece| !piece.text.is_empty()));
    }

    #[test]
    fn every_change_is_told_where_it_is(old in any_content(), new in any_content()) {
        let changes = difference(&old, &new);
        prop_assert_eq!(changes.is_empty(), old == new);
        let (old, new) = (json!({ "content": old }), json!({ "content": new }));
        for change in &changes {
            let from = change.from_pointer.as_ref().unwrap_or(&change.pointer);
            match change.kind {
                ChangeKind::Added => prop_assert_eq!(new.pointer(&change.pointer), change.after.as_ref()),
                ChangeKind::Removed => prop_assert_eq!(old.pointer(&change.pointer), change.before.as_ref()),
                ChangeKind::Replaced => {
                    prop_assert_eq!(old.pointer(from), change.before.as_ref());
                    prop_assert_eq!(new.pointer(&change.pointer), change.after.as_ref());
                }
                ChangeKind::Moved => {
                    let id = |document: &Value, pointer: &str| document.pointer(pointer).map(|at| at["id"].clone());
                    prop_assert_eq!(id(&old, from), id(&new, &change.pointer));
                }
            }
        }
    }

    #[test]
    fn what_lies_outside_of_all_touched_places_is_as_it_was(old in any_content(), new in any_content()) {
        let changes = difference(&old, &new);
        let touched = touches(&changes);
        let (old, new) = (json!({ "content": old }), json!({ "content": new }));
        // A member of objects alone keeps its place, so it is the same in both unless something touches it.
        let mut open = vec!["/content".to_owned()];
        while let Some(pointer) = open.pop() {
            let at = old.pointer(&pointer).unwrap();
            if !touched.iter().any(|touched| is_within(touched, &pointer) || is_within(&pointer, touched)) {
                prop_assert_eq!(Some(at), new.pointer(&pointer));
            }
            let names = at.as_object().into_iter().flat_map(|members| members.keys());
            open.extend(names.map(|name| format!("{pointer}/{}", escape(name))));
        }
    }
}
