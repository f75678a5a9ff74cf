//! Stages, deputies, and what cannot wait for a review.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::http::Method;

use super::super::client::{Extra, at, text_at};
use super::{CLAIRE, EVA, INGRID, JORIS, NADIA, PIETER, SANNE, Story, Submitted, ensure};
use crate::cli::failure::Failure;
use crate::clock::Clock;
use crate::domain::time::Time;

/// The id of a person in the list that an administrator reads.
fn person_id(story: &mut Story, name: &str) -> Result<String, Failure> {
    let people = story.get(EVA, "/v1/people?limit=200")?.expect(200)?;
    let items = at(&people, "/items")?.as_array().cloned().unwrap_or_default();
    let found = items.iter().find(|person| person.get("display_name") == Some(&json!(name)));
    text_at(found.unwrap_or(&Value::Null), "/id")
}

pub(super) fn administrator_saves(story: &mut Story) -> Result<String, Failure> {
    let nadia = person_id(story, NADIA)?;
    let legal = json!({
        "key": "juridisch", "name": "Juridische zaken", "holders": [{ "person": nadia }],
        "description": "Wat wij over cijfers en anderen zeggen.",
    });
    story.post(EVA, "/v1/responsibilities", &legal)?.expect(201)?;
    let body = json!({
        "kind": "post",
        "name": "Nieuws over cijfers",
        "when": { "topics": ["cijfers"] },
        "stages": [
            { "name": "Redactie", "reviewers": { "role": "reviewer" }, "quorum": "any" },
            {
                "name": "Juridische zaken", "reviewers": { "responsibility": "juridisch" }, "quorum": "any",
                "due_in_hours": 48, "remind_after_hours": 24, "escalate_to": { "role": "reviewer" },
            },
        ],
        "resume": "asking_stage",
    });
    let saved = story.post(EVA, "/v1/workflows", &body)?.expect(201)?;
    ensure(at(&saved, "/version")? == 1, "the first version")?;
    let tie = json!({ "kind": "post", "name": "Nog een", "when": { "topics": ["cijfers"] }, "stages": at(&body, "/stages")? });
    let refused = story.post(EVA, "/v1/workflows", &tie)?.refused(409, "workflow_tie")?;
    Ok(format!("version 1, for posts about figures; a second one for the same is refused:\n{refused}"))
}

fn content(title: &str, dutch: &str, topics: &[&str]) -> Value {
    json!({ "content": {
        "title": title,
        "copies": [{ "id": "nl-1", "language": "nl", "text": dutch }],
        "channels": ["linkedin"],
        "topics": topics,
    } })
}

/// Makes a draft, and answers it as its author submits it.
fn draft(story: &mut Story, body: &Value) -> Result<Submitted, Failure> {
    let post = story.post(SANNE, "/v1/posts", body)?.expect(201)?;
    Ok(Submitted { id: text_at(&post, "/id")?, digest: text_at(&post, "/working_revision/digest")? })
}

fn approve(submitted: &Submitted) -> Value {
    json!({ "revision": 1, "digest": submitted.digest, "decision": "approve" })
}

pub(super) fn editors_approve(story: &mut Story) -> Result<String, Failure> {
    let text = "In november leverden onze windparken stroom voor een miljoen huishoudens.";
    let made = draft(story, &content("Cijfers van november", text, &["cijfers"]))?;
    let path = format!("/v1/posts/{}", made.id);
    let review = story.post(SANNE, &format!("{path}/submission"), &json!({ "digest": made.digest }))?;
    let review = review.expect(201)?;
    ensure(text_at(&review, "/workflow/name")? == "Nieuws over cijfers", "the workflow for figures")?;
    story.figures = Submitted { id: made.id, digest: text_at(&review, "/digest")? };
    let body = approve(&story.figures);
    let needed = story.post(NADIA, &format!("{path}/decisions"), &body)?.refused(409, "needed_later")?;
    let review = story.post(INGRID, &format!("{path}/decisions"), &body)?.expect(201)?;
    ensure(text_at(&review, "/stages/1/state")? == "open", "the second stage to be open")?;
    let due = text_at(&review, "/stages/1/due_at")?;
    Ok(format!("Nadia, who would have, is told: {needed}\nnow the lawyers are waited for, until {due}"))
}

