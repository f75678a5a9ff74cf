//! Notifications: spreading announcements to the persons whom they are for, and reading one's own.
//!
//! Spreading holds no lock of the record, since a pool may be the whole company: it reads a page of a pool,
//! tells that page in a short transaction, and goes on. What is announced about many posts at once becomes an
//! announcement about each of them in the same way. It may be killed at any moment and may run on
//! several nodes at once: an announcement waits until all of it was spread, and the database takes one
//! notification for each announcement and person.

use super::actor::Actor;
use super::announcements::reviewers_asked;
use super::review_runs;
use crate::clock::Clock;
use crate::domain::announcement::{Recipient, Recipients, Subject};
use crate::domain::ids::{AnnouncementId, ItemId, Kind, NotificationId, PersonId, RecheckId};
use crate::domain::time::Time;
use crate::domain::workflow::Reviewers;
use crate::error::{Error, Result};
use crate::store::announcements::{self, AnnouncementRow};
use crate::store::connection::Conn;
use crate::store::notifications::{self, NotificationRow};
use crate::store::rechecks::TouchedRow;
use crate::store::recipients::{self, Source};
use crate::store::reviewers::{self, Part};
use crate::store::{Db, delegations, rechecks, reviews, revisions};

/// Announcements that are looked at in one query.
const ANNOUNCEMENTS: i64 = 100;
/// Persons who are told in one transaction.
const PERSONS: i64 = 200;
/// Posts that are announced in one transaction.
const POSTS: i64 = 200;

