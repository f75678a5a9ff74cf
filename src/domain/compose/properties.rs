//! What holds for any ingredients, checked by other means than those that compose.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

use std::sync::LazyLock;

use proptest::prelude::*;

use super::layout::LINE_BREAKS;
use super::*;
use crate::domain::channels::Channels;
use crate::domain::counting::{oracle, units};
use crate::domain::disclaimers::Placement;
use crate::domain::disclaimers::tests::resolved;

static CHANNELS: LazyLock<Vec<Channel>> = LazyLock::new(|| {
    Channels::defaults().unwrap().iter().filter(|channel| channel.text_field).cloned().collect()
});
static POST: LazyLock<Source> = LazyLock::new(|| resolved("post", 1, ()).source());

/// A text's length by the slow and plain counter; Mastodon's has none, and is held to examples instead.
fn counted(text: &str, channel: &Channel) -> usize {
    oracle::count(text, channel.counting).unwrap_or_else(|| units(text, channel))
}

/// A channel of the table with tighter limits, so that every limit is met.
fn channel() -> impl Strategy<Value = Channel> {
    let limits =
        (30..320_u32, prop_oneof![Just(0), 15..160_u32], 0..4_u32, prop_oneof![Just(0), 60..900_u32]);
    (0..CHANNELS.len(), limits).prop_map(|(at, (text_limit, fold, hashtag_max, byte_limit))| Channel {
        text_limit,
        fold,
        hashtag_max,
        byte_limit,
        ..CHANNELS[at].clone()
    })
}

fn words(most: usize) -> impl Strategy<Value = String> {
    let word = prop_oneof![
        6 => "[a-zA-Z]{1,9}",
        1 => Just("naïve".to_owned()),
        1 => Just("नमस्ते".to_owned()),
        1 => Just("日本語".to_owned()),
        1 => Just("👨‍👩‍👧‍👦".to_owned()),
        1 => Just("❤️".to_owned()),
        1 => Just("€1.000".to_owned()),
        1 => Just("https://zuiver.example/een/lang/pad?a=b#c".to_owned()),
        1 => Just("zuiver.nl".to_owned()),
        1 => Just("#Water".to_owned()),
        1 => Just("@piet@social.example".to_owned()),
    ];
    proptest::collection::vec((word, prop_oneof![4 => Just(" "), 1 => Just("\n")]), 1..=most).prop_map(
        |all| {
            let text: String = all.into_iter().flat_map(|(word, blank)| [word, blank.to_owned()]).collect();
            text.trim_end().to_owned()
        },
    )
}

/// Disclaimers whose shorter forms need not be shorter.
fn statement() -> impl Strategy<Value = Statement> {
    let placement = prop_oneof![
        Just(Placement::Lead),
        Just(Placement::Visible),
        Just(Placement::End),
        Just(Placement::Attached)
    ];
    let full = words(7);
    let short = proptest::option::of(words(4));
    let tag = proptest::option::of("[A-Za-z]{2,14}");
    (placement, full, short, tag, any::<bool>()).prop_map(|(placement, full, short, tag, credits)| {
        let short = short.map(|text| (Form::Short, text));
        let tag = tag.map(|tag| (Form::Tag, format!("#{tag}")));
        Statement {
            key: "k".parse().unwrap(),
            source: resolved("k", 1, ()).source(),
            placement,
            credits: credits && placement == Placement::End,
            longest: (Form::Full, full),
            shorter: short.into_iter().chain(tag).collect(),
        }
    })
}

/// What a test composes.
#[derive(Debug)]
struct Given {
    channel: Channel,
    copy: String,
    comment: Option<String>,
    statements: Vec<Statement>,
    credit: Option<String>,
    hashtags: Vec<Tag>,
    link: Option<String>,
}

fn given() -> impl Strategy<Value = Given> {
    let statements = proptest::collection::vec(statement(), 0..6);
    let hashtags = proptest::sample::subsequence(vec!["Water", "WERKENBIJ", "Één", "vier4"], 0..4);
    let texts = (words(14), proptest::option::of(words(6)), proptest::option::of(words(3)));
    let link = proptest::option::of(Just("https://zuiver.example/?utm_content=preview0preview0".to_owned()));
    (channel(), texts, statements, hashtags, link).prop_map(
        |(channel, (copy, comment, credit), statements, hashtags, link)| {
            let tag = |tag: &str| Tag {
                tag: tag.to_owned(),
                source: resolved("t", 1, ()).source(),
                is_required: false,
            };
            let hashtags = hashtags.into_iter().map(tag).collect();
            Given { channel, copy, comment, statements, credit, hashtags, link }
        },
    )
}

