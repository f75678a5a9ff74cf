//! The register of campaigns: what posts belong to, for whom and when they can be shared, and how often.
//!
//! A pilot is a campaign for a small group. What keeps others from its posts is
//! [`super::campaign_conditions`], what counts their shares [`super::campaign_limits`].
//!
//! Whoever reads content sees all campaigns, and so does a client that may act for anybody. Other employees see
//! those that have begun and that are for them: the name of a pilot, or of what is not announced yet, can be all
//! that was to be kept. What is ended before it began is never announced.
//!
//! A post cannot name a campaign that has ended, also when an approved revision of it does: unlike those of a topic
//! that has ended, its posts are not shared any more, so that there is nothing to approve them for.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Value, json};

use super::actor::Actor;
use super::authentication;
use super::campaign_conditions::window_fault;
use super::items::BATCH;
use super::journal::{By, Facts, enter};
use crate::domain::campaign::{Campaign, CampaignContent, Phase};
use crate::domain::ids::{GroupId, ItemId, Key, is_slug};
use crate::domain::roles::Scope;
use crate::domain::text::{self, Lines};
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::keys::Keys;
use crate::record::Event;
use crate::store::campaigns::{self as rows, CampaignRow};
use crate::store::connection::Conn;
use crate::store::write::WriteTx;
use crate::store::{groups, revisions};

/// A campaign as it is read.
#[derive(Debug, Clone)]
pub struct CampaignView {
    /// What is stored.
    pub row: CampaignRow,
    /// What it says.
    pub content: CampaignContent,
}

impl TryFrom<CampaignRow> for CampaignView {
    type Error = Error;

    fn try_from(row: CampaignRow) -> Result<Self> {
        Ok(Self { content: row.content()?, row })
    }
}

/// Who looks campaigns up.
#[derive(Debug, Clone)]
struct CampaignReader {
    sees_all: bool,
    groups: Vec<GroupId>,
}

impl CampaignReader {
    /// The one who asks. Their groups are read from rows, so that nobody who joined one by another node is told
    /// that there is no campaign.
    fn read(conn: &mut Conn, actor: &Actor) -> Result<Self> {
        let sees_all = actor.scopes.contains(Scope::ContentRead)
            || (actor.person.is_none() && actor.scopes.contains(Scope::OnBehalf));
        let groups = match actor.person {
            Some(person) if !sees_all => groups::of_person(conn, person)?,
            _ => Vec::new(),
        };
        Ok(Self { sees_all, groups })
    }

    fn sees(&self, campaign: &Campaign, now: Time) -> bool {
        self.sees_all || (campaign.is_for(&self.groups) && campaign.phase(now) != Phase::Before)
    }
}

/// Registers a campaign; 409 `already_exists` when one has this key, or had it before.
pub fn campaign_create(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    key: &Key,
    content: &CampaignContent,
) -> Result<Key> {
    authentication::authorise(tx, actor, Scope::Publish)?;
    let mut faults = content_faults(tx.conn(), content)?;
    let now = tx.now();
    if content.window.until.is_some_and(|until| until <= now) {
        faults.push(Fault::body("/window/until", "past", "A campaign ends in the future."));
    }
    refuse(faults)?;
    let idx = tx.next_index();
    rows::insert(tx, key, content, idx)?;
    enter(tx, keys, By::Actor(actor), Event::CampaignCreated, facts(key, 1, content))?;
    Ok(key.clone())
}

/// Replaces what a campaign that is still at `version` says; 412 when it is not. What it said stays on record, and
/// the same again changes nothing.
pub fn campaign_update(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    key: &Key,
    version: i64,
    content: &CampaignContent,
) -> Result<()> {
    authentication::authorise(tx, actor, Scope::Publish)?;
    let present = find_at(tx.conn(), key, version)?;
    if present.content == *content {
        return Ok(());
    }
    refuse(content_faults(tx.conn(), content)?)?;
    rows::follow(tx, &present.row, content, false)?;
    enter(tx, keys, By::Actor(actor), Event::CampaignChanged, facts(key, version + 1, content))?;
    Ok(())
}

