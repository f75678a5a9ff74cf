//! A campaign: registered before posts name it, and shared no oftener than it allows.

use serde_json::json;

use super::{CLAIRE, JORIS, SANNE, Story, ensure};
use crate::cli::demo::client::text_at;
use crate::cli::failure::Failure;

pub(super) fn unknown_campaign(story: &mut Story) -> Result<String, Failure> {
    let body = json!({ "content": super::content::content(story, "Zonnepark Oosterveld levert stroom.") });
    story.post(SANNE, "/v1/posts", &body)?.refused(422, "invalid_content")
}

pub(super) fn publisher_registers(story: &mut Story) -> Result<String, Failure> {
    let body = json!({
        "key": "oosterveld",
        "name": "Zonnepark Oosterveld",
        "goal": "Laten zien dat ook zon bij ons hoort.",
        "limits": { "shares_per_day": 200, "shares_per_person": 1 },
    });
    let campaign = story.post(CLAIRE, "/v1/campaigns", &body)?.expect(201)?;
    ensure(text_at(&campaign, "/key")? == "oosterveld", "the campaign")?;
    for (key, name) in [("cijfers", "Cijfers"), ("storing", "Storingen")] {
        story.post(CLAIRE, "/v1/topics", &json!({ "key": key, "name": name }))?.expect(201)?;
    }
    let seen = story.get(JORIS, "/v1/campaigns/oosterveld")?.expect(200)?;
    Ok(format!("Joris reads what it is called: {}", text_at(&seen, "/name")?))
}

pub(super) fn limit_is_reached(story: &mut Story) -> Result<String, Failure> {
    let key = uuid::Uuid::now_v7().to_string();
    let mut body = story.share_request.clone();
    if let Some(members) = body.as_object_mut() {
        members.insert("channel".to_owned(), json!("linkedin"));
    }
    let reply = story.post_with(JORIS, "/v1/shares", &[("Idempotency-Key", &key)], &body)?;
    let retry_at = text_at(reply.body(), "/retry_at")?;
    let refused = reply.refused(409, "limit_reached")?;
    Ok(format!("{refused}\none more fits at {retry_at}"))
}