impl Given {
    fn ingredients(&self) -> Ingredients<'_> {
        Ingredients {
            channel: &self.channel,
            source: &POST,
            copy: &self.copy,
            comment: self.comment.as_deref(),
            statements: &self.statements,
            credit: self.credit.as_deref(),
            hashtags: &self.hashtags,
            link: self.link.as_deref(),
        }
    }

    /// Whether a text with these forms and no hashtags keeps every limit, where `early` puts what must show
    /// before comment and copy.
    fn would_fit(&self, forms: &[usize], early: bool) -> bool {
        let said = |wanted: fn(Placement, bool) -> bool| {
            let all = self.statements.iter().zip(forms);
            all.filter(move |(said, _)| wanted(said.placement, said.credits))
                .map(|(said, form)| (said.forms().nth(*form).unwrap().1.as_str(), said.placement))
        };
        let shown = || said(|placement, _| matches!(placement, Placement::Visible | Placement::Attached));
        let own = |text| (text, Placement::End);
        let mut parts: Vec<(&str, Placement)> = said(|placement, _| placement == Placement::Lead).collect();
        if early {
            parts.extend(shown());
        }
        parts.extend(self.comment.as_deref().map(own));
        parts.push(own(&self.copy));
        if !early {
            parts.extend(shown());
        }
        parts.extend(said(|placement, credits| placement == Placement::End && !credits));
        parts.extend(said(|placement, credits| placement == Placement::End && credits));
        parts.extend(self.credit.as_deref().map(own));
        parts.extend(self.link.as_deref().map(own));
        let joined = |parts: &[(&str, Placement)]| {
            parts.iter().map(|(text, _)| *text).collect::<Vec<_>>().join("\n\n")
        };
        let last_shown = parts.iter().rposition(|(_, placement)| *placement != Placement::End);
        let before_fold = last_shown.map_or(0, |last| counted(&joined(&parts[..=last]), &self.channel));
        let text = joined(&parts);
        keeps_limits(&text, &self.channel)
            && (self.channel.fold == 0 || before_fold <= self.channel.fold as usize * 4 / 5)
    }

    fn every_choice_of_forms(&self) -> Vec<Vec<usize>> {
        self.statements.iter().fold(vec![Vec::new()], |known, said| {
            let longer = |known: &Vec<usize>| {
                let known = known.clone();
                (0..said.forms().count()).map(move |form| [known.clone(), vec![form]].concat())
            };
            known.iter().flat_map(longer).collect()
        })
    }
}

fn keeps_limits(text: &str, channel: &Channel) -> bool {
    let within = |found: usize, limit: u32| limit == 0 || found <= limit as usize;
    within(counted(text, channel), channel.text_limit)
        && within(text.len(), channel.byte_limit)
        && within(tags_in(text, channel).len(), channel.hashtag_max)
        && within(links_in(text, channel), channel.url_max)
}

/// The parts tile the text, by each kind of offset.
fn tiles(composed: &Composed) -> Result<(), TestCaseError> {
    let text = &composed.text;
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let mut end = Offset::default();
    for part in &composed.parts {
        let Span { start, end: until } = part.span;
        prop_assert_eq!(start, end);
        end = until;
        prop_assert_eq!(&text[start.utf8..until.utf8], part.text.as_str());
        let by_points: String =
            text.chars().skip(start.code_points).take(until.code_points - start.code_points).collect();
        prop_assert_eq!(&by_points, &part.text);
        prop_assert_eq!(String::from_utf16(&utf16[start.utf16..until.utf16]).unwrap(), part.text.as_str());
    }
    prop_assert_eq!((end.utf8, end.utf16, end.code_points), (text.len(), utf16.len(), text.chars().count()));
    Ok(())
}

