//! Campaigns, version by version: what held when is kept.

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::campaigns;
use super::write::WriteTx;
use crate::domain::campaign::{Campaign, CampaignContent, Limits, Window};
use crate::domain::ids::Key;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};

/// One version of a campaign. The last one of a campaign that was ended says so.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = campaigns)]
pub struct CampaignRow {
    /// What posts refer to it by; it is used once.
    pub key: Key,
    /// The version's number, from 1; the `ETag`.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// What it is to bring about.
    pub goal: Option<String>,
    /// From when its posts can be shared.
    pub starts_at: Option<Time>,
    /// Until when.
    pub ends_at: Option<Time>,
    /// For whom, as JSON; everybody when the list is empty.
    pub group_ids: String,
    /// The most shares within a day.
    pub shares_per_day: Option<i64>,
    /// The most shares of one person within a day.
    pub shares_per_person: Option<i64>,
    /// Whether it was ended.
    pub ended: bool,
    /// When the campaign was registered.
    pub created_at: Time,
    /// Since when this version holds.
    pub from_at: Time,
    /// Until when it held.
    pub until_at: Option<Time>,
    /// The index of the entry that registered the campaign; none between an upgrade and the start after it.
    pub created_idx: Option<i64>,
}

impl CampaignRow {
    /// What it says.
    pub fn content(&self) -> Result<CampaignContent> {
        let number = |number: Option<i64>| number.map(u32::try_from).transpose().map_err(Error::internal);
        Ok(CampaignContent {
            name: self.name.clone(),
            goal: self.goal.clone(),
            window: Window { from: self.starts_at, until: self.ends_at },
            groups: serde_json::from_str(&self.group_ids).map_err(Error::internal)?,
            limits: Limits {
                shares_per_day: number(self.shares_per_day)?,
                shares_per_person: number(self.shares_per_person)?,
            },
        })
    }

    /// The campaign as its posts meet it.
    pub fn campaign(&self) -> Result<Campaign> {
        Ok(Campaign { key: self.key.clone(), content: self.content()?, ended_at: self.ended_at() })
    }

    /// When it was ended, if it was.
    pub fn ended_at(&self) -> Option<Time> {
        self.ended.then_some(self.from_at)
    }
}

/// Writes the first version of a campaign whose entry is at `idx`; a key that was used before is refused as
/// `already_exists`.
pub fn insert(tx: &mut WriteTx<'_>, key: &Key, content: &CampaignContent, idx: i64) -> Result<()> {
    if find(tx.conn(), key)?.is_some() {
        let detail =
            format!("There is a campaign with the key {key}, or there was one: keys are never used again.");
        return Err(Error::new(Code::AlreadyExists, detail));
    }
    let created_at = tx.now();
    write(tx, key, (1, content, false), created_at, Some(idx))
}

/// Ends the version that holds, and writes the next.
pub fn follow(
    tx: &mut WriteTx<'_>,
    present: &CampaignRow,
    content: &CampaignContent,
    ended: bool,
) -> Result<()> {
    let now = tx.now().micros();
    let holds = campaigns::table
        .filter(campaigns::key.eq(present.key.as_str()))
        .filter(campaigns::until_at.is_null());
    diesel::update(holds).set(campaigns::until_at.eq(now)).execute(tx.conn())?;
    let (created_at, idx) = (present.created_at, present.created_idx);
    write(tx, &present.key, (present.version + 1, content, ended), created_at, idx)
}

fn write(
    tx: &mut WriteTx<'_>,
    key: &Key,
    (version, content, ended): (i64, &CampaignContent, bool),
    created_at: Time,
    created_idx: Option<i64>,
) -> Result<()> {
    let CampaignContent { name, goal, window, groups, limits } = content;
    let content_version = tx.move_content();
    let row = (
        campaigns::key.eq(key.as_str()),
        campaigns::version.eq(version),
        campaigns::name.eq(name),
        campaigns::goal.eq(goal.as_deref()),
        campaigns::starts_at.eq(window.from.map(Time::micros)),
        campaigns::ends_at.eq(window.until.map(Time::micros)),
        campaigns::group_ids.eq(serde_json::to_string(groups).map_err(Error::internal)?),
        campaigns::shares_per_day.eq(limits.shares_per_day.map(i64::from)),
        campaigns::shares_per_person.eq(limits.shares_per_person.map(i64::from)),
        campaigns::ended.eq(ended),
        campaigns::created_at.eq(created_at.micros()),
        campaigns::from_at.eq(tx.now().micros()),
        campaigns::content_version.eq(content_version),
        campaigns::created_idx.eq(created_idx),
    );
    diesel::insert_into(campaigns::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// One campaign as it is now, ended or not.
pub fn find(conn: &mut Conn, key: &Key) -> Result<Option<CampaignRow>> {
    Ok(campaigns::table
        .filter(campaigns::key.eq(key.as_str()))
        .filter(campaigns::until_at.is_null())
        .select(CampaignRow::as_select())
        .first(conn)
        .optional()?)
}

/// These campaigns as they are now, ended or not.
pub fn find_all(conn: &mut Conn, keys: &[String]) -> Result<Vec<CampaignRow>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(campaigns::table
        .filter(campaigns::key.eq_any(keys))
        .filter(campaigns::until_at.is_null())
        .select(CampaignRow::as_select())
        .load(conn)?)
}

/// The campaigns that changed after this `content_version`, as they are now.
pub fn changed_since(conn: &mut Conn, version: i64) -> Result<Vec<CampaignRow>> {
    Ok(campaigns::table
        .filter(campaigns::content_version.gt(version))
        .filter(campaigns::until_at.is_null())
        .select(CampaignRow::as_select())
        .load(conn)?)
}

/// The campaigns that have not ended, newest first, whose entries are below `below`.
pub fn list(conn: &mut Conn, below: Option<i64>, limit: i64) -> Result<Vec<CampaignRow>> {
    let mut query = campaigns::table
        .filter(campaigns::until_at.is_null())
        .filter(campaigns::ended.eq(false))
        .filter(campaigns::created_idx.is_not_null())
        .select(CampaignRow::as_select())
        .order(campaigns::created_idx.desc())
        .limit(limit)
        .into_boxed();
    if let Some(below) = below {
        query = query.filter(campaigns::created_idx.lt(below));
    }
    Ok(query.load(conn)?)
}

/// What a campaign said, version by version.
pub fn versions(conn: &mut Conn, key: &Key) -> Result<Vec<CampaignRow>> {
    Ok(campaigns::table
        .filter(campaigns::key.eq(key.as_str()))
        .order(campaigns::version.asc())
        .select(CampaignRow::as_select())
        .load(conn)?)
}

/// The campaigns that an upgrade found in content, and that no entry tells of yet.
pub fn without_entry(conn: &mut Conn) -> Result<Vec<CampaignRow>> {
    let query = campaigns::table.filter(campaigns::created_idx.is_null());
    Ok(query.order(campaigns::key.asc()).select(CampaignRow::as_select()).load(conn)?)
}

/// Says which entry tells of a campaign.
pub fn set_entry(tx: &mut WriteTx<'_>, key: &Key, idx: i64) -> Result<()> {
    let holds =
        campaigns::table.filter(campaigns::key.eq(key.as_str())).filter(campaigns::until_at.is_null());
    diesel::update(holds).set(campaigns::created_idx.eq(idx)).execute(tx.conn())?;
    Ok(())
}
