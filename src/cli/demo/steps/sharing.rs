//! From the feed to a logged share, and its recall.

use serde_json::{Value, json};

use super::super::client::{at, text_at};
use super::{CLAIRE, JORIS, RUBEN, Story, count_at, ensure, quoted};
use crate::cli::failure::Failure;

const INTRODUCTION: &str = "Trots op de collega's die dit bouwden!";

/// How many posts are in Joris's feed, and where in it the post of the story is, with what it says.
fn feed_item(story: &mut Story) -> Result<(usize, Option<(usize, Value)>), Failure> {
    let feed = story.get(JORIS, "/v1/feed?language=nl")?.expect(200)?;
    let items = at(&feed, "/items")?.as_array().cloned().unwrap_or_default();
    let is_ours = |item: &Value| item.get("post_id") == Some(&json!(story.post));
    let count = items.len();
    Ok((count, items.into_iter().enumerate().find(|(_, item)| is_ours(item))))
}

pub(super) fn feed_is_without_it(story: &mut Story) -> Result<String, Failure> {
    let (posts, ours) = feed_item(story)?;
    ensure(ours.is_none(), "the feed to be without the post")?;
    Ok(format!("posts for him: {posts}; this one is not among them"))
}

pub(super) fn feed_has_it(story: &mut Story) -> Result<String, Failure> {
    let (posts, ours) = feed_item(story)?;
    let (place, ours) = ours.ok_or_else(|| Failure::new("expected the post in the feed"))?;
    ensure(place == 0, "the newest post first")?;
    ensure(text_at(&ours, "/digest")? == story.digest, "the digest that was approved")?;
    let disclaimers = count_at(&ours, "/disclaimers")?;
    Ok(format!("the first of {posts}; it says which disclaimers sharing can need ({disclaimers})"))
}

fn request(story: &Story, comment: &str) -> Value {
    json!({
        "post_id": story.post, "digest": story.digest, "channel": "x", "language": "nl", "comment": comment,
    })
}

pub(super) fn kit_refuses_a_link(story: &mut Story) -> Result<String, Failure> {
    let body = request(story, "Lees meer op https://elders.example");
    story.post(JORIS, "/v1/kits", &body)?.refused(422, "rule_violated")
}

pub(super) fn kit_finds_a_secret(story: &mut Story) -> Result<String, Failure> {
    // The first letter is Cyrillic.
    let body = request(story, "\u{420}roject Zeester komt ook!");
    let reply = story.post(JORIS, "/v1/kits", &body)?;
    let reason = text_at(reply.body(), "/errors/0/reason")?;
    let place = |which: &str| at(reply.body(), &format!("/errors/0/{which}/utf16")).cloned();
    let (start, end) = (place("start")?, place("end")?);
    reply.refused(422, "rule_violated")?;
    Ok(format!("{reason} (units {start} to {end} of UTF-16)"))
}

pub(super) fn kit_previews(story: &mut Story) -> Result<String, Failure> {
    story.share_request = request(story, INTRODUCTION);
    let body = story.share_request.clone();
    let kit = story.post(JORIS, "/v1/kits", &body)?.expect(200)?;
    ensure(kit.get("preview") == Some(&json!(true)), "a preview")?;
    ensure(kit.get("intent_url").is_none(), "a preview without the means to post")?;
    let text = text_at(&kit, "/text")?;
    ensure(text.contains(INTRODUCTION), "his introduction in the text")?;
    let (units, limit) = (at(&kit, "/count/units")?, at(&kit, "/count/limit")?);
    let parts = count_at(&kit, "/parts")?;
    Ok(format!("{parts} parts, {units} of {limit} as X counts; nothing is stored"))
}

