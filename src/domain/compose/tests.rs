#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::domain::channels::Channels;
use crate::domain::content::Disclaimer;
use crate::domain::counting::units;
use crate::domain::disclaimers::tests::{live, organisation, resolved};
use crate::domain::revision::Resolved;

static CHANNELS: LazyLock<Channels> = LazyLock::new(|| Channels::defaults().unwrap());
static POST: LazyLock<Source> = LazyLock::new(|| resolved("post", 1, ()).source());
static LIVE: LazyLock<Vec<Resolved<Disclaimer>>> = LazyLock::new(live);

fn channel(name: &str) -> &'static Channel {
    CHANNELS.get(&name.into()).unwrap()
}

/// The statements of these disclaimers in Dutch, by rank.
fn statements(keys: &[&str]) -> Vec<Statement> {
    let mut found: Vec<_> = LIVE.iter().filter(|known| keys.contains(&known.key.as_str())).collect();
    found.sort_by_key(|known| known.content.rank);
    let written = |known: &Resolved<Disclaimer>| Statement::new(known, "nl", &organisation(), Some("ANP"));
    found.into_iter().map(|known| written(known).unwrap()).collect()
}

fn tags(tags: &[&str]) -> Vec<Tag> {
    let tag = |tag: &&str| Tag {
        tag: (*tag).to_owned(),
        source: resolved("tag", 1, ()).source(),
        is_required: false,
    };
    tags.iter().map(tag).collect()
}

fn plain<'a>(name: &str, copy: &'a str, statements: &'a [Statement]) -> Ingredients<'a> {
    Ingredients {
        channel: channel(name),
        source: &POST,
        copy,
        comment: None,
        statements,
        credit: None,
        hashtags: &[],
        link: None,
    }
}

fn roles(composed: &Composed) -> Vec<Role> {
    let roles = composed.parts.iter().map(|part| part.role);
    roles.filter(|role| *role != Role::Separator).collect()
}

#[test]
fn parts_stand_in_their_order() {
    let statements = statements(&["rewarded", "employee", "own-opinion", "source-credit"]);
    let hashtags = tags(&["Water", "WerkenBij"]);
    let composed = compose(&Ingredients {
        comment: Some("Trots!"),
        hashtags: &hashtags,
        link: Some("https://zuiver.example/"),
        ..plain("x", "Kom langs.", &statements)
    })
    .unwrap();
    let expected = "Reclame: ik krijg een beloning voor het delen van dit bericht.\n\nTrots!\n\nKom langs.\n\n\
                    Voor de duidelijkheid: ik werk bij Zuiver Water.\n\n\
                    Eigen mening.\n\n(ANP)\n\n#Water #WerkenBij\n\nhttps://zuiver.example/";
    let long = expected
        .replace("Eigen mening.", "Meningen zijn van mij en niet per se van mijn werkgever.")
        .replace("(ANP)", "Bron: ANP");
    assert_eq!(composed.text, long);
    use Role::{Comment, Copy, Credit, Disclaimer, Hashtag, Link};
    let order = [Disclaimer, Comment, Copy, Disclaimer, Disclaimer, Credit, Hashtag, Hashtag, Link];
    assert_eq!(roles(&composed), order);
}

#[test]
fn r14_what_must_show_moves_before_the_fold_and_shortens_for_it() {
    let statements = statements(&["employee"]);
    let long = "a".repeat(300);
    for (name, copy, text) in [
        ("linkedin", "Kort.", "Kort.\n\nVoor de duidelijkheid: ik werk bij Zuiver Water."),
        ("linkedin", &long, &format!("Voor de duidelijkheid: ik werk bij Zuiver Water.\n\n{long}")),
    ] {
        assert_eq!(compose(&plain(name, copy, &statements)).unwrap().text, text);
    }
    let mut small = channel("linkedin").clone();
    for (fold, first) in [(40, "Ik werk bij Zuiver Water."), (30, "#ZuiverWatermedewerker")] {
        small.fold = fold;
        let composed = compose(&Ingredients { channel: &small, ..plain("x", &long, &statements) }).unwrap();
        assert_eq!(composed.parts[0].text, first);
    }
    small.fold = 20;
    let refusal = compose(&Ingredients { channel: &small, ..plain("x", &long, &statements) }).unwrap_err();
    assert!(matches!(refusal, Refusal::TooLong { limit: Limit::Fold, excess: 6, .. }));
    assert_eq!(refusal.fault("/channel").code, "behind_fold");
}