/// Every statement stands once in an allowed form, and ends before the fold where it must show: behind
/// many lines it never does. As a tag, it never stands behind a copy that ends
/// in one.
fn says_everything(given: &Given, composed: &Composed) -> Result<(), TestCaseError> {
    for (statement, form) in given.statements.iter().zip(&composed.forms) {
        let said = statement.forms().find(|(known, _)| known == form).map(|(_, text)| text);
        let of_it = |part: &&Part| part.source.as_ref() == Some(&statement.source);
        let standing: Vec<&Part> = composed.parts.iter().filter(of_it).collect();
        prop_assert_eq!(standing.len(), 1);
        prop_assert_eq!(Some(&standing[0].text), said);
        if statement.before_fold() && given.channel.fold > 0 {
            let shown = &composed.text[..standing[0].span.end.utf8];
            prop_assert!(counted(shown, &given.channel) <= given.channel.fold as usize * 4 / 5);
            let written = |part: &&Part| matches!(part.role, Role::Comment | Role::Copy);
            let earlier = composed.parts.iter().take_while(|part| !of_it(part)).filter(written);
            let breaks: usize = earlier.map(|part| part.text.matches('\n').count()).sum();
            prop_assert!(breaks <= LINE_BREAKS, "behind {breaks} line breaks");
        }
        let copy = composed.parts.iter().find(|part| part.role == Role::Copy).unwrap();
        let is_behind = standing[0].span.start > copy.span.start;
        if *form == Form::Tag && standing[0].role == Role::Disclaimer && is_behind {
            prop_assert!(!given.copy.ends_with("#Water"), "among hashtags: {}", composed.text);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn r14_what_is_composed_fits_and_says_everything(given in given()) {
        let result = compose(&given.ingredients());
        prop_assert_eq!(&result, &compose(&given.ingredients()), "the same again");
        let Ok(composed) = result else { return Ok(()) };
        prop_assert!(keeps_limits(&composed.text, &given.channel));
        tiles(&composed)?;
        says_everything(&given, &composed)?;
        let texts = |role| composed.parts.iter().filter(move |part| part.role == role).map(|part| &*part.text);
        prop_assert_eq!(texts(Role::Copy).collect::<Vec<_>>(), [given.copy.as_str()]);
        prop_assert_eq!(texts(Role::Comment).next(), given.comment.as_deref());
        prop_assert_eq!(texts(Role::Link).next(), given.link.as_deref());
        let first_tag = composed.parts.iter().position(|part| part.role == Role::Hashtag);
        let last_said = composed.parts.iter().rposition(|part| part.role == Role::Disclaimer);
        prop_assert!(first_tag.zip(last_said).is_none_or(|(tag, said)| said < tag), "in the hashtags");
        let folded: Vec<String> = tags_in(&composed.text, &given.channel);
        for tag in texts(Role::Hashtag) {
            let same = fold_case(tag.trim_start_matches('#'));
            prop_assert_eq!(folded.iter().filter(|found| **found == same).count(), 1, "{} repeated", tag);
        }
    }

    #[test]
    fn r14_a_refused_text_fits_in_no_allowed_form(given in given()) {
        let Err(Refusal::TooLong { excess, .. }) = compose(&given.ingredients()) else { return Ok(()) };
        prop_assert!(excess > 0);
        for forms in given.every_choice_of_forms() {
            for early in [false, true] {
                prop_assert!(!given.would_fit(&forms, early), "{forms:?} early: {early}");
            }
        }
    }

    #[test]
    fn a_hashtag_gives_way_only_where_it_must(given in given()) {
        let Ok(composed) = compose(&given.ingredients()) else { return Ok(()) };
        // A tag that a disclaimer may say is never added; the next one that might be is what gave way.
        let said: Vec<String> = given.statements.iter().flat_map(Statement::forms)
            .flat_map(|(_, text)| tags_in(text, &given.channel)).collect();
        let may_be_added = |tag: &&String| !said.contains(&fold_case(tag));
        let Some(next) = composed.dropped.iter().find(may_be_added) else { return Ok(()) };
        // With the same forms, one hashtag more breaks a limit.
        let tags = composed.parts.iter().filter(|part| part.role == Role::Hashtag).count();
        let separator = if tags == 0 { "\n\n" } else { " " };
        let link = composed.parts.iter().position(|part| part.role == Role::Link);
        let before = link.map_or(composed.parts.len(), |link| link - 1);
        let (head, tail) = composed.parts.split_at(before);
        let text = |parts: &[Part]| parts.iter().map(|part| part.text.as_str()).collect::<String>();
        let longer = format!("{}{separator}#{next}{}", text(head), text(tail));
        prop_assert!(!keeps_limits(&longer, &given.channel), "{longer}");
    }
}
