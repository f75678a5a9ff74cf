//! Reading shares: rows together with the sealed values that belong to them, opened.

mod images;
mod stops;

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use self::images::images_of;
pub use self::images::{ImageView, ShownImage};
use self::stops::Stops;
use super::context::Context;
use super::items::BATCH;
use super::journal::subject_keys_of;
use super::shares::{NewShare, StoredPart, Warning};
use crate::domain::compose::Role;
use crate::domain::delivery::{Values, intent_url};
use crate::domain::ids::{ItemId, PersonId, ShareId};
use crate::domain::kit::must_attach;
use crate::domain::revision::Source;
use crate::domain::share::{Overtaken, ShareState, ShownState, overtaken, shown_state};
use crate::domain::span::{Offset, Span};
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::record::crypto::hex;
use crate::record::disclosure;
use crate::store::connection::Conn;
use crate::store::shares::{OutcomeRow, ShareRow};
use crate::store::urgent_publications::{self, UrgentRow};
use crate::store::{record, shares};

/// A share as it is read.
#[derive(Debug, Clone)]
pub struct ShareView {
    /// What is stored.
    pub row: ShareRow,
    /// Its state as it is shown.
    pub state: ShownState,
    /// What ended it without an answer, also where it was answered since.
    pub overtaken: Option<Overtaken>,
    /// The text handed over; absent once the person is erased.
    pub text: Option<String>,
    /// The parts of the text.
    pub parts: Vec<PartView>,
    /// The disclaimers in the text, as JSON.
    pub disclaimers: Value,
    /// The address that opens the channel's composer, while the share is issued.
    pub intent_url: Option<String>,
    /// What the intent carries as the text, where the platform puts the link beside it.
    pub intent_text: Option<String>,
    /// The person's own words.
    pub comment: Option<String>,
    /// Whether it relies on an urgent publication that no review had approved when it was issued.
    pub urgent: bool,
    /// Where its entry stands, and its leaf in hexadecimal.
    pub receipt: (i64, String),
    /// What was reported of it.
    pub outcomes: Vec<OutcomeView>,
    /// What rules that only warn said to the comment when the share was issued.
    pub warnings: Vec<Warning>,
    /// The images that went with it.
    pub images: Vec<ImageView>,
    /// Whether the employee must add the images: nothing else brings them into the post.
    pub must_attach: bool,
}

/// A part of the text handed over.
#[derive(Debug, Clone)]
pub struct PartView {
    /// What it is.
    pub role: Role,
    /// Its text.
    pub text: String,
    /// Where in the text it stands.
    pub span: Span,
    /// The revision it comes from; none for the person's own words and what separates.
    pub source: Option<Source>,
}

/// An outcome as it is read.
#[derive(Debug, Clone)]
pub struct OutcomeView {
    /// What is stored.
    pub row: OutcomeRow,
    /// Where the post is.
    pub permalink: Option<String>,
    /// What was posted, where the person said so.
    pub posted_text: Option<String>,
    /// Why it failed or was removed.
    pub reason: Option<String>,
}

impl ShareView {
    /// A share that was just issued.
    pub(super) fn fresh(new: NewShare, context: &Context, now: Time) -> Result<Self> {
        let NewShare { text, intent_text, comment, server, warnings, images, urgent, .. } = new;
        let final_text = Some(text);
        let values = Opened { final_text, intent_text, comment, server, warnings, ..Opened::default() };
        let images = images.into_iter().map(ImageView::from).collect();
        let leaf_hash = hex(&new.receipt.leaf_hash);
        let rest = Rest { overtaken: None, leaf_hash, outcomes: Vec::new(), images, urgent };
        Self::new(new.row, values, rest, context, now)
    }

