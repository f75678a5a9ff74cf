//! Lines that say in a person's profile where they work, in the words of the disclaimer that says so in posts.
//!
//! Such a line never replaces the disclosure in a post: whoever reads the post may never see the profile.

use super::channels::{Channel, Channels};
use super::content::Disclaimer;
use super::disclaimers::{Form, Organisation, Statement, Unsayable};
use super::language;
use super::revision::Resolved;

/// The language that is taken where a disclaimer has no text in the one that is wanted.
const FALLBACK: &str = "en";

/// A line for the profile on one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileText<'a> {
    /// The channel.
    pub channel: &'a Channel,
    /// How long the disclaimer is told.
    pub form: Form,
    /// The line.
    pub text: String,
}

/// The lines for all channels, in one language.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileTexts<'a> {
    /// The language of the lines, as the disclaimer names it.
    pub language: String,
    /// One for each channel with profiles that a form fits, in the order of the channels.
    pub texts: Vec<ProfileText<'a>>,
    /// The channels whose profiles take no form that the disclaimer may have.
    pub too_long: Vec<&'a Channel>,
}

/// Why there are no lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTexts {
    /// The operator has not said what the organisation is called.
    OrganisationNotNamed,
    /// No disclaimer that says that one works there is live.
    NoLiveDisclaimer,
    /// The disclaimer has a text neither in a language that is wanted nor in English.
    NoTextInLanguage,
    /// The disclaimer names something of the organisation that the operator has not set.
    PlaceholderUnknown,
}

impl NoTexts {
    /// Every reason.
    pub const ALL: [NoTexts; 4] = [
        NoTexts::OrganisationNotNamed,
        NoTexts::NoLiveDisclaimer,
        NoTexts::NoTextInLanguage,
        NoTexts::PlaceholderUnknown,
    ];

    /// The reason's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            NoTexts::OrganisationNotNamed => "organisation_not_named",
            NoTexts::NoLiveDisclaimer => "no_live_disclaimer",
            NoTexts::NoTextInLanguage => "no_text_in_language",
            NoTexts::PlaceholderUnknown => "placeholder_unknown",
        }
    }
}

/// The lines in the words of a live disclaimer, in the first of the languages that are `wanted` in which it has a
/// text, else in English (RFC 4647, section 3.4): on each channel the longest form that fits its profile, and where
/// no limit is known a short one, if there is one.
pub fn profile_texts<'a>(
    disclaimer: Option<&Resolved<Disclaimer>>,
    wanted: &[&str],
    organisation: &Organisation,
    channels: &'a Channels,
) -> Result<ProfileTexts<'a>, NoTexts> {
    if !organisation.is_named() {
        return Err(NoTexts::OrganisationNotNamed);
    }
    let disclaimer = disclaimer.ok_or(NoTexts::NoLiveDisclaimer)?;
    let available = || disclaimer.content.text.keys().map(String::as_str);
    let best = |wanted: &str| language::lookup(wanted, available());
    let mut order = wanted.iter().copied().chain([FALLBACK]);
    let language = order.find_map(best).ok_or(NoTexts::NoTextInLanguage)?;
    let statement =
        Statement::new(disclaimer, language, organisation, None).map_err(|unsayable| match unsayable {
            Unsayable::Language => NoTexts::NoTextInLanguage,
            Unsayable::Placeholder(_) => NoTexts::PlaceholderUnknown,
        })?;
    let mut found = ProfileTexts { language: language.to_owned(), texts: Vec::new(), too_long: Vec::new() };
    for channel in channels.iter().filter(|channel| channel.profile) {
        match form_for(&statement, channel) {
            Some((form, text)) => {
                found.texts.push(ProfileText { channel, form: *form, text: text.clone() });
            }
            None => found.too_long.push(channel),
        }
    }
    Ok(found)
}

