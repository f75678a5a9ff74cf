//! What rules find: as answers tell it, and the posts that break a rule.

use std::borrow::Cow;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::answers::{after, cursor_after, page};
use super::places::TextOffset;
use crate::app::actor::Permission;
use crate::app::rule_findings::{BreakingPost, rule_findings, rule_revision};
use crate::app::shares::Warning;
use crate::domain::content::rule::Severity;
use crate::domain::findings::Finding;
use crate::domain::ids::{Digest, ItemId};
use crate::domain::lifecycle::Availability;
use crate::domain::policy::Violation;
use crate::domain::revision::Source;
use crate::domain::roles::Scope;
use crate::error::{Code, Result};
use crate::http::Frame;
use crate::http::extract::{Caller, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Limit;
use crate::http::schema::set;
use crate::http::table::Route;
use crate::state::App;

/// The operation's name, as cursors know it.
const LIST: &str = "rule_finding_list";

const EXAMPLE_RULE: &str = "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f71";

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let list = Operation::new(
        LIST,
        "rules",
        "List the posts that break a rule",
        "The posts that a revision of the rule finds something in, newest first: those that are live, that \
         would be live without the rules in force, or whose time has not come. Without `revision` it is the \
         one in force, else the working one, so that a reviewer sees the effect before approving. Nothing is \
         stored: posts are looked at as they are now. A page may be short, or empty, and still have a next \
         one.",
    )
    .query::<FindingFilter>()
    .paged()
    .answer::<FindingPage>(200, "A page of posts.", example_page())
    .errors(&[Code::Blocked])
    .event(NO_EVENT);
    let read = Permission::Holds(Scope::ContentRead);
    vec![Route::get("/v1/rules/{id}/findings", read, list, rule_finding_list)]
}

/// Something that a rule found in a text, or missed.
#[derive(Serialize, ToSchema)]
pub(super) struct RuleFinding {
    /// The text, as a JSON pointer into what was sent.
    #[schema(max_length = 200)]
    pointer: String,
    /// What was found; `blocked_hashtag` where the rule is a hashtag that is blocked.
    #[schema(max_length = 64)]
    code: Cow<'static, str>,
    /// The rule.
    rule: FindingRule,
    /// What the rule does with it.
    severity: Severity,
    /// What the rule says to the writer.
    #[schema(max_length = 4000)]
    reason: String,
    /// Where it begins in the text; absent where something is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    start: Option<TextOffset>,
    /// Where it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    end: Option<TextOffset>,
}

/// The revision of a rule that found something.
#[derive(Serialize, ToSchema)]
struct FindingRule {
    /// The rule, or the hashtag that is blocked.
    id: ItemId,
    /// Its revision.
    #[schema(minimum = 1)]
    revision: i64,
}

impl From<Finding> for RuleFinding {
    fn from(finding: Finding) -> Self {
        let Finding { pointer, violation } = finding;
        let Violation { rule, code, severity, reason, span } = violation;
        Self {
            pointer: format!("#{pointer}"),
            code: Cow::Borrowed(code),
            rule: FindingRule { id: rule.item, revision: rule.revision },
            severity,
            reason,
            start: span.map(|span| span.start.into()),
            end: span.map(|span| span.end.into()),
        }
    }
}

impl From<Warning> for RuleFinding {
    fn from(warning: Warning) -> Self {
        let Warning { rule, revision, code, reason, span } = warning;
        Self {
            pointer: "#/comment".to_owned(),
            code: Cow::Owned(code),
            rule: FindingRule { id: rule, revision },
            severity: Severity::Warn,
            reason,
            start: span.map(|span| span.start.into()),
            end: span.map(|span| span.end.into()),
        }
    }
}

/// Findings as answers tell them.
pub(super) fn told(findings: Vec<Finding>) -> Vec<RuleFinding> {
    findings.into_iter().map(RuleFinding::from).collect()
}

/// What a rule may have found.
pub(super) fn example_finding(pointer: &str, severity: &str) -> Value {
    json!({
        "pointer": pointer,
        "code": "phrase",
        "rule": { "id": EXAMPLE_RULE, "revision": 2 },
        "severity": severity,
        "reason": "Beloof geen rendement: schrijf wat het product doet en verwijs naar de risico's.",
        "start": { "code_points": 11, "utf16": 11, "utf8": 12 },
        "end": { "code_points": 33, "utf16": 33, "utf8": 34 },
    })
}

/// Which revision of the rule.
#[derive(Deserialize, Serialize, IntoParams)]
struct FindingFilter {
    /// The revision of the rule: the one in force, else the working one, when absent.
    #[param(minimum = 1)]
    revision: Option<i64>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// One page of posts that break a rule, newest first.
#[derive(Serialize, ToSchema)]
struct FindingPage {
    /// The revision of the rule that looked at them.
    rule: CheckedRule,
    /// The posts.
    #[schema(max_items = 200)]
    items: Vec<PostFindings>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// A revision of a rule.
#[derive(Serialize, ToSchema)]
struct CheckedRule {
    /// The rule.
    id: ItemId,
    /// The revision.
    #[schema(minimum = 1)]
    revision: i64,
    /// Its digest.
    digest: Digest,
}

impl From<&Source> for CheckedRule {
    fn from(source: &Source) -> Self {
        Self { id: source.item, revision: source.revision, digest: source.digest.clone() }
    }
}

/// A post that breaks a rule.
#[derive(Serialize, ToSchema)]
struct PostFindings {
    /// The post.
    post_id: ItemId,
    /// Its revision that is live, or will be.
    #[schema(minimum = 1)]
    revision: i64,
    /// The revision's digest.
    digest: Digest,
    /// What the post is called.
    #[schema(max_length = 800)]
    title: String,
    /// What time, recalls, dependencies and the rules in force make of the post.
    availability: Availability,
    /// What the rule finds; pointers lead into the body of the post's draft.
    #[schema(max_items = 100_000)]
    violations: Vec<RuleFinding>,
}

impl From<BreakingPost> for PostFindings {
    fn from(post: BreakingPost) -> Self {
        let BreakingPost { post_id, revision, digest, title, availability, findings } = post;
        Self { post_id, revision, digest, title, availability, violations: told(findings) }
    }
}

fn example_page() -> Value {
    let digest = "sha256:5f2b8c1d0e9a47365c4b3a2918f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5";
    let mut page = json!({ "rule": { "id": EXAMPLE_RULE, "revision": 2, "digest": digest } });
    let post = json!({
        "post_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81",
        "revision": 1,
        "digest": digest,
        "title": "Windpark Noordzee levert",
        "availability": "blocked",
        "violations": [example_finding("#/content/copies/0/text", "block")],
    });
    set(&mut page, "items", json!([post]));
    page
}

async fn rule_finding_list(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Path(id): Path<ItemId>,
    Query(filter): Query<FindingFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &(id, &filter))?;
    let after = after(&walk, filter.cursor.as_deref())?;
    let (limit, now) = (usize::from(filter.limit.get()), app.clock.now());
    let revision = app.read(move |conn, _| rule_revision(conn, id, filter.revision, now)).await?;
    let rule = CheckedRule::from(revision.source());
    let content = app.snapshots.confirmed_content().await?;
    let snapshots = app.snapshots.clone();
    let look = move || rule_findings(&snapshots.recent_rules, &content, revision, after, limit, now);
    let (posts, last) = app.think(look).await?;
    let next_cursor = cursor_after(&walk, last)?;
    let items = posts.into_iter().map(PostFindings::from).collect();
    let answer = FindingPage { rule, items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &answer))
}
