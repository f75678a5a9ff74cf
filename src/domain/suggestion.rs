//! Suggestions: changes of content that a reviewer proposes and an author may take.
//!
//! A suggestion names places of the content that was reviewed, and for each the value to stand there, or none.
//! Its edits are one change and not a sequence: each pointer means the content before all of them, so that
//! removing one member of a list does not shift what the others mean. So none may lie within another's place.

use std::cmp::Ordering;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::content::escape;
use super::difference::is_within;
use crate::error::{At, Fault};

#[cfg(test)]
mod tests;

/// The segment that names the place behind the last member of a list.
const APPEND: &str = "-";

/// One place, and what is to stand there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The place, below `/content`; `-` as the last segment appends to a list.
    pub pointer: String,
    /// The value; absent, the place is removed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub value: Option<Value>,
}

/// Content as a suggestion would have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggested {
    /// The content.
    pub content: Value,
    /// Where each edit ended up, or would have: a JSON pointer for each, in their order.
    pub places: Vec<String>,
}

/// Reads `null` as a value, and not as none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Where an edit leads to in the content that it is meant for.
struct Target<'a> {
    segments: Vec<String>,
    in_list: bool,
    /// How many members the list has, for an edit that appends to it.
    appends_at: Option<usize>,
    edit: &'a Edit,
}

impl Target<'_> {
    fn removes_from_list(&self) -> bool {
        self.in_list && self.edit.value.is_none()
    }
}