    fn new(row: ShareRow, values: Opened, rest: Rest, context: &Context, now: Time) -> Result<Self> {
        let Rest { overtaken, leaf_hash, outcomes, mut images, urgent } = rest;
        let state = shown_state(row.state, overtaken);
        if state == ShownState::Issued {
            images.iter_mut().for_each(|image| image.give_address(&context.media, now));
        }
        let intent_url = match (&row.intent_template, &values.final_text, state) {
            (Some(template), Some(text), ShownState::Issued) => {
                let first = images.first().and_then(|image| image.shown.as_ref());
                let values = Values {
                    text,
                    link: row.link.as_deref(),
                    headline: row.headline.as_deref(),
                    server: values.server.as_deref(),
                    image: first.and_then(|image| image.address.as_deref()),
                };
                Some(intent_url(template, &values))
            }
            _ => None,
        };
        Ok(Self {
            must_attach: must_attach(images.len(), row.intent_template.as_deref()),
            images,
            urgent,
            state,
            overtaken,
            parts: parts_of(&row, values.final_text.as_deref())?,
            disclaimers: serde_json::from_str(&row.disclaimers).map_err(Error::internal)?,
            intent_url,
            intent_text: values.intent_text,
            text: values.final_text,
            comment: values.comment,
            receipt: (row.idx, leaf_hash),
            outcomes,
            warnings: values.warnings,
            row,
        })
    }
}

/// What a view is made of beside its row and the opened values.
struct Rest {
    overtaken: Option<Overtaken>,
    leaf_hash: String,
    outcomes: Vec<OutcomeView>,
    images: Vec<ImageView>,
    urgent: bool,
}

fn parts_of(row: &ShareRow, text: Option<&str>) -> Result<Vec<PartView>> {
    let Some(mut rest) = text else { return Ok(Vec::new()) };
    let stored: Vec<StoredPart> = serde_json::from_str(&row.parts).map_err(Error::internal)?;
    let shared = Source { item: row.item_id, revision: row.revision, digest: row.digest.clone() };
    let mut start = Offset::default();
    let mut parts = Vec::with_capacity(stored.len());
    for part in stored {
        let (text, after) = rest
            .split_at_checked(part.length)
            .ok_or_else(|| Error::internal("the parts of a share do not tile its text"))?;
        let source = match part.role {
            Role::Comment | Role::Separator => None,
            _ => part.source.or_else(|| Some(shared.clone())),
        };
        let span = Span { start, end: start.after(text) };
        start = span.end;
        parts.push(PartView { role: part.role, text: text.to_owned(), span, source });
        rest = after;
    }
    Ok(parts)
}

/// The personal values of an entry, opened.
#[derive(Debug, Default)]
struct Opened {
    final_text: Option<String>,
    intent_text: Option<String>,
    comment: Option<String>,
    server: Option<String>,
    warnings: Vec<Warning>,
    permalink: Option<String>,
    posted_text: Option<String>,
    reason: Option<String>,
}

impl Opened {
    fn set(&mut self, field: &str, value: Value) -> Result<()> {
        match (field, value) {
            ("final_text", Value::String(text)) => self.final_text = Some(text),
            ("intent_text", Value::String(text)) => self.intent_text = Some(text),
            ("comment", Value::String(text)) => self.comment = Some(text),
            ("server", Value::String(text)) => self.server = Some(text),
            ("permalink", Value::String(text)) => self.permalink = Some(text),
            ("posted_text", Value::String(text)) => self.posted_text = Some(text),
            ("reason", Value::String(text)) => self.reason = Some(text),
            ("warnings", value) => self.warnings = serde_json::from_value(value).map_err(Error::internal)?,
            _ => {}
        }
        Ok(())
    }
}

/// Opens the personal values of these entries that shares and outcomes show.
fn open_values(conn: &mut Conn, context: &Context, indexes: &[i64]) -> Result<HashMap<i64, Opened>> {
    let fields =
        ["final_text", "intent_text", "comment", "server", "warnings", "permalink", "posted_text", "reason"];
    let sealed = record::personal_of(conn, indexes, &fields)?;
    let mut persons: Vec<PersonId> = sealed.iter().map(|value| value.person).collect();
    persons.sort_unstable();
    persons.dedup();
    let keys = subject_keys_of(conn, &context.keys, &persons)?;
    let mut opened: HashMap<i64, Opened> = HashMap::new();
    for value in sealed {
        let Some(key) = keys.get(&value.person) else { continue };
        let event: Uuid = value.event_id.parse().map_err(Error::internal)?;
        let plain = disclosure::open(key, event, &value.field, &value.ciphertext).map_err(Error::internal)?;
        opened.entry(value.idx).or_default().set(&value.field, plain)?;
    }
    Ok(opened)
}

