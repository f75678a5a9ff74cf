//! Guidelines: the parts of the social media policy, which employees read and may have to accept.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::items::{self, ItemCreate, ItemKind, Operations, RevisionPath, WrittenKind};
use super::posts::Audience;
use crate::app::actor::Permission;
use crate::app::items::guideline_of;
use crate::domain::content::guideline::{Family, Requirement};
use crate::domain::content::{Content, Guideline};
use crate::domain::ids::Kind;
use crate::domain::markdown;
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Result};
use crate::http::extract::params;
use crate::http::extract::{Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::schema::LanguageTag;
use crate::http::table::Route;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let mut routes = items::routes::<GuidelineKind>();
    let path = "/v1/guidelines/{id}/revisions/{n}/text";
    let read = Permission::Holds(Scope::ContentRead);
    routes.push(Route::get(path, read, describe_text(), guideline_text_get));
    routes
}

fn describe_text() -> Operation {
    let number = json!({ "type": "integer", "minimum": 1 });
    Operation::new(
        "guideline_text_get",
        "guidelines",
        "Read a guideline as employees will",
        "The text of a revision, a draft too, as those see it whom it is for: its Markdown (CommonMark, with \
         tables) as HTML that is safe to show, without images, and with HTML of its own as text. It is in \
         `language`, or a more general one (RFC 4647), else in English, else in the first there is. A revision \
         whose content was redacted is 409 `conflict`.",
    )
    .path("n", "The number of the revision, from 1.", number)
    .query::<TextQuery>()
    .answer::<RenderedGuideline>(
        200,
        "The text.",
        json!({
            "title": "Sociale media: zo doen we dat",
            "language": "nl",
            "markdown": "Zeg dat je hier **werkt**.",
            "html": "<p>Zeg dat je hier <strong>werkt</strong>.</p>\n",
        }),
    )
    .errors(&[Code::Conflict])
    .event(NO_EVENT)
}

/// In which language.
#[derive(Debug, Deserialize, IntoParams)]
struct TextQuery {
    /// The language of the text; English when left out.
    #[serde(default, deserialize_with = "params::language")]
    #[param(value_type = Option<LanguageTag>)]
    language: Option<String>,
}

/// What a revision of a guideline says, in one language.
#[derive(Serialize, ToSchema)]
struct RenderedGuideline {
    /// What it is called.
    #[schema(max_length = 800)]
    title: String,
    /// The language of the text.
    #[schema(max_length = 35)]
    language: String,
    /// The text as it is written, in Markdown.
    #[schema(max_length = 200_000)]
    markdown: String,
    /// The text as HTML that is safe to show.
    #[schema(max_length = 4_000_000)]
    html: String,
}

async fn guideline_text_get(
    app: Data<App>,
    Path(RevisionPath { id, n }): Path<RevisionPath>,
    Query(query): Query<TextQuery>,
) -> Result<HttpResponse> {
    let guideline = app.read(move |conn, _| guideline_of(conn, id, n)).await?;
    let render = move || {
        let (language, body) = guideline.read_in(query.language.as_deref());
        let (language, markdown, html) = (language.to_owned(), body.to_owned(), markdown::to_html(body));
        Ok(RenderedGuideline { title: guideline.title.clone(), language, markdown, html })
    };
    Ok(HttpResponse::Ok().json(app.think(render).await?))
}

/// See [`ItemKind`].
pub(super) struct GuidelineKind;

impl ItemKind for GuidelineKind {
    const KIND: Kind = Kind::Guideline;
    const PLURAL: &'static str = "guidelines";
    const SCHEMA: &'static str = "Guideline";
    const OPERATIONS: Operations = Operations {
        create: "guideline_create",
        list: "guideline_list",
        get: "guideline_get",
        revision_get: "guideline_revision_get",
        revision_difference: "guideline_revision_difference",
        draft_put: "guideline_draft_put",
        submit: "guideline_submit",
        decide: "guideline_decide",
        recall: "guideline_recall",
        retire: "guideline_retire",
    };
    const CONTENT_CODES: &'static [Code] = &[Code::InvalidContent];
    type Content = GuidelineContent;

    fn example_content() -> Value {
        json!({
            "family": "employees",
            "title": "Sociale media: zo doen we dat",
            "body": {
                "nl": "## Doe\n\n- Zeg dat je hier werkt.\n- Deel wat klaarstaat.\n\n## Doe niet\n\n- Praat over klanten.",
                "en": "## Do\n\n- Say that you work here.\n- Share what is ready.\n\n## Do not\n\n- Talk about customers.",
            },
            "audience": { "groups": [], "countries": ["NL"] },
            "requires": "acceptance",
            "in_force_from": "2026-12-01T08:00:00Z",
        })
    }

    fn example_key() -> Option<&'static str> {
        Some("employees")
    }
}

impl WrittenKind for GuidelineKind {
    type Create = ItemCreate<GuidelineContent>;
}

/// What a guideline says in one language, in Markdown.
#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 200_000)]
#[allow(dead_code, reason = "only its schema is used")]
struct GuidelineBody(String);

/// The content of a guideline.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct GuidelineContent {
    /// For which accounts it is. That narrows nobody: a guideline for official accounts that asks for acceptance is
    /// asked of everybody who may share, unless `audience` names those who post there.
    family: Family,
    /// What it is called. At most 200 characters.
    #[schema(min_length = 1, max_length = 800)]
    title: String,
    /// What it says, in Markdown, by language. At most 50,000 characters each.
    #[schema(value_type = BTreeMap<LanguageTag, GuidelineBody>)]
    body: BTreeMap<String, String>,
    /// For whom it is, whatever its `family`; absent, or without groups and countries = everybody.
    #[serde(default)]
    audience: Audience,
    /// What is asked of them.
    requires: Requirement,
    /// From when on it is in force; absent = with the approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    in_force_from: Option<Time>,
}

impl From<GuidelineContent> for Content {
    fn from(content: GuidelineContent) -> Self {
        let GuidelineContent { family, title, body, audience, requires, in_force_from } = content;
        Self::Guideline(Guideline { family, title, body, audience: audience.into(), requires, in_force_from })
    }
}
