//! What changed between two contents of an item, place by place, and texts word by word.
//!
//! Places are JSON pointers (RFC 6901) that begin with `/content`. Lists of objects that have an `id` are
//! aligned by it, so that a copy which moved is compared with itself; other lists are aligned as sequences, so
//! that one hashtag more is one change.
//!
//! Aligning is bounded: it takes time with the square of what lies between the equal beginning and the equal
//! end of two texts or lists. What the bound leaves no room for is told coarsely instead: a text sentence by
//! sentence, or as one piece removed and one added, and a list member by member.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::ops::Range;

use serde::Serialize;
use serde_json::{Map, Value};
use similar::{Algorithm, DiffTag, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation as _;

use super::content::escape;
use super::ids::{ItemId, Kind};
use super::revision::Pin;

#[cfg(test)]
mod tests;

/// Where content stands in its document.
const ROOT: &str = "/content";

/// The steps that aligning may take in one difference: a tenth of a second.
const STEPS: usize = 40_000_000;

/// What became of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is there now.
    Added,
    /// It is gone.
    Removed,
    /// Its value is another.
    Replaced,
    /// A member of a list with an `id` stands before or behind others than it did.
    Moved,
}

/// What became of a piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PieceOp {
    /// It is in both texts.
    Kept,
    /// It was in the old text.
    Removed,
    /// It is in the new text.
    Added,
}

/// A piece of a text. What was kept and removed is the old text byte for byte, what was kept and added the new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What became of it.
    pub op: PieceOp,
    /// Its text; never empty.
    pub text: String,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The place in the new content; of what was removed, that in the old.
    pub pointer: String,
    /// The place in the old content, where it was another one.
    pub from_pointer: Option<String>,
    /// What became of it.
    pub kind: ChangeKind,
    /// What stood there.
    pub before: Option<Value>,
    /// What stands there; absent of what only moved.
    pub after: Option<Value>,
    /// The same word by word, where one text took the place of another.
    pub words: Option<Vec<Piece>>,
    touched: String,
}

/// Everything that changed from one content to another, in the order of the document.
pub fn difference(old: &Value, new: &Value) -> Vec<Change> {
    let mut walk = Walk { steps: STEPS, changes: Vec::new() };
    walk.compare(&Place { old: ROOT.to_owned(), new: ROOT.to_owned() }, old, new);
    walk.changes
}

/// The places of the old content that changes touch. What was added to a list touches the list at its end
/// (`/content/hashtags/-`), and what moved within one touches all of the list.
pub fn touches(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(|change| change.touched.as_str()).collect()
}

