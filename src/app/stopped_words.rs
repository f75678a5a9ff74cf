//! Words that others stopped: nobody brings them back alone (C18).
//!
//! Stopped are words that were recalled or retired, that are to be approved anew because of a recheck, that a review
//! sent back, or that were published urgently and never reviewed; until a review approves them anew. What counts is
//! what networks show of a post, in whatever revision of it the words stand: its texts, headline, link and credit, and
//! which hashtags, images and disclaimers it names, in whatever order. Its title, window, channels and audience make no
//! other words of it. A post of its own with the same words is another post.

use std::collections::BTreeSet;

use crate::domain::content::Content;
use crate::domain::ids::{ItemId, Kind};
use crate::domain::lifecycle::{Ending, History, RevisionState};
use crate::error::{Code, Error, Result};
use crate::store::connection::Conn;
use crate::store::revisions::{self, RevisionRow};
use crate::store::urgent_publications::{self, UrgentRow};

/// Refuses what has the words of an earlier revision of the post, up to this one, that were stopped.
pub(super) fn refuse(conn: &mut Conn, item: ItemId, revision: i64, content: Option<&Content>) -> Result<()> {
    let Some(words) = content.and_then(shown) else { return Ok(()) };
    let history = revisions::histories(conn, &[item])?.remove(&item).unwrap_or_default();
    let urgent = urgent_publications::of_items(conn, &[item])?;
    let rows = revisions::all_of(conn, item)?;
    let mut stopped = None;
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.revision <= revision) {
        let Some(json) = &row.content else { continue };
        if shown(&Content::from_json(Kind::Post, json)?).as_ref() != Some(&words) {
            continue;
        }
        match fate(row, rows.get(at + 1), &history, &urgent) {
            Fate::Stopped => stopped = Some(row.revision),
            Fate::Approved => stopped = None,
            Fate::Neither => {}
        }
    }
    let Some(stopped) = stopped else { return Ok(()) };
    let detail = format!(
        "These are the words of revision {stopped}, which was stopped, is to be approved anew, was sent back by its \
         review, or published urgently and never reviewed: they go live by a review only. Have them reviewed, or change them first."
    );
    Err(Error::new(Code::WordsStopped, detail).with("stopped_revision", stopped))
}

/// What became of a revision.
enum Fate {
    Stopped,
    /// By a review, and it was not stopped since.
    Approved,
    Neither,
}

fn fate(row: &RevisionRow, next: Option<&RevisionRow>, history: &History, urgent: &[UrgentRow]) -> Fate {
    // What an edit had withdrawn before was not under review any more when the item was recalled.
    let was_over = |ending: &Ending| {
        row.state == RevisionState::Withdrawn && next.is_some_and(|next| next.created_at < ending.at)
    };
    let was_ended = row.submitted_idx.is_some_and(|idx| {
        let mut since = history.endings.iter().filter(|ending| ending.idx > idx);
        since.any(|ending| !was_over(ending))
    });
    let is_unreviewed = urgent.iter().any(|it| it.revision == row.revision && !it.urgent().is_confirmed());
    let approved = history.revision(row.revision);
    let is_rechecked = match approved {
        Some(approved) => history.is_rechecked(approved),
        None => row.submitted_idx.is_some_and(|idx| history.is_rechecked_since(row.revision, idx)),
    };
    match row.state {
        RevisionState::Rejected | RevisionState::ChangesRequested => Fate::Stopped,
        RevisionState::Approved | RevisionState::Withdrawn if was_ended => Fate::Stopped,
        RevisionState::Approved if is_unreviewed || is_rechecked => Fate::Stopped,
        RevisionState::Approved => Fate::Approved,
        RevisionState::InReview | RevisionState::Withdrawn | RevisionState::Lapsed if is_rechecked => {
            Fate::Stopped
        }
        _ => Fate::Neither,
    }
}

/// What networks show of a post.
#[derive(PartialEq)]
struct Words {
    texts: BTreeSet<(String, String)>,
    rest: Vec<Option<String>>,
    named: BTreeSet<String>,
}

fn shown(content: &Content) -> Option<Words> {
    let Content::Post(post) = content else { return None };
    let named = post.hashtags.iter().chain(&post.disclaimers).map(ToString::to_string);
    let link = post.link.as_ref().map(|link| plain(&link.url));
    let rest = vec![post.headline.as_deref().map(plain), link, post.credit.as_deref().map(plain)];
    Some(Words {
        texts: post.copies.iter().map(|copy| (copy.language.clone(), plain(&copy.text))).collect(),
        rest,
        named: named.chain(post.images.iter().map(ToString::to_string)).collect(),
    })
}

/// A text but for its spaces.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