#[test]
fn r14_what_must_show_stands_before_texts_of_many_lines() {
    let statements = statements(&["employee"]);
    let said = "Voor de duidelijkheid: ik werk bij Zuiver Water.";
    let with = |name, comment, copy| {
        compose(&Ingredients { comment, ..plain(name, copy, &statements) }).unwrap().text
    };
    let lines = "a\nb\nc\nd\ne\nf";
    for (comment, copy) in [(None, lines), (Some(lines), "Kort."), (Some("a\nb\n\nc"), "d\n\ne")] {
        let together = comment.into_iter().chain([copy]).collect::<Vec<_>>().join("\n\n");
        for name in ["linkedin", "facebook", "instagram_feed"] {
            assert_eq!(with(name, comment, copy), format!("{said}\n\n{together}"), "{name}");
        }
        // X shows the whole post.
        assert_eq!(with("x", comment, copy), format!("{together}\n\n{said}"));
    }
    // Paragraphs move nothing, nor do the blank lines between the parts.
    assert_eq!(with("linkedin", Some("Eén.\n\nTwee."), "Drie."), format!("Eén.\n\nTwee.\n\nDrie.\n\n{said}"));
}

#[test]
fn a_disclaimer_as_a_tag_never_follows_the_hashtags_that_a_copy_ends_with() {
    let mut statements = statements(&["employee", "own-opinion"]);
    let (employee, opinion) = ("#ZuiverWatermedewerker", "#eigenmening");
    let with = |statements: &[Statement], copy: &str| {
        compose(&Ingredients { comment: Some("Trots!"), ..plain("x", copy, statements) }).unwrap().text
    };
    let full = [statements[0].longest.1.clone(), statements[1].longest.1.clone()];
    let ends_in_tags = "Kom langs #Open #WerkenBij! 🌊";
    let plain_order = |copy: &str, said: [&str; 2]| format!("Trots!\n\n{copy}\n\n{}\n\n{}", said[0], said[1]);
    assert_eq!(with(&statements, ends_in_tags), plain_order(ends_in_tags, [&full[0], &full[1]]));
    for statement in &mut statements {
        statement.longest = statement.shorter.pop().unwrap();
    }
    for copy in ["Kom langs.", "Kom #Open langs", "Nummer # 1", "Schrijf C#"] {
        assert_eq!(with(&statements, copy), plain_order(copy, [employee, opinion]));
    }
    let others =
        ["Kom (#Open)", "Kom langs …#Open", "Kom 👉#Open", "Kom #Open https://a.nl/b", "Kom #Open a.nl!"];
    for copy in [ends_in_tags, "Kom langs\n＃Open"].into_iter().chain(others) {
        let expected = format!("{employee}\n\n{opinion}\n\nTrots!\n\n{copy}");
        assert_eq!(with(&statements, copy), expected);
    }
    // What is said in words stays where it is.
    statements[0].longest.0 = Form::Full;
    let expected = format!("{opinion}\n\nTrots!\n\n{ends_in_tags}\n\n{employee}");
    assert_eq!(with(&statements, ends_in_tags), expected);
}

#[test]
fn too_many_hashtags_are_told_by_what_the_writer_can_change() {
    let statements = statements(&["employee", "own-opinion"]);
    let excess = |name, comment, copy| {
        let ingredients = Ingredients { comment, ..plain(name, copy, &statements) };
        match compose(&ingredients).unwrap_err() {
            Refusal::TooLong { limit: Limit::Hashtags, excess, .. } => excess,
            _ => 0,
        }
    };
    // Threads takes one, Instagram five.
    assert_eq!(excess("threads", None, "#a1 en #b2"), 1);
    assert_eq!(excess("threads", Some("#a #b"), "Kom."), 1);
    assert_eq!(excess("instagram_feed", None, "#a #b #c #d #e #f"), 1);
    assert_eq!(excess("instagram_feed", Some("#f"), "#a #b #c #d #e"), 1);
}