pub(super) fn lawyer_delegates(story: &mut Story) -> Result<String, Failure> {
    let pieter = person_id(story, PIETER)?;
    let today = Clock::system().now();
    let (from, until) = (date(today), date(today.after(Duration::from_hours(14 * 24))));
    let body = json!({
        "to": pieter, "from_date": from, "until_date": until, "kinds": ["post"],
    });
    let delegation = story.post(NADIA, "/v1/delegations", &body)?.expect(201)?;
    ensure(at(&delegation, "/in_force")? == true, "the delegation to hold today")?;
    Ok(format!("for posts, until {until} is over"))
}

/// The day of a moment, in UTC.
fn date(moment: Time) -> String {
    moment.to_string().chars().take(10).collect()
}

pub(super) fn deputy_decides(story: &mut Story) -> Result<String, Failure> {
    let queue = story.get(PIETER, "/v1/reviews?mine=true&kind=post")?.expect(200)?;
    let waiting = at(&queue, "/items")?.as_array().cloned().unwrap_or_default();
    let ours = waiting.iter().any(|review| review.get("digest") == Some(&json!(story.figures.digest)));
    ensure(ours, "her review in his queue")?;
    let path = format!("/v1/posts/{}", story.figures.id);
    let body = approve(&story.figures);
    let review = story.post(PIETER, &format!("{path}/decisions"), &body)?.expect(201)?;
    let by = text_at(&review, "/stages/1/decisions/0/person_id")?;
    let on_behalf_of = text_at(&review, "/stages/1/decisions/0/on_behalf_of")?;
    ensure(by != on_behalf_of, "both persons in the decision")?;
    let post = story.get(PIETER, &path)?.expect(200)?;
    ensure(text_at(&post, "/availability")? == "live", "the post to be live")?;
    Ok("the decision keeps both persons; the post is live".to_owned())
}

pub(super) fn publisher_publishes_urgently(story: &mut Story) -> Result<String, Failure> {
    let text = "De foto van een brandende molen die rondgaat, is niet van ons park. Daar is alles in orde.";
    let made = draft(story, &content("Geen brand op zee", text, &["storing"]))?;
    let path = format!("/v1/posts/{}/urgent-publication", made.id);
    let body = json!({ "digest": made.digest, "reason": "Een valse foto gaat rond; collega's worden ernaar gevraagd." });
    story.post(SANNE, &path, &body)?.refused(403, "forbidden")?;
    let post = story.post(CLAIRE, &path, &body)?.expect(201)?;
    ensure(text_at(&post, "/availability")? == "live", "the post to be live")?;
    let by = text_at(&post, "/working_revision/urgent/review_by")?;
    story.warning = Submitted { id: made.id, digest: text_at(&post, "/working_revision/digest")? };
    Ok(format!(
        "an author may not; all that a submission checks was checked\nlive; blocked by itself unless somebody else reviews it by {by}"
    ))
}

pub(super) fn feed_has_it_marked(story: &mut Story) -> Result<String, Failure> {
    let feed = story.get(JORIS, "/v1/feed?language=nl")?.expect(200)?;
    let items = at(&feed, "/items")?.as_array().cloned().unwrap_or_default();
    let ours = items.iter().find(|item| item.get("post_id") == Some(&json!(story.warning.id)));
    let ours = ours.ok_or_else(|| Failure::new("expected the post in the feed"))?;
    ensure(at(ours, "/urgent")? == true, "the mark")?;
    Ok("he sees that nobody has reviewed it yet".to_owned())
}

pub(super) fn reviewed_after(story: &mut Story) -> Result<String, Failure> {
    let path = format!("/v1/posts/{}", story.warning.id);
    let body = approve(&story.warning);
    story.post(CLAIRE, &format!("{path}/decisions"), &body)?.refused(403, "forbidden")?;
    story.post(PIETER, &format!("{path}/decisions"), &body)?.expect(201)?;
    let post = story.get(PIETER, &path)?.expect(200)?;
    ensure(text_at(&post, "/working_revision/urgent/outcome")? == "confirmed", "it to be confirmed")?;
    let token = story.sign_in(PIETER)?;
    let extra = Extra { token: Some(&token), headers: &[] };
    let now = Clock::system().now();
    let (from, to) = (date(now.before(Duration::from_hours(24))), date(now.after(Duration::from_hours(24))));
    let path = format!("/v1/urgent-publication-reports?from={from}T00:00:00Z&to={to}T00:00:00Z");
    let report = story.api.send(Method::GET, &path, &extra, None)?.expect(200)?;
    let (published, in_time) = (at(&report, "/published")?, at(&report, "/confirmed_in_time")?);
    Ok(format!("confirmed; the report counts {published} urgent publication, {in_time} confirmed in time"))
}