/// One share.
pub fn share_get(conn: &mut Conn, context: &Context, id: ShareId, now: Time) -> Result<ShareView> {
    let row = shares::find(conn, id)?.ok_or_else(|| Error::not_found("share"))?;
    views(conn, context, vec![row], now)?.pop().ok_or_else(|| Error::not_found("share"))
}

/// Which shares a list is about.
#[derive(Debug, Clone, Default)]
pub struct ShareQuery {
    /// What the database filters by.
    pub filter: shares::ShareFilter,
    /// The shown state, which is derived from the stored one.
    pub state: Option<ShownState>,
}

/// One page of shares, newest first, below an index of the record; the index to go on below is answered
/// while there may be more.
pub fn share_list(
    conn: &mut Conn,
    context: &Context,
    query: &ShareQuery,
    below: Option<i64>,
    limit: usize,
    now: Time,
) -> Result<(Vec<ShareView>, Option<i64>)> {
    /// Rows that one page may look at: a read transaction stays short.
    const LOOKED_AT: usize = 2000;
    let (mut found, mut position, mut looked_at) = (Vec::new(), below, 0);
    let batch = if query.state.is_some() { limit.max(BATCH) } else { limit };
    let want = i64::try_from(batch).unwrap_or(i64::MAX);
    let mut filter = query.filter.clone();
    filter.state = query.state.map(stored_state);
    while looked_at < LOOKED_AT {
        let rows = shares::list(conn, &filter, position, want)?;
        let is_last = rows.len() < batch;
        looked_at += rows.len();
        for view in views(conn, context, rows, now)? {
            position = Some(view.row.idx);
            if query.state.is_none_or(|wanted| wanted == view.state) {
                found.push(view);
            }
            if found.len() == limit {
                return Ok((found, position));
            }
        }
        if is_last {
            return Ok((found, None));
        }
    }
    Ok((found, position))
}

/// The stored state behind a shown one.
const fn stored_state(shown: ShownState) -> ShareState {
    match shown {
        ShownState::Issued | ShownState::Lapsed | ShownState::Void => ShareState::Issued,
        ShownState::Confirmed => ShareState::Confirmed,
        ShownState::Failed => ShareState::Failed,
        ShownState::Removed => ShareState::Removed,
    }
}

fn views(conn: &mut Conn, context: &Context, rows: Vec<ShareRow>, now: Time) -> Result<Vec<ShareView>> {
    let ids: Vec<ShareId> = rows.iter().map(|row| row.id).collect();
    let outcomes = shares::outcomes_of(conn, &ids)?;
    let own: Vec<i64> = rows.iter().map(|row| row.idx).collect();
    let indexes: Vec<i64> = own.iter().copied().chain(outcomes.iter().map(|row| row.idx)).collect();
    let mut values = open_values(conn, context, &indexes)?;
    let leaves = record::leaf_hashes(conn, &own)?;
    let stops = Stops::read(conn, &rows)?;
    let images = images_of(conn, &rows)?;
    let published: Vec<ItemId> = rows.iter().map(|row| row.item_id).collect();
    let published = urgent_publications::of_items(conn, &published)?;
    rows.into_iter()
        .zip(images)
        .map(|(row, images)| {
            let overtaken = overtaken(row.lapses_at, stops.first(&row), now);
            let of_this = outcomes.iter().filter(|outcome| outcome.share_id == row.id);
            let outcomes = of_this
                .map(|outcome| {
                    let values = values.remove(&outcome.idx).unwrap_or_default();
                    OutcomeView {
                        row: outcome.clone(),
                        permalink: values.permalink,
                        posted_text: values.posted_text,
                        reason: values.reason,
                    }
                })
                .collect();
            let leaf_hash = leaves.get(&row.idx).map(|leaf| hex(leaf)).unwrap_or_default();
            let values = values.remove(&row.idx).unwrap_or_default();
            let relies_on = |urgent: &UrgentRow| {
                (urgent.item_id, urgent.revision) == (row.item_id, row.revision)
                    && !urgent.was_confirmed_before(row.idx)
            };
            let urgent = published.iter().any(relies_on);
            let rest = Rest { overtaken, leaf_hash, outcomes, images, urgent };
            ShareView::new(row, values, rest, context, now)
        })
        .collect()
}
