//! What became of the posts that a recheck touched.

use std::collections::HashMap;

use super::of_item;
use crate::app::content_snapshot::ContentSnapshot;
use crate::domain::content::Content;
use crate::domain::ids::{ItemId, Kind, RecheckId};
use crate::domain::lifecycle::{Availability, History, RevisionState};
use crate::domain::recheck::{RecheckAction, TouchedState};
use crate::domain::time::Time;
use crate::error::Result;
use crate::store::connection::Conn;
use crate::store::rechecks::{self, RecheckRow, TouchedRow};
use crate::store::revisions::{self, RevisionRow};

/// A post that a recheck touched, as it is now.
#[derive(Debug)]
pub struct RecheckedPost {
    /// That it was touched.
    pub row: TouchedRow,
    /// What the post is called; not once it was redacted.
    pub title: Option<String>,
    /// What became of it.
    pub state: TouchedState,
    /// The first revision that meets the recheck.
    pub approved_revision: Option<i64>,
    /// What time, recalls, dependencies and the rules in force make of the post.
    pub availability: Availability,
}

/// The posts that a recheck of an item touched, newest first, after `after`, with what became of each.
pub fn recheck_posts(
    conn: &mut Conn,
    content: &ContentSnapshot,
    (kind, item, id): (Kind, ItemId, RecheckId),
    after: Option<ItemId>,
    limit: usize,
    now: Time,
) -> Result<Vec<RecheckedPost>> {
    let recheck = of_item(conn, kind, item, id)?;
    let rows = rechecks::posts(conn, id, after, i64::try_from(limit).unwrap_or(i64::MAX))?;
    let posts: Vec<ItemId> = rows.iter().map(|row| row.post_id).collect();
    let unapproved = Unapproved {
        working: revisions::working_of(conn, &posts)?,
        touched: revisions::contents(conn, &unapproved_of(content, &rows))?,
    };
    rows.into_iter().map(|row| rechecked_post(content, &recheck, row, &unapproved, now)).collect()
}

/// What the snapshot does not know of the posts of a page.
struct Unapproved {
    /// The newest revision of each post.
    working: HashMap<ItemId, RevisionRow>,
    /// The content of the revisions that were touched and are not approved.
    touched: HashMap<(ItemId, i64), String>,
}

fn unapproved_of(content: &ContentSnapshot, rows: &[TouchedRow]) -> Vec<(ItemId, i64)> {
    let is_approved = |row: &TouchedRow| {
        content.item(row.post_id).is_some_and(|post| post.history.revision(row.revision).is_some())
    };
    rows.iter().filter(|row| !is_approved(row)).map(|row| (row.post_id, row.revision)).collect()
}

fn rechecked_post(
    content: &ContentSnapshot,
    recheck: &RecheckRow,
    row: TouchedRow,
    unapproved: &Unapproved,
    now: Time,
) -> Result<RecheckedPost> {
    let about = recheck.recheck(row.revision);
    let post = content.item(row.post_id);
    let json = unapproved.touched.get(&(row.post_id, row.revision));
    let touched = json.map(|json| Content::from_json(Kind::Post, json)).transpose()?;
    let words = post.and_then(|post| post.present(now)).map(|revision| &revision.content);
    let title = match touched.as_ref().or(words) {
        Some(Content::Post(post)) => Some(post.title.clone()),
        _ => None,
    };
    // Once withdrawn, it asks for nothing.
    let holds = if recheck.ended_at.is_some() { RecheckAction::None } else { recheck.action };
    let working = unapproved.working.get(&row.post_id);
    let in_review = working.is_some_and(|working| working.state == RevisionState::InReview);
    let never = History::default();
    let history = post.map_or(&never, |post| &post.history);
    let (state, approved_revision) = about.state(holds, history, in_review, now);
    let availability = post.map_or(Availability::Unapproved, |post| content.availability(post, now).0);
    Ok(RecheckedPost { row, title, state, approved_revision, availability })
}