#[test]
fn r10_a_required_hashtag_never_gives_way() {
    let mut hashtags = tags(&["Een", "Twee", "Drie"]);
    for at in [1, 2] {
        hashtags[at].is_required = true;
    }
    let composed = |name, letters: usize| {
        let copy = "a".repeat(letters);
        let found = compose(&Ingredients { hashtags: &hashtags, ..plain(name, &copy, &[]) });
        found.map(|mut composed| (composed.text.split_off(letters), composed.dropped))
    };
    assert_eq!(composed("x", 10).unwrap(), ("\n\n#Twee #Drie #Een".to_owned(), vec![]));
    // X takes 280, of which two blank lines and both tags are 13.
    assert_eq!(composed("x", 267).unwrap(), ("\n\n#Twee #Drie".to_owned(), vec!["Een".to_owned()]));
    assert!(matches!(composed("x", 268), Err(Refusal::TooLong { limit: Limit::Text, excess: 1, .. })));
    // Threads takes one.
    assert!(matches!(composed("threads", 10), Err(Refusal::TooLong { limit: Limit::Hashtags, .. })));
    let room = |hashtags| {
        comment_room(&Ingredients { comment: Some("a"), hashtags, ..plain("x", &"a".repeat(200), &[]) })
    };
    assert_eq!(room(&hashtags), room(&[]).map(|room| room - 13));
}

#[test]
fn concessions_are_made_in_their_order() {
    let statements = statements(&["employee", "own-opinion", "source-credit"]);
    let hashtags = tags(&["Een", "Twee"]);
    let link = Some("https://zuiver.example/");
    let forms = |letters: usize| {
        let copy = "a".repeat(letters);
        let ingredients = Ingredients { hashtags: &hashtags, link, ..plain("x", &copy, &statements) };
        let composed = compose(&ingredients).map_err(|refusal| refusal.fault("").extra["excess"].clone())?;
        let kept = roles(&composed).iter().filter(|role| **role == Role::Hashtag).count();
        Ok((kept, composed.forms, composed.count.units))
    };
    use Form::{Full, Short, Tag};
    // Besides the copy there are 156: employee 48, own-opinion 56, credit 9, hashtags 4 and 5, link 23,
    // separators 11. Each row is the longest copy that fits with what was conceded so far.
    let rows = [
        (124, 2, [Full, Full, Full]),
        (130, 1, [Full, Full, Full]),
        (136, 0, [Full, Full, Full]),
        (140, 0, [Full, Full, Short]),
        (183, 0, [Full, Short, Short]),
        (206, 0, [Short, Short, Short]),
        (207, 0, [Short, Tag, Short]),
        (210, 0, [Tag, Tag, Short]),
    ];
    for (letters, kept, expected) in rows {
        let (found, said, units) = forms(letters).unwrap();
        assert_eq!((found, units), (kept, 280), "{letters}");
        // By rank: employee, source-credit, own-opinion.
        let [employee, own_opinion, credit] = expected;
        assert_eq!(said, [employee, credit, own_opinion], "{letters}");
    }
    let excess: Result<_, serde_json::Value> = forms(300);
    assert_eq!(excess.unwrap_err(), 90);
}

#[test]
fn r18_copy_and_comment_are_never_cut() {
    let copy = "a".repeat(281);
    let refusal = compose(&plain("x", &copy, &[])).unwrap_err();
    let fault = refusal.fault("/copy_id");
    assert_eq!((refusal.code().slug(), fault.extra["excess"].clone()), ("too_long", 1.into()));
    assert_eq!(fault.extra["parts"], serde_json::json!([{"role": "copy", "units": 281}]));
}

#[test]
fn r14_a_channel_without_text_carries_no_disclaimer() {
    let statements = statements(&["employee"]);
    let refusal = compose(&plain("instagram_story", "a", &statements)).unwrap_err();
    assert_eq!(refusal.code().slug(), "channel_cannot_carry_disclaimer");
    assert_eq!(compose(&plain("instagram_story", "a", &[])).unwrap().text, "");
}