/// Content with these edits, or what is wrong with them, at `/changes/{nth}` each.
pub fn apply(content: &Value, edits: &[Edit]) -> Result<Suggested, Vec<Fault>> {
    let document = json!({ "content": content });
    let mut targets: Vec<Target<'_>> = Vec::new();
    let mut faults = Vec::new();
    for (nth, edit) in edits.iter().enumerate() {
        let found = find(&document, edit).and_then(|target| match overlaps(&targets, &target) {
            true => Err(("overlaps", "Another change names this place, or one around or within it.")),
            false => Ok(target),
        });
        match found {
            Ok(target) => targets.push(target),
            Err((code, detail)) => {
                faults.push(Fault::body(format!("/changes/{nth}/pointer"), code, detail));
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut document = document;
    for target in in_order(&targets) {
        write(&mut document, target);
    }
    let content = document.get_mut("content").map(Value::take).unwrap_or_default();
    Ok(Suggested { content, places: places(&targets) })
}

/// Whether a place that these edits name is another one by now: its value differs, or an object with an `id`
/// that it lies in is not the same.
pub fn overtaken(reviewed: &Value, present: &Value, edits: &[Edit]) -> bool {
    let (reviewed, present) = (json!({ "content": reviewed }), json!({ "content": present }));
    edits.iter().any(|edit| {
        let appended_to = edit.pointer.strip_suffix("/-");
        let list = appended_to.filter(|list| reviewed.pointer(list).is_some_and(Value::is_array));
        let place = list.unwrap_or(&edit.pointer);
        let id = |document: &Value, around: &str| {
            document.pointer(around).and_then(|around| around.get("id")).cloned()
        };
        let mut around = edit.pointer.match_indices('/').filter_map(|(at, _)| edit.pointer.get(..at));
        reviewed.pointer(place) != present.pointer(place)
            || around.any(|around| id(&reviewed, around) != id(&present, around))
    })
}

/// A fault of the content that edits led to, at the edit that it is about. `place` is where in the content.
pub fn at_change(fault: Fault, suggested: &Suggested, edits: &[Edit]) -> Fault {
    let At::Pointer(pointer) = &fault.at else { return fault };
    let place = pointer.trim_start_matches('#').to_owned();
    let within = suggested.places.iter().position(|edited| is_within(&place, edited));
    let around = || suggested.places.iter().position(|edited| is_within(edited, &place));
    let change = match (within, within.or_else(around)) {
        (Some(nth), _) if edits.get(nth).is_some_and(|edit| edit.value.is_some()) => {
            let rest = suggested.places.get(nth).and_then(|edited| place.strip_prefix(edited.as_str()));
            format!("#/changes/{nth}/value{}", rest.unwrap_or_default())
        }
        (_, Some(nth)) => format!("#/changes/{nth}/pointer"),
        (_, None) => "#/changes".to_owned(),
    };
    Fault { at: At::Pointer(change), ..fault }.with("place", place)
}

/// Why an edit leads nowhere: a code and a sentence.
type Nowhere = (&'static str, &'static str);

fn find<'a>(document: &Value, edit: &'a Edit) -> Result<Target<'a>, Nowhere> {
    const NO_SUCH_PLACE: Nowhere = ("no_such_place", "There is no such place in the content under review.");
    if !is_within(&edit.pointer, "/content") || edit.pointer == "/content" {
        return Err(("not_in_content", "A change names a place below /content."));
    }
    let (parent, last) = edit.pointer.rsplit_once('/').ok_or(NO_SUCH_PLACE)?;
    let segments: Vec<String> = edit.pointer.split('/').skip(1).map(unescape).collect();
    let target = |in_list, appends_at| Target { segments, in_list, appends_at, edit };
    match document.pointer(parent) {
        Some(Value::Array(list)) if last == APPEND && edit.value.is_some() => {
            Ok(target(true, Some(list.len())))
        }
        Some(Value::Array(_)) if document.pointer(&edit.pointer).is_some() => Ok(target(true, None)),
        Some(Value::Object(members)) if edit.value.is_some() || members.contains_key(&unescape(last)) => {
            Ok(target(false, None))
        }
        _ => Err(NO_SUCH_PLACE),
    }
}

fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// Whether a place lies in, around or at one of the others. Several edits may append to one list.
fn overlaps(others: &[Target<'_>], target: &Target<'_>) -> bool {
    others.iter().any(|other| {
        let both_append = target.appends_at.is_some() && other.segments == target.segments;
        let (one, another) = (&other.segments, &target.segments);
        !both_append && (one.starts_with(another) || another.starts_with(one))
    })
}

/// What sets and appends, then what removes, the last place first: so that every pointer still holds when its
/// turn comes.
fn in_order<'t, 'a>(targets: &'t [Target<'a>]) -> Vec<&'t Target<'a>> {
    let (mut set, mut remove): (Vec<_>, Vec<_>) =
        targets.iter().partition(|target| target.edit.value.is_some());
    remove.sort_by(|a, b| by_place(&b.segments, &a.segments));
    set.append(&mut remove);
    set
}

/// The order of the document, where numbers are in the order of numbers.
fn by_place(a: &[String], b: &[String]) -> Ordering {
    let one = |(a, b): (&String, &String)| match (a.parse::<usize>(), b.parse::<usize>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => a.cmp(b),
    };
    let differ = a.iter().zip(b).map(one).find(|order| order.is_ne());
    differ.unwrap_or_else(|| a.len().cmp(&b.len()))
}

fn write(document: &mut Value, target: &Target<'_>) {
    let Some((parent, _)) = target.edit.pointer.rsplit_once('/') else { return };
    let Some(last) = target.segments.last() else { return };
    match (document.pointer_mut(parent), target.edit.value.clone()) {
        (Some(Value::Object(members)), Some(value)) => {
            members.insert(last.clone(), value);
        }
        (Some(Value::Object(members)), None) => {
            members.remove(last);
        }
        (Some(Value::Array(list)), value) => write_in_list(list, last, value),
        _ => {}
    }
}

fn write_in_list(list: &mut Vec<Value>, last: &str, value: Option<Value>) {
    let index = last.parse::<usize>().ok().filter(|index| *index < list.len());
    match (index, value) {
        (Some(index), Some(value)) => drop(list.get_mut(index).map(|place| std::mem::replace(place, value))),
        (Some(index), None) => drop(list.remove(index)),
        (None, Some(value)) => list.push(value),
        (None, None) => {}
    }
}

/// Where each edit ended up, once lists have lost what was removed from them.
fn places(targets: &[Target<'_>]) -> Vec<String> {
    let removed: Vec<&[String]> =
        targets.iter().filter(|target| target.removes_from_list()).map(|target| &*target.segments).collect();
    let place = |(nth, target): (usize, &Target<'_>)| {
        let mut segments = target.segments.clone();
        if let (Some(length), Some(last)) = (target.appends_at, segments.last_mut()) {
            let before = targets.iter().take(nth).filter(|other| other.segments == target.segments).count();
            *last = (length + before).to_string();
        }
        settled(&segments, &removed)
    };
    targets.iter().enumerate().map(place).collect()
}

/// A pointer, with each index less by how many members before it were removed from its list.
fn settled(segments: &[String], removed: &[&[String]]) -> String {
    let mut pointer = String::new();
    for (depth, segment) in segments.iter().enumerate() {
        let before = |gone: &&&[String]| {
            gone.len() == depth + 1
                && gone.get(..depth) == segments.get(..depth)
                && gone.last().and_then(|gone| gone.parse::<usize>().ok()) < segment.parse::<usize>().ok()
        };
        let shift = removed.iter().filter(before).count();
        let shifted = segment.parse::<usize>().ok().filter(|_| shift > 0).map(|index| index - shift);
        pointer.push('/');
        pointer.push_str(&shifted.map_or_else(|| escape(segment), |index| index.to_string()));
    }
    pointer
}