pub(super) fn employee_shares(story: &mut Story) -> Result<String, Failure> {
    let (key, body) = (story.share_key.clone(), story.share_request.clone());
    let share = story.post_with(JORIS, "/v1/shares", &[("Idempotency-Key", &key)], &body)?.expect(201)?;
    let text = text_at(&share, "/text")?;
    let parts = at(&share, "/parts")?.as_array().cloned().unwrap_or_default();
    let joined: String = parts.iter().filter_map(|part| part.get("text")?.as_str()).collect();
    ensure(joined == text, "the parts to make up the text")?;
    let disclaims = parts.iter().any(|part| part.get("role") == Some(&json!("disclaimer")));
    ensure(disclaims, "a disclaimer in the text")?;
    ensure(text_at(&share, "/intent_url")?.starts_with("https://x.com/"), "the address of the composer")?;
    let (width, height) = (at(&share, "/images/0/width")?, at(&share, "/images/0/height")?);
    let image = format!("with the picture of {width} x {height}: {}", text_at(&share, "/images/0/alt")?);
    let index = at(&share, "/receipt/index")?.to_string();
    let leaf = text_at(&share, "/receipt/leaf_hash")?;
    story.share = share;
    Ok(format!("{}\n{image}\nentry {index} of the record, leaf {leaf}", quoted(&text)))
}

/// The same request with the same key; the answer must be the same share.
fn retry(story: &mut Story) -> Result<Value, Failure> {
    let (key, body) = (story.share_key.clone(), story.share_request.clone());
    let again = story.post_with(JORIS, "/v1/shares", &[("Idempotency-Key", &key)], &body)?.expect(201)?;
    ensure(again.get("id") == story.share.get("id"), "the same share")?;
    ensure(again.get("text") == story.share.get("text"), "the same text")?;
    Ok(again)
}

pub(super) fn employee_retries(story: &mut Story) -> Result<String, Failure> {
    retry(story)?;
    Ok("the same share, not a second one".to_owned())
}

pub(super) fn employee_confirms(story: &mut Story) -> Result<String, Failure> {
    let path = format!("/v1/shares/{}/outcome", text_at(&story.share, "/id")?);
    let body = json!({ "result": "confirmed", "permalink": "https://x.com/joris/status/1" });
    let share = story.post(JORIS, &path, &body)?.expect(200)?;
    ensure(text_at(&share, "/state")? == "confirmed", "a confirmed share")?;
    Ok("the share is confirmed".to_owned())
}

pub(super) fn auditor_without_purpose(story: &mut Story) -> Result<String, Failure> {
    story.get(RUBEN, "/v1/shares")?.refused(400, "purpose_required")
}

pub(super) fn auditor_reads(story: &mut Story) -> Result<String, Failure> {
    let path = format!("/v1/shares?item={}", story.post);
    let purpose = [("Greenlight-Purpose", "Quarterly check of disclaimers")];
    let shares = story.get_with(RUBEN, &path, &purpose)?.expect(200)?;
    ensure(count_at(&shares, "/items")? == 1, "exactly one share of the post")?;
    let share = at(&shares, "/items/0")?;
    ensure(share.get("text") == story.share.get("text"), "the text that was handed over")?;
    let (state, channel) = (text_at(share, "/state")?, text_at(share, "/channel")?);
    Ok(format!("one share, {state}, on {channel}, with the text byte for byte as it was handed over"))
}

pub(super) fn publisher_recalls(story: &mut Story) -> Result<String, Failure> {
    let path = format!("/v1/posts/{}/recall", story.post);
    let reason = "Het aantal huishoudens is niet gecontroleerd.";
    let post = story.post(CLAIRE, &path, &json!({ "reason": reason }))?.expect(200)?;
    ensure(text_at(&post, "/availability")? == "recalled", "the post to be recalled")?;
    Ok(format!("from this answer on, on every node, nobody gets it any more: {reason}"))
}

pub(super) fn share_of_what_is_blocked(story: &mut Story) -> Result<String, Failure> {
    let key = uuid::Uuid::now_v7().to_string();
    let body = story.share_request.clone();
    story.post_with(JORIS, "/v1/shares", &[("Idempotency-Key", &key)], &body)?.refused(409, "blocked")
}

pub(super) fn share_after_the_recall(story: &mut Story) -> Result<String, Failure> {
    let key = uuid::Uuid::now_v7().to_string();
    let body = story.share_request.clone();
    story.post_with(JORIS, "/v1/shares", &[("Idempotency-Key", &key)], &body)?.refused(410, "recalled")
}

pub(super) fn retry_after_the_recall(story: &mut Story) -> Result<String, Failure> {
    let again = retry(story)?;
    ensure(again.get("intent_url").is_none(), "no address to post it with")?;
    Ok("the same share as it is now: confirmed, and without the address to post it with".to_owned())
}