fn form_for<'a>(statement: &'a Statement, channel: &Channel) -> Option<&'a (Form, String)> {
    if channel.bio_limit == 0 {
        let short = statement.shorter.iter().find(|(form, _)| *form == Form::Short);
        return short.or(Some(&statement.longest));
    }
    let limit = usize::try_from(channel.bio_limit).unwrap_or(usize::MAX);
    statement.forms().find(|(_, text)| text.encode_utf16().count() <= limit)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::domain::disclaimers::{EMPLOYEE, defaults};
    use crate::domain::ids::{Digest, ItemId};

    fn employee() -> Resolved<Disclaimer> {
        let (key, content) =
            defaults().unwrap().into_iter().find(|(key, _)| key.as_str() == EMPLOYEE).unwrap();
        Resolved { id: ItemId::generate(), key, revision: 1, digest: Digest::of(b"employee"), content }
    }

    fn named(name: &str) -> Organisation {
        Organisation { name: name.to_owned(), hashtag: "Noordzee".to_owned(), ..Organisation::default() }
    }

    fn line(found: &ProfileTexts<'_>, channel: &str) -> (Form, String) {
        let text = found.texts.iter().find(|text| text.channel.id.as_str() == channel).unwrap();
        (text.form, text.text.clone())
    }

    #[test]
    fn the_longest_form_that_fits_is_taken_and_a_short_one_where_no_limit_is_known() {
        let (channels, disclaimer) = (Channels::defaults().unwrap(), employee());
        let of = |name: &str| {
            let organisation = named(name);
            profile_texts(Some(&disclaimer), &["nl-BE"], &organisation, &channels).unwrap()
        };
        let found = of("Noordzee");
        assert_eq!(found.language, "nl", "a more general language serves");
        let full = "Voor de duidelijkheid: ik werk bij Noordzee.".to_owned();
        assert_eq!(line(&found, "linkedin"), (Form::Full, full));
        assert_eq!(line(&found, "xing"), (Form::Short, "Ik werk bij Noordzee.".to_owned()));
        assert!(found.too_long.is_empty());
        // 70 units on Telegram: the sentence has 36 beside the name, the short form 13.
        assert_eq!(line(&of(&"N".repeat(34)), "telegram").0, Form::Full);
        assert_eq!(line(&of(&"N".repeat(35)), "telegram").0, Form::Short);
        assert_eq!(line(&of(&"N".repeat(57)), "telegram").0, Form::Short);
        assert_eq!(line(&of(&"N".repeat(58)), "telegram"), (Form::Tag, "#Noordzeemedewerker".to_owned()));
        let mut strict = employee();
        strict.content.smallest = Form::Full;
        let organisation = named(&"N".repeat(58));
        let found = profile_texts(Some(&strict), &["nl"], &organisation, &channels).unwrap();
        let too_long: Vec<&str> = found.too_long.iter().map(|channel| channel.id.as_str()).collect();
        assert_eq!(too_long, ["telegram"], "a form that the disclaimer may not have is not taken");
    }

    #[test]
    fn only_channels_with_profiles_have_a_line() {
        let (channels, disclaimer, organisation) = (Channels::defaults().unwrap(), employee(), named("N"));
        let found = profile_texts(Some(&disclaimer), &[], &organisation, &channels).unwrap();
        assert_eq!(found.language, "en");
        let on: Vec<&str> = found.texts.iter().map(|text| text.channel.id.as_str()).collect();
        for none in ["instagram_story", "whatsapp", "email", "teams", "slack"] {
            assert!(!on.contains(&none), "{none}");
        }
        assert_eq!(on.len(), 13);
    }

    #[test]
    fn why_there_are_no_lines_is_told() {
        let (channels, organisation) = (Channels::defaults().unwrap(), named("Noordzee"));
        let texts = |disclaimer: Option<&Resolved<Disclaimer>>, organisation: &Organisation| {
            profile_texts(disclaimer, &["nl"], organisation, &channels).unwrap_err()
        };
        let mut disclaimer = employee();
        assert_eq!(texts(Some(&disclaimer), &Organisation::default()), NoTexts::OrganisationNotNamed);
        assert_eq!(texts(None, &organisation), NoTexts::NoLiveDisclaimer);
        disclaimer.content.text.get_mut("nl").unwrap().full = "Zie {report_url}".to_owned();
        assert_eq!(texts(Some(&disclaimer), &organisation), NoTexts::PlaceholderUnknown);
        disclaimer.content.text.retain(|tag, _| tag == "de");
        assert_eq!(texts(Some(&disclaimer), &organisation), NoTexts::NoTextInLanguage);
    }
}
