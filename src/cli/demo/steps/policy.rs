//! The policy around the posts: what employees accept before they share.

use serde_json::json;

use super::super::client::{at, text_at};
use super::{CLAIRE, EVA, FATIMA, JORIS, PIETER, SANNE, Story, Submitted, count_at, ensure};
use crate::cli::failure::Failure;

const DUTCH: &str = include_str!("../guideline.nl.md");
const ENGLISH: &str = include_str!("../guideline.en.md");

pub(super) fn author_writes_the_guideline(story: &mut Story) -> Result<String, Failure> {
    let body = json!({ "key": "delen", "content": {
        "family": "employees",
        "title": "Zo delen wij",
        "body": { "nl": DUTCH, "en": ENGLISH },
        "requires": "acceptance",
    } });
    let made = story.post(SANNE, "/v1/guidelines", &body)?.expect(201)?;
    let path = format!("/v1/guidelines/{}", text_at(&made, "/id")?);
    let submission = json!({ "digest": text_at(&made, "/working_revision/digest")? });
    let review = story.post(SANNE, &format!("{path}/submission"), &submission)?.expect(201)?;
    let digest = text_at(&review, "/digest")?;
    let decision = json!({ "revision": 1, "digest": digest, "decision": "approve" });
    story.post(PIETER, &format!("{path}/decisions"), &decision)?.expect(201)?;
    story.guideline = Submitted { id: text_at(&made, "/id")?, digest };
    Ok("six parts, in each what to do before what not to do; in force at once".to_owned())
}

pub(super) fn employee_has_not_accepted(story: &mut Story) -> Result<String, Failure> {
    let body = json!({ "post_id": story.post, "digest": story.digest, "channel": "x" });
    story.post(JORIS, "/v1/kits", &body)?.refused(409, "obligations_open")
}

pub(super) fn employee_accepts(story: &mut Story) -> Result<String, Failure> {
    let mine = story.get(JORIS, "/v1/me/obligations")?.expect(200)?;
    ensure(count_at(&mine, "/to_do")? == 1, "one thing to do")?;
    let (language, html) =
        (text_at(&mine, "/to_do/0/accept/language")?, text_at(&mine, "/to_do/0/accept/html")?);
    ensure(language == "nl" && html.contains("<h2>1. Wie doet wat</h2>"), "his language, as HTML")?;
    let digest = text_at(&mine, "/to_do/0/accept/digest")?;
    ensure(digest == story.guideline.digest, "the revision that was approved")?;
    let path = format!("/v1/guidelines/{}/acceptances", story.guideline.id);
    let accepted = story.post(JORIS, &path, &json!({ "revision": 1, "digest": digest }))?.expect(201)?;
    let mine = story.get(JORIS, "/v1/me/obligations")?.expect(200)?;
    ensure(at(&mine, "/may_share")? == true, "nothing to keep him from sharing")?;
    Ok(format!("entry {} of the record; nothing keeps him from sharing now", at(&accepted, "/index")?))
}

pub(super) fn other_employee_has_not(story: &mut Story) -> Result<String, Failure> {
    let body = json!({ "post_id": story.post, "digest": story.digest, "channel": "x" });
    let key = uuid::Uuid::now_v7().to_string();
    let refused = story.post_with(FATIMA, "/v1/shares", &[("Idempotency-Key", &key)], &body)?;
    refused.refused(409, "obligations_open")
}

pub(super) fn publisher_enters_an_account(story: &mut Story) -> Result<String, Failure> {
    let me = story.get(CLAIRE, "/v1/me")?.expect(200)?;
    let answers_for_it = json!({
        "key": "webcare", "name": "Webcare", "holders": [{ "person": text_at(&me, "/id")? }],
        "description": "Wie op onze eigen accounts plaatst en antwoordt.",
    });
    story.post(EVA, "/v1/responsibilities", &answers_for_it)?.expect(201)?;
    let account = json!({
        "channel": "x", "handle": "NoordzeeEnergie", "url": "https://x.com/NoordzeeEnergie", "owner": "webcare",
        "purpose": "Nieuws, en vragen van klanten.",
    });
    story.post(CLAIRE, "/v1/accounts", &account)?.expect(201)?;
    let found = story.get(JORIS, "/v1/accounts?handle=NoordzeeEnergie")?.expect(200)?;
    ensure(count_at(&found, "/items")? == 1, "the account")?;
    let other = story.get(JORIS, "/v1/accounts?handle=Noordzee_Energie")?.expect(200)?;
    ensure(count_at(&other, "/items")? == 0, "no account of another handle")?;
    Ok(format!(
        "{} is ours, {}; Noordzee_Energie is not",
        text_at(&found, "/items/0/handle")?,
        text_at(&found, "/items/0/purpose")?
    ))
}
