use proptest::prelude::*;

use super::super::folding::{self, fold};
use super::super::glyphs::Reading;
use super::*;

const READINGS: [Reading; 3] = [Reading::Folded, Reading::Looks, Reading::LooksButI];

/// Text of all kinds: anything at all, and what rules meet.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        ".{0,8}",
        "[a-zA-Z0-9 .,@+\\-]{0,12}",
        "[iI\u{307}\u{323}\u{345}\u{301}ßİıΣςé\u{AD}\u{200D} \n]{0,8}",
        "(नमस्ते|شحن مجاني|今日は無料|가각|👨‍👩‍👧|🏴󠁧󠁢󠁷󠁬󠁳󠁿|1️⃣|NL91 ABNA|06-1234|https://a\\.nl)",
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// A policy with a rule of each kind, and short phrases that are found often.
fn busy() -> Policy {
    policy([
        rule(
            json!({"phrases": {"any_of": ["a", "i", "nl", "ss", "1", "無料", "é", "👨"], "within_words": true}}),
        ),
        rule(json!({"phrases": {"any_of": ["a b", "शराब", "मु", "شحن", "."]}})),
        rule(json!({"patterns": {"any_of": [r"\w+", "[0-9]+ "]}})),
        rule(json!({"personal_data": {
            "kinds": ["iban", "bsn", "payment_card", "phone", "email", "secret"], "national_phone": r"0\d+",
        }})),
        rule(json!({"link_domains": {"allowed": ["example.nl"]}})),
    ])
}

fn full_width(text: &str) -> String {
    let wide = |c: char| match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xFEE0).unwrap(),
        _ => c,
    };
    text.chars().map(wide).collect()
}

/// Characters that look like each small letter, but it and capitals of the same alphabet.
fn look_alikes() -> Vec<(char, Vec<char>)> {
    let look = |c: char| folding::fold(&c.to_string(), Reading::Looks).text;
    let others: Vec<(char, String)> = ('\u{A0}'..='\u{2FFF}')
        .chain('\u{A640}'..='\u{AB6F}')
        .chain('\u{1D400}'..='\u{1D7FF}')
        .map(|c| (c, look(c)))
        .collect();
    let like = |letter: char| {
        let wanted = letter.to_string();
        others.iter().filter(|(c, look)| c.is_alphabetic() && *look == wanted).map(|(c, _)| *c).collect()
    };
    ('a'..='z').map(|letter| (letter, like(letter))).collect()
}

proptest! {
    #[test]
    fn folding_twice_changes_nothing(text in any_text()) {
        for reading in READINGS {
            let once = fold(&text, reading).text;
            prop_assert_eq!(&fold(&once, reading).text, &once);
            let twice = fold(&once, Reading::Folded).text;
            prop_assert_eq!(&twice, &once);
        }
    }

    #[test]
    fn places_lie_on_characters_and_in_order(text in any_text()) {
        let mut last = 0;
        for violation in busy().check(&subject(&text)) {
            let span = violation.span.unwrap();
            let range = span.start.utf8..span.end.utf8;
            prop_assert!(text.get(range.clone()).is_some_and(|place| !place.is_empty()));
            prop_assert!(last <= range.start);
            prop_assert_eq!(span.start.code_points, text[..range.start].chars().count());
            prop_assert_eq!(span.end.utf16, text[..range.end].encode_utf16().count());
            last = range.start;
        }
    }

    #[test]
    fn a_phrase_is_found_in_each_spelling(
        words in proptest::collection::vec("[a-z]{1,8}", 1..4),
        before in any_text(),
        after in any_text(),
        gap in "[ \n\t\u{A0}\u{2009}]{1,3}",
        seed in any::<u64>(),
    ) {
        let phrase = words.join(" ");
        let policy = policy([rule(json!({"phrases": {"any_of": [phrase]}}))]);
        let alike = look_alike(&phrase, seed);
        let upper = phrase.to_uppercase();
        let hidden: String = phrase.chars().flat_map(|c| [c, '\u{AD}']).collect();
        for spelling in [
            phrase.clone(), upper.clone(), full_width(&phrase), full_width(&upper), alike, hidden.clone(), phrase.replace(' ', &gap),
        ] {
            let text = format!("{before} {spelling}, {after}");
            let start = before.len() + 1;
            // What stands before may be the phrase too, twenty times.
            let found = policy.check(&subject(&text));
            let covers = |span: Span| span.start.utf8 <= start && start < span.end.utf8;
            prop_assert!(
                found.len() == MAX_FINDS || found.iter().any(|found| found.span.is_some_and(covers)),
                "{spelling} in {text}"
            );
        }
    }

    #[test]
    fn a_blocked_tag_is_found_in_each_spelling_and_only_whole(
        tag in "[a-z][a-z0-9]{0,9}",
        more in "[a-z0-9]{1,4}",
        seed in any::<u64>(),
    ) {
        let policy = policy([blocked(&tag)]);
        let signed = format!("#{tag}");
        let upper = signed.to_uppercase();
        let hidden: String = signed.chars().flat_map(|c| [c, '\u{200B}']).collect();
        for spelling in
            [signed.clone(), upper.clone(), full_width(&signed), full_width(&upper), look_alike(&signed, seed), hidden]
        {
            let text = format!("Kom, {spelling}!");
            prop_assert_eq!(finds(&policy, &text).len(), 1, "{}", text);
        }
        for other in [tag.clone(), format!("# {tag}"), format!("{signed}{more}"), format!("{signed}_{more}")] {
            prop_assert_eq!(finds(&policy, &other), [], "{}", other);
        }
    }
}

/// A text with look-alikes in the place of some of its letters.
fn look_alike(text: &str, seed: u64) -> String {
    let mut choice = seed;
    let alike = text.chars().map(|c| {
        choice = choice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let others =
            LOOK_ALIKES.iter().find(|(letter, _)| *letter == c).map_or(&[][..], |(_, others)| others);
        let at = usize::try_from(choice >> 33).unwrap() % (others.len() + 1);
        others.get(at).copied().unwrap_or(c)
    });
    alike.collect()
}

static LOOK_ALIKES: std::sync::LazyLock<Vec<(char, Vec<char>)>> = std::sync::LazyLock::new(look_alikes);

#[test]
fn look_alikes_are_those_of_the_table() {
    let of = |wanted: char| LOOK_ALIKES.iter().find(|(letter, _)| *letter == wanted).unwrap().1.clone();
    for (letter, alike) in [('a', 'а'), ('l', 'І'), ('o', 'ο'), ('p', 'р'), ('x', '𝗑'), ('h', 'Н')] {
        assert!(of(letter).contains(&alike), "{letter} {alike}");
    }
}
