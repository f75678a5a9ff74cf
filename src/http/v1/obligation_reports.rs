//! How many people have something to accept or finish, by group.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::answers::page;
use crate::app::actor::Permission;
use crate::app::obligation_reports::{Count, Report, check_group, obligation_reports};
use crate::app::obligations::Ask;
use crate::domain::ids::{GroupId, ItemId, TrainingId};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::Result;
use crate::http::Frame;
use crate::http::extract::{Caller, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::{Limit, Position};
use crate::http::table::Route;
use crate::state::App;

const LIST: &str = "obligation_report_list";

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let read = Permission::Holds(Scope::ContentRead);
    vec![Route::get("/v1/obligation-reports", read, describe(), list)]
}

fn describe() -> Operation {
    Operation::new(
        LIST,
        "guidelines",
        "Report what is open",
        "Each guideline to accept and training to finish, in force or to come, by when it is due: of how many \
         active people who may share it is asked and how many have it open, in all and by group. Of an obligation \
         to come, those have it open who would at `due_at`. It reports on groups and not on people: a group in \
         which fewer than five are asked is left out, as is `everybody` then, and `open` is left out where it, or \
         the number of those who have it not, is between one and four.",
    )
    .query::<ReportFilter>()
    .paged()
    .answer::<ReportPage>(
        200,
        "A page of obligations.",
        json!({
            "items": [{
                "guideline_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81",
                "title": "Sociale media: zo doen we dat",
                "revision": 2,
                "due_at": "2026-12-01T08:00:00Z",
                "everybody": { "asked": 1240, "open": 312 },
                "groups": [{
                    "group_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1",
                    "asked": 84,
                    "open": 21,
                }],
            }],
        }),
    )
    .event(NO_EVENT)
}

/// What reports are narrowed to.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
struct ReportFilter {
    /// Only this group, beside everybody; one that does not exist is 400.
    group: Option<GroupId>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// One page of reports, by when they are due.
#[derive(Serialize, ToSchema)]
struct ReportPage {
    /// The reports.
    #[schema(max_items = 200)]
    items: Vec<ObligationReport>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// How one obligation stands.
#[derive(Serialize, ToSchema)]
struct ObligationReport {
    /// The guideline to accept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    guideline_id: Option<ItemId>,
    /// The training to finish.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    training_id: Option<TrainingId>,
    /// What it is called.
    #[schema(max_length = 800)]
    title: String,
    /// The revision of the guideline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    revision: Option<i64>,
    /// From when on it keeps people from sharing.
    due_at: Time,
    /// Of everybody; absent where fewer than five are asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    everybody: Option<PeopleCount>,
    /// By group, those in which at least five are asked.
    #[schema(max_items = 100_000)]
    groups: Vec<GroupCount>,
}

/// How many people.
#[derive(Serialize, ToSchema)]
struct PeopleCount {
    /// Of how many it is asked.
    #[schema(minimum = 5)]
    asked: usize,
    /// How many have it open; absent where it, or how many have it not, is between one and four.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    open: Option<usize>,
}

/// How many people of a group.
#[derive(Serialize, ToSchema)]
struct GroupCount {
    /// The group.
    group_id: GroupId,
    /// Of how many it is asked.
    #[schema(minimum = 5)]
    asked: usize,
    /// How many have it open; absent where it, or how many have it not, is between one and four.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    open: Option<usize>,
}

impl From<Report<'_>> for ObligationReport {
    fn from(report: Report<'_>) -> Self {
        let Report { ask, due_at, everybody, groups } = report;
        let (guideline_id, training_id, title, revision) = match ask {
            Ask::Guideline(item, revision, guideline) => {
                (Some(item.id), None, &guideline.title, Some(revision.revision))
            }
            Ask::Training(id, training) => (None, Some(id), &training.title, None),
        };
        let people = |count: Count| PeopleCount { asked: count.asked, open: count.told() };
        let group = |(group_id, count): (GroupId, Count)| GroupCount {
            group_id,
            asked: count.asked,
            open: count.told(),
        };
        Self {
            guideline_id,
            training_id,
            title: title.clone(),
            revision,
            due_at,
            everybody: everybody.map(people),
            groups: groups.into_iter().map(group).collect(),
        }
    }
}

async fn list(
    request: HttpRequest,
    app: web::Data<App>,
    frame: web::Data<Frame>,
    Caller(actor): Caller,
    Query(filter): Query<ReportFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &filter)?;
    let after = filter.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?;
    let after = after.map(|position| (Time::from_micros(position.sort), position.id));
    if let Some(group) = filter.group {
        app.read(move |conn, _| check_group(conn, group)).await?;
    }
    let content = app.snapshots.confirmed_content().await?;
    let (access, now) = (app.snapshots.access(), app.snapshots.now());
    let (group, limit) = (filter.group, usize::from(filter.limit.get()));
    let report = move || {
        let (reports, next) = obligation_reports(&content, &access, group, after, limit, now);
        Ok((reports.into_iter().map(ObligationReport::from).collect(), next))
    };
    let (items, next) = app.think(report).await?;
    let position = |(due_at, id): (Time, _)| Position { sort: due_at.micros(), id, record_index: None };
    let next_cursor = next.map(|next| walk.seal(&position(next))).transpose()?;
    let found = ReportPage { items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &found))
}
