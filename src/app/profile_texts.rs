//! Lines for a person's profiles that say where they work: in the words of the live disclaimer, from memory.

use super::content_snapshot::ContentSnapshot;
use super::context::Context;
use crate::domain::content::Disclaimer;
use crate::domain::disclaimers::EMPLOYEE;
use crate::domain::profile_texts::{NoTexts, ProfileTexts, profile_texts};
use crate::domain::revision::Resolved;
use crate::domain::time::Time;

/// The lines with the disclaimer that they come from, or why there are none.
pub struct ProfileTextsRead<'a> {
    /// The live disclaimer that says that one works for the organisation.
    pub disclaimer: Option<Resolved<Disclaimer>>,
    /// The lines.
    pub texts: Result<ProfileTexts<'a>, NoTexts>,
}

/// The lines in the first of these languages that there are words in, or else in English.
pub fn profile_texts_get<'a>(
    content: &ContentSnapshot,
    context: &'a Context,
    languages: &[&str],
    now: Time,
) -> ProfileTextsRead<'a> {
    let mut live = content.live_disclaimers(now).into_iter();
    let disclaimer = live.find(|disclaimer| disclaimer.key.as_str() == EMPLOYEE);
    let texts = profile_texts(disclaimer.as_ref(), languages, &context.organisation, &context.channels);
    ProfileTextsRead { disclaimer, texts }
}