/// Whether a place is the other one or lies below it.
pub fn is_within(pointer: &str, of: &str) -> bool {
    pointer.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What two revisions pin differently, by kind and id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PinChanges {
    /// Pinned now.
    pub added: Vec<Pin>,
    /// No longer pinned.
    pub removed: Vec<Pin>,
    /// Pinned at another revision: the old pin and the new one.
    pub replaced: Vec<(Pin, Pin)>,
}

/// What changed from some pins to others.
pub fn pins_difference(old: &[Pin], new: &[Pin]) -> PinChanges {
    let by_item = |pins: &[Pin]| -> HashMap<(Kind, ItemId), Pin> {
        pins.iter().map(|pin| ((pin.kind, pin.id), pin.clone())).collect()
    };
    let (before, after) = (by_item(old), by_item(new));
    let mut changes = PinChanges::default();
    for pin in new {
        match before.get(&(pin.kind, pin.id)) {
            None => changes.added.push(pin.clone()),
            Some(was) if was != pin => changes.replaced.push((was.clone(), pin.clone())),
            Some(_) => {}
        }
    }
    changes.removed = old.iter().filter(|pin| !after.contains_key(&(pin.kind, pin.id))).cloned().collect();
    changes
}

/// A place in the old content and the same in the new one.
struct Place {
    old: String,
    new: String,
}

impl Place {
    fn member(&self, name: &str) -> Self {
        let name = escape(name);
        Self { old: format!("{}/{name}", self.old), new: format!("{}/{name}", self.new) }
    }

    fn element(&self, old: usize, new: usize) -> Self {
        Self { old: format!("{}/{old}", self.old), new: format!("{}/{new}", self.new) }
    }
}

/// A stretch of two sequences that is equal in both, or differs.
struct Run {
    old: Range<usize>,
    new: Range<usize>,
    kept: bool,
}

struct Walk {
    /// What is left to spend on aligning.
    steps: usize,
    changes: Vec<Change>,
}

impl Walk {
    fn compare(&mut self, at: &Place, old: &Value, new: &Value) {
        if old == new {
            return;
        }
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => self.members(at, old, new),
            (Value::Array(old), Value::Array(new)) => match (ids(old), ids(new)) {
                (Some(old_ids), Some(new_ids)) => self.by_id(at, (old, &old_ids), (new, &new_ids)),
                _ => self.sequence(at, old, new),
            },
            _ => self.replaced(at, old, new),
        }
    }

    fn members(&mut self, at: &Place, old: &Map<String, Value>, new: &Map<String, Value>) {
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let place = at.member(name);
            match (old.get(name), new.get(name)) {
                (Some(old), Some(new)) => self.compare(&place, old, new),
                (Some(old), None) => self.removed(place.old, old),
                (None, Some(new)) => self.added(place.new, place.old, new),
                (None, None) => {}
            }
        }
    }

    /// Compares lists whose members have ids.
    fn by_id(
        &mut self,
        at: &Place,
        (old, old_ids): (&[Value], &[&str]),
        (new, new_ids): (&[Value], &[&str]),
    ) {
        let places: HashMap<&str, usize> = old_ids.iter().enumerate().map(|(nth, id)| (*id, nth)).collect();
        let stay: HashSet<&str> = new_ids.iter().copied().filter(|id| places.contains_key(id)).collect();
        for (nth, value) in old.iter().enumerate() {
            if old_ids.get(nth).is_some_and(|id| !stay.contains(id)) {
                self.removed(format!("{}/{nth}", at.old), value);
            }
        }
        let moved = self.moved(old_ids, new_ids, &stay);
        for (nth, (value, id)) in new.iter().zip(new_ids).enumerate() {
            let Some((was, before)) = places.get(id).and_then(|was| Some((*was, old.get(*was)?))) else {
                self.added(format!("{}/{nth}", at.new), format!("{}/-", at.old), value);
                continue;
            };
            let place = at.element(was, nth);
            if moved.contains(id) {
                self.changes.push(Change {
                    from_pointer: (place.old != place.new).then(|| place.old.clone()),
                    pointer: place.new.clone(),
                    kind: ChangeKind::Moved,
                    before: None,
                    after: None,
                    words: None,
                    touched: at.old.clone(),
                });
            }
            self.compare(&place, before, value);
        }
    }

    /// Those that stayed but stand elsewhere among those that stayed: as few as there can be.
    fn moved<'a>(&mut self, old: &[&'a str], new: &[&'a str], stay: &HashSet<&str>) -> HashSet<&'a str> {
        let staying = |ids: &[&'a str]| -> Vec<&'a str> {
            ids.iter().copied().filter(|id| stay.contains(id)).collect()
        };
        let (old, new) = (staying(old), staying(new));
        let runs = self.aligned(&old, &new).unwrap_or_else(|| whole(old.len(), new.len()));
        let changed = runs.into_iter().filter(|run| !run.kept);
        changed.flat_map(|run| part(&old, &run.old).to_vec()).collect()
    }

    fn sequence(&mut self, at: &Place, old: &[Value], new: &[Value]) {
        let runs = self.aligned(old, new).unwrap_or_else(|| whole(old.len(), new.len()));
        for run in runs.into_iter().filter(|run| !run.kept) {
            let (old, new) = (part(old, &run.old), part(new, &run.new));
            for nth in 0..old.len().max(new.len()) {
                let place = at.element(run.old.start + nth, run.new.start + nth);
                match (old.get(nth), new.get(nth)) {
                    (Some(old), Some(new)) => self.compare(&place, old, new),
                    (Some(old), None) => self.removed(place.old, old),
                    (None, Some(new)) => self.added(place.new, format!("{}/-", at.old), new),
                    (None, None) => {}
                }
            }
        }
    }

    fn added(&mut self, pointer: String, touched: String, value: &Value) {
        self.changes.push(Change {
            pointer,
            from_pointer: None,
            kind: ChangeKind::Added,
            before: None,
            after: Some(value.clone()),
            words: None,
            touched,
        });
    }

    fn removed(&mut self, pointer: String, value: &Value) {
        self.changes.push(Change {
            touched: pointer.clone(),
            pointer,
            from_pointer: None,
            kind: ChangeKind::Removed,
            before: Some(value.clone()),
            after: None,
            words: None,
        });
    }

    fn replaced(&mut self, at: &Place, old: &Value, new: &Value) {
        let words = match (old, new) {
            (Value::String(old), Value::String(new)) => Some(self.words(old, new)),
            _ => None,
        };
        self.changes.push(Change {
            pointer: at.new.clone(),
            from_pointer: (at.old != at.new).then(|| at.old.clone()),
            kind: ChangeKind::Replaced,
            before: Some(old.clone()),
            after: Some(new.clone()),
            words,
            touched: at.old.clone(),
        });
    }

    /// A text word by word; where that is too much, word by word within the sentences that differ.
    fn words(&mut self, old: &str, new: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if self.add_words(&mut pieces, old, new) {
            return pieces;
        }
        let old_parts: Vec<&str> = old.split_sentence_bounds().collect();
        let new_parts: Vec<&str> = new.split_sentence_bounds().collect();
        let runs =
            self.aligned(&old_parts, &new_parts).unwrap_or_else(|| whole(old_parts.len(), new_parts.len()));
        for run in runs {
            let (old, new) = (part(&old_parts, &run.old).concat(), part(&new_parts, &run.new).concat());
            if run.kept {
                add(&mut pieces, PieceOp::Kept, &new);
            } else if !self.add_words(&mut pieces, &old, &new) {
                add(&mut pieces, PieceOp::Removed, &old);
                add(&mut pieces, PieceOp::Added, &new);
            }
        }
        pieces
    }

    /// Adds the pieces of a text word by word; answers whether that was possible.
    fn add_words(&mut self, pieces: &mut Vec<Piece>, old: &str, new: &str) -> bool {
        let old: Vec<&str> = old.split_word_bounds().collect();
        let new: Vec<&str> = new.split_word_bounds().collect();
        let Some(runs) = self.aligned(&old, &new) else { return false };
        for run in runs {
            let (old, new) = (part(&old, &run.old).concat(), part(&new, &run.new).concat());
            if run.kept {
                add(pieces, PieceOp::Kept, &new);
            } else {
                add(pieces, PieceOp::Removed, &old);
                add(pieces, PieceOp::Added, &new);
            }
        }
        true
    }

    /// The runs of two sequences, or nothing where finding them would take too many steps.
    fn aligned<T: Hash + Eq>(&mut self, old: &[T], new: &[T]) -> Option<Vec<Run>> {
        let begin = old.iter().zip(new).take_while(|(old, new)| old == new).count();
        let (old_rest, new_rest) = (part(old, &(begin..old.len())), part(new, &(begin..new.len())));
        let end =
            old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(old, new)| old == new).count();
        let (old_end, new_end) = (old.len() - end, new.len() - end);
        let steps = (old_end - begin + new_end - begin).saturating_pow(2);
        self.steps = self.steps.checked_sub(steps)?;
        let between =
            capture_diff_slices(Algorithm::Myers, part(old, &(begin..old_end)), part(new, &(begin..new_end)));
        let shift = |range: Range<usize>| range.start + begin..range.end + begin;
        let mut runs = vec![Run { old: 0..begin, new: 0..begin, kept: true }];
        runs.extend(between.into_iter().map(|op| Run {
            old: shift(op.old_range()),
            new: shift(op.new_range()),
            kept: op.tag() == DiffTag::Equal,
        }));
        runs.push(Run { old: old_end..old.len(), new: new_end..new.len(), kept: true });
        Some(runs)
    }
}

/// The ids of a list's members, if each is an object with an `id` that no other has.
fn ids(list: &[Value]) -> Option<Vec<&str>> {
    let ids: Vec<&str> =
        list.iter().map(|member| member.get("id").and_then(Value::as_str)).collect::<Option<_>>()?;
    let distinct: HashSet<&str> = ids.iter().copied().collect();
    (distinct.len() == ids.len()).then_some(ids)
}

/// Two sequences as one run that differs.
fn whole(old: usize, new: usize) -> Vec<Run> {
    vec![Run { old: 0..old, new: 0..new, kept: false }]
}

fn part<'a, T>(list: &'a [T], range: &Range<usize>) -> &'a [T] {
    list.get(range.clone()).unwrap_or_default()
}

/// Adds a piece, to the one before if that is of its sort.
fn add(pieces: &mut Vec<Piece>, op: PieceOp, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.op == op => last.text.push_str(text),
        _ => pieces.push(Piece { op, text: text.to_owned() }),
    }
}
