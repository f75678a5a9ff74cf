//! Posts under review that a recheck touches. They are no part of the snapshot, so they are read from the database.

use super::touching::Touching;
use crate::app::words::{self, Words};
use crate::domain::ids::{ItemId, Kind};
use crate::domain::revision::Pin;
use crate::domain::time::Time;
use crate::error::Result;
use crate::store::connection::Conn;
use crate::store::rechecks::TouchedRow;
use crate::store::revisions::RevisionRow;
use crate::store::{Db, record, reviews};

/// Revisions that one query reads.
const A_PAGE: i64 = 200;

/// A frozen revision of a post that is under review.
#[derive(Debug)]
pub(super) struct UnderReview {
    /// Its words.
    pub(super) words: Words,
    /// Its pins.
    pub(super) pins: Vec<Pin>,
}

impl UnderReview {
    /// These revisions of posts; one that was redacted is left out.
    pub(super) fn of_rows(conn: &mut Conn, rows: Vec<RevisionRow>) -> Result<Vec<Self>> {
        let rows: Vec<RevisionRow> = rows.into_iter().filter(|row| row.content.is_some()).collect();
        let pins = rows.iter().map(RevisionRow::pins).collect::<Result<Vec<_>>>()?;
        let words = words::of_rows(conn, rows.into_iter().map(|row| (Kind::Post, row)).collect())?;
        Ok(words.into_iter().zip(pins).map(|(words, pins)| Self { words, pins }).collect())
    }
}

/// The posts of a recheck: those with an approved revision that is touched, and those that are touched under review
/// only.
#[derive(Debug)]
pub(super) struct Found {
    /// All of them, by id.
    pub(super) rows: Vec<TouchedRow>,
    /// How many of them under review only.
    pub(super) in_review: usize,
    /// What is submitted from this index of the record on was not looked at.
    pub(super) until_idx: i64,
}

impl Found {
    /// Adds what is under review to the posts of which an approved revision is touched, which are sorted by id.
    pub(super) fn with_reviews(
        db: &Db,
        touching: &Touching,
        approved: Vec<TouchedRow>,
        now: Time,
    ) -> Result<Self> {
        let until_idx = db.read_now(|conn| Ok(record::state(conn)?.size))?;
        let mut added = Vec::new();
        let mut after = None;
        loop {
            let (last, page) = db.read_now(|conn| {
                let rows = reviews::under_review(conn, Kind::Post, after, A_PAGE)?;
                let last = rows.last().map(|(review, _)| *review);
                Ok((last, UnderReview::of_rows(conn, rows.into_iter().map(|(_, row)| row).collect())?))
            })?;
            if last.is_none() {
                break;
            }
            after = last;
            let is_known = |post: &ItemId| approved.binary_search_by_key(post, |row| row.post_id).is_ok();
            let unknown = page.iter().filter(|found| !is_known(&found.words.id));
            added.extend(unknown.filter_map(|found| {
                let because = touching.touches_under_review(found, now)?;
                Some(TouchedRow { post_id: found.words.id, revision: found.words.revision, because })
            }));
        }
        let in_review = added.len();
        let mut rows = approved;
        rows.extend(added);
        rows.sort_unstable_by_key(|row| row.post_id);
        Ok(Self { rows, in_review, until_idx })
    }
}