/// Ends a campaign that is still at `version`; 412 when it is not. Its posts are shared no more, from the moment of
/// this on, and its key is not used again.
pub fn campaign_end(tx: &mut WriteTx<'_>, keys: &Keys, actor: &Actor, key: &Key, version: i64) -> Result<()> {
    authentication::authorise(tx, actor, Scope::Publish)?;
    let present = find_at(tx.conn(), key, version)?;
    rows::follow(tx, &present.row, &present.content, true)?;
    let facts = Facts::new().with("key", key.as_str()).with("version", version + 1);
    enter(tx, keys, By::Actor(actor), Event::CampaignEnded, facts)?;
    Ok(())
}

/// The campaign that has this key, ended or not, if the reader may know of it.
pub fn campaign_get(conn: &mut Conn, actor: &Actor, key: &Key, now: Time) -> Result<CampaignView> {
    let row = rows::find(conn, key)?.ok_or_else(not_found)?;
    let reader = CampaignReader::read(conn, actor)?;
    if reader.sees(&row.campaign()?, now) { row.try_into() } else { Err(not_found()) }
}

/// The campaign that a request made or changed, as it is now.
pub fn campaign_made(conn: &mut Conn, key: &Key) -> Result<CampaignView> {
    rows::find(conn, key)?.ok_or_else(not_found)?.try_into()
}

/// Campaigns that have not ended, newest first, below an index of the record: those of which the reader may know.
pub fn campaign_list(
    conn: &mut Conn,
    actor: &Actor,
    below: Option<i64>,
    limit: usize,
    now: Time,
) -> Result<Vec<CampaignView>> {
    let reader = CampaignReader::read(conn, actor)?;
    let (mut found, mut below) = (Vec::new(), below);
    let batch = limit.max(BATCH);
    loop {
        let batch_rows = rows::list(conn, below, i64::try_from(batch).unwrap_or(i64::MAX))?;
        let is_last = batch_rows.len() < batch;
        below = batch_rows.last().and_then(|row| row.created_idx);
        for row in batch_rows {
            if reader.sees(&row.campaign()?, now) {
                found.push(row.try_into()?);
            }
            if found.len() == limit {
                return Ok(found);
            }
        }
        if is_last {
            return Ok(found);
        }
    }
}

/// Where the campaigns of these revisions are in their lives; of those that name one.
pub(super) fn phases_of(
    conn: &mut Conn,
    revisions: &HashMap<ItemId, i64>,
    now: Time,
) -> Result<HashMap<ItemId, Phase>> {
    // Only posts name campaigns: lists of other kinds ask nothing.
    if revisions.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<ItemId> = revisions.keys().copied().collect();
    let mut named = revisions::campaigns_of(conn, &ids)?;
    named.retain(|(item, revision, _)| revisions.get(item) == Some(revision));
    let keys: BTreeSet<&String> = named.iter().map(|(.., key)| key).collect();
    let rows = rows::find_all(conn, &keys.into_iter().cloned().collect::<Vec<_>>())?;
    let phases = rows.iter().map(|row| Ok((row.key.to_string(), row.campaign()?.phase(now))));
    let phases: HashMap<String, Phase> = phases.collect::<Result<_>>()?;
    Ok(named.iter().filter_map(|(item, _, key)| Some((*item, *phases.get(key)?))).collect())
}

/// Why a post cannot name its campaign: nobody registered it, or it has ended.
pub(super) fn unknown_campaign(conn: &mut Conn, campaign: Option<&str>) -> Result<Option<Fault>> {
    // Of what is no key at all something else is said.
    let Some(campaign) = campaign.filter(|campaign| is_slug(campaign, 64)) else { return Ok(None) };
    let detail = match rows::find_all(conn, &[campaign.to_owned()])?.first() {
        Some(row) if !row.ended => return Ok(None),
        Some(_) => format!("The campaign {campaign} has ended: name another one, or none."),
        None => format!(
            "There is no campaign {campaign}. Name one that GET /v1/campaigns lists, or have a publisher register it."
        ),
    };
    Ok(Some(Fault::body("/content/campaign", "unknown_key", detail)))
}

