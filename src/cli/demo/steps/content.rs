//! From a draft to an approved revision.

use serde_json::{Value, json};
use ureq::http::Method;

use super::super::client::{Extra, at, text_at};
use super::{INGRID, PIETER, SANNE, Story, count_at, ensure};
use crate::cli::failure::Failure;

pub(super) fn author_signs_in(story: &mut Story) -> Result<String, Failure> {
    story.sign_in(SANNE)?;
    Ok("an access token for ten minutes, and one to refresh it".to_owned())
}

pub(super) fn content(story: &Story, dutch: &str) -> Value {
    json!({
        "title": "Zonnepark Oosterveld levert stroom",
        "copies": [
            { "id": "nl-1", "language": "nl", "text": dutch },
            { "id": "en-1", "language": "en",
              "text": "As of today, the Oosterveld solar park supplies power to 9,000 households." },
        ],
        "channels": ["x", "linkedin"],
        "hashtags": ["noordzee"],
        "images": [story.image],
        "audience": { "countries": ["NL", "BE"] },
        "link": { "url": "https://www.example.com/oosterveld" },
        "personalisation": "intro",
        "campaign": "oosterveld",
    })
}

pub(super) fn author_drafts(story: &mut Story) -> Result<String, Failure> {
    let body = json!({ "content": content(story, "Zonnepark Oosterveld levert vanaf vandaag stroom.") });
    let post = story.post(SANNE, "/v1/posts", &body)?.expect(201)?;
    story.post = text_at(&post, "/id")?;
    story.draft_digest = text_at(&post, "/working_revision/digest")?;
    ensure(text_at(&post, "/working_revision/state")? == "draft", "a draft")?;
    Ok(format!("revision 1, a draft, {}", story.draft_digest))
}

pub(super) fn second_author_edits(story: &mut Story) -> Result<String, Failure> {
    let path = format!("/v1/posts/{}", story.post);
    let version = story.get(INGRID, &path)?.etag()?;
    let dutch = "Zonnepark Oosterveld levert vanaf vandaag stroom aan 9.000 huishoudens.";
    let token = story.sign_in(INGRID)?;
    let headers = [("If-Match", version.as_str())];
    let extra = Extra { token: Some(&token), headers: &headers };
    let body = json!({ "content": content(story, dutch) });
    let reply = story.api.send(Method::PUT, &format!("{path}/draft"), &extra, Some(&body))?;
    let post = reply.expect(200)?;
    ensure(count_at(&post, "/working_revision/authors")? == 2, "two authors")?;
    Ok("still revision 1; its authors are two people now".to_owned())
}

pub(super) fn author_submits_an_old_draft(story: &mut Story) -> Result<String, Failure> {
    let path = format!("/v1/posts/{}/submission", story.post);
    let body = json!({ "digest": story.draft_digest });
    story.post(SANNE, &path, &body)?.refused(409, "revision_changed")
}

pub(super) fn author_submits(story: &mut Story) -> Result<String, Failure> {
    let path = format!("/v1/posts/{}", story.post);
    let post = story.get(SANNE, &path)?.expect(200)?;
    let body = json!({ "digest": text_at(&post, "/working_revision/digest")? });
    let review = story.post(SANNE, &format!("{path}/submission"), &body)?.expect(201)?;
    story.digest = text_at(&review, "/digest")?;
    let ways = count_at(&review, "/comment_room")?;
    ensure(ways > 0, "each way to share to be checked")?;
    Ok(format!("frozen as {}\n{ways} ways to share it were checked; a review is open", story.digest))
}

fn decision(story: &Story) -> Value {
    json!({ "revision": 1, "digest": story.digest, "decision": "approve" })
}

pub(super) fn author_tries_to_approve(story: &mut Story) -> Result<String, Failure> {
    let path = format!("/v1/posts/{}/decisions", story.post);
    let body = decision(story);
    story.post(INGRID, &path, &body)?.refused(409, "author_cannot_decide")
}

pub(super) fn reviewer_reads_the_queue(story: &mut Story) -> Result<String, Failure> {
    let queue = story.get(PIETER, "/v1/reviews?mine=true")?.expect(200)?;
    let waiting = at(&queue, "/items")?.as_array().cloned().unwrap_or_default();
    let ours = waiting.iter().any(|review| review.get("digest") == Some(&json!(story.digest)));
    ensure(ours, "the post among the reviews that wait")?;
    Ok(format!("{} reviews wait for him, this one among them", waiting.len()))
}

pub(super) fn reviewer_approves(story: &mut Story) -> Result<String, Failure> {
    let path = format!("/v1/posts/{}", story.post);
    let body = decision(story);
    story.post(PIETER, &format!("{path}/decisions"), &body)?.expect(201)?;
    let post = story.get(PIETER, &path)?.expect(200)?;
    ensure(text_at(&post, "/availability")? == "live", "the post to be live")?;
    Ok("the post is live".to_owned())
}