/// Tells everybody of what was announced and not told yet, and answers how many announcements that were. It
/// blocks: call it off the event loop.
///
/// One that cannot be spread does not keep the others waiting; its error is answered when they are done.
pub fn spread(db: &Db, clock: &Clock) -> Result<usize> {
    let (mut spread, mut failure, mut after): (usize, Option<Error>, Option<AnnouncementId>) =
        (0, None, None);
    loop {
        let waiting = db.read_now(|conn| announcements::waiting(conn, after, ANNOUNCEMENTS))?;
        let Some(last) = waiting.last() else { return failure.map_or(Ok(spread), Err) };
        after = Some(last.id);
        for announcement in &waiting {
            match spread_one(db, clock, announcement) {
                Ok(()) => spread += 1,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
    }
}

fn spread_one(db: &Db, clock: &Clock, announcement: &AnnouncementRow) -> Result<()> {
    for recipient in announcement.recipients()?.to {
        if let Recipient::AuthorsTouched(recheck) = recipient
            && !announce_touched(db, announcement, recheck)?
        {
            return Ok(());
        }
    }
    let circles = db.read_now(|conn| circles_of(conn, announcement, clock.now()))?;
    for circle in circles {
        let mut after = None;
        loop {
            let page = db
                .read_now(|conn| recipients::page(conn, &circle.source, circle.may_decide, after, PERSONS))?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            let told: Vec<PersonId> =
                page.into_iter().filter(|person| !circle.except.contains(person)).collect();
            if !db.write_unlocked_now(|conn| tell(conn, announcement, &told))? {
                return Ok(());
            }
        }
    }
    let now = clock.now();
    db.write_unlocked_now(|conn| announcements::mark_spread(conn, announcement.id, now))
}

/// Announces each post that a recheck touches to its authors and whom its review waits for, unless another node has
/// come to the end of this announcement meanwhile. These are spread like any other.
fn announce_touched(db: &Db, announcement: &AnnouncementRow, recheck: RecheckId) -> Result<bool> {
    let mut after = None;
    loop {
        let page = db.read_now(|conn| rechecks::posts(conn, recheck, after, POSTS))?;
        let Some(last) = page.last() else { return Ok(true) };
        after = Some(last.post_id);
        let parts = db.read_now(|conn| parts_of(conn, &page))?;
        let announced = db.write_unlocked_now(|conn| {
            if !announcements::is_waiting(conn, announcement.id)? {
                return Ok(false);
            }
            announcements::announce_parts(conn, announcement, &parts)?;
            Ok(true)
        });
        if !announced? {
            return Ok(false);
        }
    }
}

/// Each of these posts for its authors and whom its review waits for, if it has one.
fn parts_of(conn: &mut Conn, touched: &[TouchedRow]) -> Result<Vec<announcements::Part>> {
    let posts: Vec<ItemId> = touched.iter().map(|row| row.post_id).collect();
    let found = reviews::working_of(conn, &posts)?;
    let runs = review_runs::load(conn, found)?;
    let part = |row: &TouchedRow| {
        let run = runs.iter().find(|run| run.row.item_id == row.post_id);
        let to =
            std::iter::once(Recipient::Authors).chain(run.into_iter().flat_map(reviewers_asked)).collect();
        let recipients = Recipients { to, except: Vec::new() };
        announcements::Part { post: row.post_id, revision: row.revision, recipients }
    };
    Ok(touched.iter().map(part).collect())
}

/// Tells these persons, unless another node has come to the end of this announcement meanwhile.
fn tell(conn: &mut Conn, announcement: &AnnouncementRow, persons: &[PersonId]) -> Result<bool> {
    if !announcements::is_waiting(conn, announcement.id)? {
        return Ok(false);
    }
    notifications::insert_all(conn, announcement, persons)?;
    Ok(true)
}

/// Persons from one source.
struct Circle {
    source: Source,
    /// Whether only those count who hold a role that decides.
    may_decide: bool,
    except: Vec<PersonId>,
}

/// Whom an announcement is for, as sources of persons.
fn circles_of(conn: &mut Conn, announcement: &AnnouncementRow, now: Time) -> Result<Vec<Circle>> {
    let recipients = announcement.recipients()?;
    let subject = announcement.item_id.zip(announcement.kind).zip(announcement.revision);
    let subject = subject.map(|((item, kind), revision)| Subject { item, kind, revision });
    let authors = match subject {
        Some(subject) => revisions::authors(conn, subject.item, subject.revision)?,
        None => Vec::new(),
    };
    let mut circles = Vec::new();
    for recipient in recipients.to {
        let mut except = recipients.except.clone();
        let (sources, may_decide) = match recipient {
            Recipient::Person(id) => (vec![Source::Persons(vec![id])], false),
            Recipient::Authors => (vec![Source::Persons(authors.clone())], false),
            // They are told of their posts, each by an announcement of its own.
            Recipient::AuthorsTouched(_) => (Vec::new(), false),
            Recipient::Role(role) => (vec![Source::Role(role)], false),
            Recipient::Reviewers(reviewers) => {
                except.extend(&authors);
                (sources_of(conn, &reviewers, announcement.kind, &except, now)?, true)
            }
        };
        let circle = |source| Circle { source, may_decide, except: except.clone() };
        circles.extend(sources.into_iter().map(circle));
    }
    Ok(circles)
}

/// Where the reviewers of a pool are found, and whoever is a deputy of one of them. A deputy stands for whom they
/// decide for: of those who are excepted, or hold no role that decides, no deputy is told.
fn sources_of(
    conn: &mut Conn,
    reviewers: &Reviewers,
    kind: Option<Kind>,
    except: &[PersonId],
    now: Time,
) -> Result<Vec<Source>> {
    let parts = reviewers::parts(conn, std::slice::from_ref(reviewers))?;
    let mut deputies = Vec::new();
    for delegation in delegations::in_force(conn, None, now)? {
        let giver = delegation.from;
        let is_for_it = kind.is_none_or(|kind| delegation.is_for(kind)) && !except.contains(&giver);
        if is_for_it && reviewers::is_in(conn, &parts, giver)? && reviewers::has_deciding_role(conn, giver)? {
            deputies.push(delegation.to);
        }
    }
    let source = |part: Part| match part {
        Part::Role(role) => Source::Role(role),
        Part::Group(group) => Source::Group(group),
        Part::Person(person) => Source::Persons(vec![person]),
    };
    let deputies = (!deputies.is_empty()).then_some(Source::Persons(deputies));
    Ok(parts.into_iter().map(source).chain(deputies).collect())
}

/// What the person who asks was told, newest first, after `after`; with `unread` only what they have not
/// read.
pub fn notification_list(
    conn: &mut Conn,
    actor: &Actor,
    unread: bool,
    after: Option<NotificationId>,
    limit: i64,
) -> Result<Vec<NotificationRow>> {
    notifications::list(conn, actor.person()?, unread, after, limit)
}

/// Says that the person who asks has read it, and answers it. What was read before stays as it is; what
/// somebody else was told is 404.
pub fn notification_read(
    conn: &mut Conn,
    actor: &Actor,
    id: NotificationId,
    now: Time,
) -> Result<NotificationRow> {
    let person = actor.person()?;
    notifications::mark_read(conn, person, id, now)?;
    notifications::find(conn, person, id)?.ok_or_else(|| Error::not_found("notification"))
}