/// Refuses to approve a post that nobody could share: since it was submitted its campaign has ended, or the
/// campaign's window was moved or has closed (R10).
pub(super) fn check_approvable(conn: &mut Conn, item: ItemId, revision: i64, now: Time) -> Result<()> {
    let Some(named) = revisions::campaign_of(conn, item, revision)? else { return Ok(()) };
    let row = rows::find_all(conn, std::slice::from_ref(&named.campaign))?.pop();
    let fault = match row.filter(|row| !row.ended) {
        Some(row) => window_fault(&row.campaign()?, named.window, now),
        None => unknown_campaign(conn, Some(&named.campaign))?,
    };
    refuse(fault.into_iter().collect())
}

/// Enters the campaigns that an upgrade found in content.
pub(super) fn enter_found(tx: &mut WriteTx<'_>, keys: &Keys) -> Result<()> {
    for row in rows::without_entry(tx.conn())? {
        let facts = facts(&row.key, row.version, &row.content()?);
        let receipt = enter(tx, keys, By::System, Event::CampaignCreated, facts)?;
        rows::set_entry(tx, &row.key, receipt.index)?;
    }
    Ok(())
}

fn not_found() -> Error {
    Error::not_found("campaign")
}

fn find_at(conn: &mut Conn, key: &Key, version: i64) -> Result<CampaignView> {
    let present = campaign_made(conn, key)?;
    if present.row.ended {
        let detail = "The campaign has ended: it changes no more, and its key is not used again.";
        return Err(Error::new(Code::Conflict, detail));
    }
    if present.row.version == version {
        return Ok(present);
    }
    let detail = "The campaign has changed since it was read: read it again.";
    Err(Error::new(Code::PreconditionFailed, detail))
}

/// What is wrong with what a campaign is to say.
fn content_faults(conn: &mut Conn, content: &CampaignContent) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    faults.extend(text::character_fault("/name", &content.name, Lines::One));
    let goal = content.goal.as_deref();
    faults.extend(goal.and_then(|goal| text::character_fault("/goal", goal, Lines::Many)));
    if content.window.from.zip(content.window.until).is_some_and(|(from, until)| until <= from) {
        faults.push(Fault::body("/window/until", "before_from", "A campaign ends after it begins."));
    }
    let known: HashSet<GroupId> =
        groups::find_all(conn, &content.groups)?.iter().map(|group| group.id).collect();
    for (at, group) in content.groups.iter().enumerate() {
        let place = format!("/groups/{at}");
        if !known.contains(group) {
            faults.push(Fault::body(place, "unknown_group", format!("There is no group {group}.")));
        } else if content.groups.iter().take(at).any(|earlier| earlier == group) {
            faults.push(Fault::body(place, "duplicate", "It is named before: name each group once."));
        }
    }
    Ok(faults)
}

fn refuse(faults: Vec<Fault>) -> Result<()> {
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid_content(faults)) }
}

fn facts(key: &Key, version: i64, content: &CampaignContent) -> Facts {
    let CampaignContent { name, goal, window, groups, limits } = content;
    let limits: serde_json::Map<String, Value> =
        [("shares_per_day", limits.shares_per_day), ("shares_per_person", limits.shares_per_person)]
            .into_iter()
            .filter_map(|(name, limit)| Some((name.to_owned(), json!(limit?))))
            .collect();
    Facts::new()
        .with("key", key.as_str())
        .with("version", version)
        .with("name", name.as_str())
        .with_some("goal", goal.as_deref())
        .with_some("from", window.from.map(|from| from.to_string()))
        .with_some("until", window.until.map(|until| until.to_string()))
        .with("groups", json!(groups))
        .with("limits", limits)
}