#[test]
fn hashtags_are_not_repeated_nor_more_than_the_channel_takes() {
    let hashtags = tags(&["Water", "WATER", "Werk", "c", "d", "e", "f", "g"]);
    let with = |name, copy| {
        let composed = compose(&Ingredients { hashtags: &hashtags, ..plain(name, copy, &[]) }).unwrap();
        composed.text
    };
    assert_eq!(with("x", "Het #ｗater!"), "Het #ｗater!\n\n#Werk #c #d #e #f #g");
    assert_eq!(with("instagram_feed", "Het #ander"), "Het #ander\n\n#Water #Werk #c #d");
    assert_eq!(with("threads", "Het"), "Het\n\n#Water");
    assert_eq!(with("email", "Het"), "Het");
}

#[test]
fn characters_that_a_channel_refuses_are_named() {
    let refusal = compose(&plain("youtube", "a < b", &[])).unwrap_err();
    assert_eq!(refusal, Refusal::ForbiddenCharacter(Role::Copy, '<'));
}

#[test]
fn a_comment_has_exactly_its_room() {
    let statements = statements(&["employee", "own-opinion"]);
    let with = |comment: &str| {
        let base = plain("x", "Kom langs bij de open dag.", &statements);
        let ingredients = Ingredients { comment: Some(comment), ..base };
        (compose(&ingredients), comment_room(&ingredients))
    };
    let room = with("a").1.unwrap();
    assert!(with(&"a".repeat(room)).0.is_ok());
    let refusal = with(&"a".repeat(room + 1)).0.unwrap_err();
    assert!(matches!(refusal, Refusal::TooLong { limit: Limit::Text, excess: 1, .. }));
}

const KEYS: [&str; 9] = [
    "employee",
    "employer-ad",
    "rewarded",
    "own-opinion",
    "referral-bonus",
    "investment-risk",
    "medicine-corporate",
    "ai-image",
    "source-credit",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_composed_holds_everything_and_fits(
        at in 0..18_usize,
        copy in "[a-zA-Zé€😀 #.\n]{1,120}",
        comment in proptest::option::of("[a-z😀 ]{1,60}"),
        keys in proptest::sample::subsequence(&KEYS[..], 0..5),
        names in proptest::sample::subsequence(vec!["Een", "Twee", "Drie", "Vier", "Vijf", "Zes"], 0..6),
        link in proptest::option::of(Just("https://zuiver.example/open-dag?utm_source=x")),
    ) {
        let channel = CHANNELS.iter().nth(at).unwrap();
        let (statements, hashtags) = (statements(&keys), tags(&names));
        let ingredients = Ingredients {
            channel, source: &POST, copy: &copy, comment: comment.as_deref(), statements: &statements, credit: None,
            hashtags: &hashtags, link,
        };
        let result = compose(&ingredients);
        prop_assert_eq!(&result, &compose(&ingredients), "the same again");
        let Ok(composed) = result else { return Ok(()) };
        let whole: String = composed.parts.iter().map(|part| part.text.as_str()).collect();
        prop_assert_eq!(&composed.text, &whole);
        prop_assert_eq!(composed.count.excess_units() + composed.count.excess_bytes(), 0);
        if !channel.text_field {
            prop_assert!(statements.is_empty() && whole.is_empty());
            return Ok(());
        }
        let text = |role| composed.parts.iter().find(|part| part.role == role).map(|part| part.text.as_str());
        prop_assert_eq!(text(Role::Copy), Some(copy.as_str()));
        prop_assert_eq!(text(Role::Comment), comment.as_deref());
        prop_assert_eq!(text(Role::Link), link);
        for (statement, form) in statements.iter().zip(&composed.forms) {
            let allowed = std::iter::once(&statement.longest).chain(&statement.shorter);
            let said = allowed.into_iter().find(|(known, _)| known == form).map(|(_, text)| text.as_str());
            let at = composed.parts.iter().position(|part| part.source.as_ref() == Some(&statement.source));
            prop_assert_eq!(at.map(|at| composed.parts[at].text.as_str()), said);
            if statement.before_fold() && channel.fold > 0 {
                let shown: String = composed.parts[..=at.unwrap()].iter().map(|part| &*part.text).collect();
                prop_assert!(units(&shown, channel) <= channel.fold as usize * 4 / 5);
            }
        }
        let last_said = composed.parts.iter().rposition(|part| part.role == Role::Disclaimer);
        let first_tag = composed.parts.iter().position(|part| part.role == Role::Hashtag);
        prop_assert!(last_said.zip(first_tag).is_none_or(|(said, tag)| said < tag));
    }
}
