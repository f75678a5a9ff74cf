use super::*;

#[test]
fn spellings_of_a_phrase_are_found() {
    for (phrase, text, expected) in [
        ("gratis wijn", "Nu gratis wijn!", "gratis wijn"),
        // Case, full-width letters and ligatures.
        ("wijn", "WIJN", "WIJN"),
        ("WIJN", "wijn", "wijn"),
        ("wijn", "ｗｉｊｎ!", "ｗｉｊｎ"),
        ("wijn", "(ＷＩＪＮ)", "ＷＩＪＮ"),
        ("offici\u{EB}le", "OFFICIE\u{308}LE", "OFFICIE\u{308}LE"),
        ("wijn", "w\u{133}n", "w\u{133}n"),
        ("straße", "STRASSE", "STRASSE"),
        ("strasse", "Straße", "Straße"),
        ("οδος", "ΟΔΟΣ", "ΟΔΟΣ"),
        ("ΟΔΟΣ", "οδός οδος", "οδος"),
        ("istanbul", "İstanbul", "İstanbul"),
        ("İstanbul", "ISTANBUL", "ISTANBUL"),
        ("diyarbakır", "DİYARBAKIR", "DİYARBAKIR"),
        // Look-alikes, first folded or first taken for what they look like.
        ("paypal", "PAYPAL", "PAYPAL"),
        ("paypal", "paypaI", "paypaI"),
        ("paypal", "paypa1", "paypa1"),
        ("PayPal", "рауpаl", "рауpаl"),
        ("PayPal", "РАУРАL", "РАУРАL"),
        ("mail", "МАIL", "МАIL"),
        ("google", "g00gle", "g00gle"),
        ("нет", "НЕТ", "НЕТ"),
        // Line breaks and other blanks, and what has no shape.
        ("gratis wijn", "gratis\n\n wijn", "gratis\n\n wijn"),
        ("gratis  wijn", "gratis\u{A0}wijn", "gratis\u{A0}wijn"),
        ("gratis wijn", "gra\u{AD}tis\u{200B} wi\u{200D}jn", "gra\u{AD}tis\u{200B} wi\u{200D}jn"),
        ("e-mail", "e–mail", "e–mail"),
        ("No4", "kamer №4", "№4"),
        ("№5", "kamer No5", "No5"),
        ("tel", "℡ 030", "℡"),
        // Neighbours that are no words.
        ("wijn", "👍wijn👍", "wijn"),
        ("wijn", "#wijn, x", "wijn"),
        ("wijn", "“wijn”¹", "wijn"),
        ("C++", "in C++.", "C++"),
        ("👍", "op👍🏽!", "👍🏽"),
        // Other scripts.
        ("مجانا", "شحن مجانا اليوم", "مجانا"),
        ("मुफ़्त शराब", "आज मुफ़्त\nशराब है", "मुफ़्त\nशराब"),
        ("無料", "今日は無料です", "無料"),
        ("ワイン", "無料ﾜｲﾝです", "ﾜｲﾝ"),
        ("AI", "新しいAIの時代", "AI"),
        ("위스키", "위스키를 무료로", "위스키"),
        ("ไวน์", "ดื่มไวน์ฟรี", "ไวน์"),
    ] {
        assert_eq!(found(&[phrase], text), [expected], "{phrase} in {text}");
    }
}

#[test]
fn words_of_hashtags_are_told_by_capitals_and_digits() {
    for (phrase, text, expected) in [
        ("Zwaan", "met #ProjectZwaan2027 erbij", "Zwaan"),
        ("Project Zwaan", "met #ProjectZwaan2027 erbij", "ProjectZwaan"),
        ("Project Zwaan", "＃project_zwaan", "project_zwaan"),
        ("AFM", "#AFMRegels", "AFM"),
        ("regels", "#AFMRegels", "Regels"),
        ("2027", "#Zwaan2027Plan", "2027"),
        ("Zwaan", "#ЅtopZw\u{200B}аan", "Zw\u{200B}аan"),
    ] {
        assert_eq!(found(&[phrase], text), [expected], "{phrase} in {text}");
    }
    for (phrase, text) in [
        ("zwaan", "#zwaantjes"),
        ("zwaan", "#Parelzwaan"),
        ("zwaan", "ProjectZwaan"),
        ("Project Zwaan", "projectzwaan"),
        ("script", "JavaScript, geen #javascript"),
        ("AF", "#AFMRegels"),
        ("27", "#Zwaan2027"),
    ] {
        assert_eq!(found(&[phrase], text), [""; 0], "{phrase} in {text}");
    }
}

#[test]
fn phrases_within_one_another_are_told_once() {
    let nested: Vec<String> = (1..=200).map(|length| "q".repeat(length)).collect();
    let rule = rule(json!({"phrases": {"any_of": nested, "within_words": true}, }));
    let policy = policy([rule]);
    let text = "q".repeat(10_000);
    let active = [true];
    assert!(policy.phrases.find(&text, &active).len() <= text.len());
    assert_eq!(finds(&policy, &text).len(), MAX_FINDS);
    assert_eq!(finds(&policy, "qqq a qq"), [("phrase", "qqq"), ("phrase", "qq")]);
}

#[test]
fn what_a_reader_takes_for_another_word_is_not_found() {
    for (phrase, text) in [
        ("wijn", "wijnen"),
        ("wijn", "rodewijn"),
        ("wijn", "2wijn wijn3"),
        ("wijn", "wijn\u{AD}bar"),
        ("cafe", "café cafe\u{301}"),
        // A capital I is an i, which a small l is not.
        ("AI", "Al met al"),
        ("al", "ai"),
        // Two letters are no third one, and a number is no word.
        ("stem", "stern"),
        ("bom", "born"),
        ("lol", "kamer 101"),
        ("101", "lol"),
        ("gratis wijn", "gratiswijn, gratis, wijn"),
        ("हिन्द", "हिन्दी"),
        ("ก", "กิน"),
    ] {
        assert_eq!(found(&[phrase], text), [""; 0], "{phrase} in {text}");
    }
}

#[test]
fn a_flag_is_found_whole_and_not_between_two_others() {
    for found in [found, found_within] {
        for (phrase, text) in [("🇳🇱", "🇧🇳🇱🇧"), ("🇳🇱", "🇳🇳🇱🇱🇧🇪"), ("🇳", "🇧🇳🇱🇧"), ("🇱🇧", "🇳🇱🇧🇪")]
        {
            assert_eq!(found(&[phrase], text), [""; 0], "{phrase} in {text}");
        }
        for (phrase, text) in
            [("🇳🇱", "hup🇳🇱!"), ("🇳🇱", "🇧🇪🇳🇱🇧🇪"), ("🇧🇪 🇳🇱", "🇳🇱🇧🇪 🇳🇱🇧🇪"), ("🇳🇱", "🇧🇪\u{200B}🇳🇱")]
        {
            assert_eq!(found(&[phrase], text), [phrase], "{phrase} in {text}");
        }
    }
}

#[test]
fn within_words_means_anywhere_but_before_an_accent() {
    assert_eq!(found_within(&["wijn"], "rodewijnen WIJN\u{AD}bar"), ["wijn", "WIJN"]);
    assert_eq!(found_within(&["straß"], "STRASSEN"), ["STRASS"]);
    assert_eq!(found_within(&["cafe"], "cafés cafe\u{301}s"), [""; 0]);
    assert_eq!(found_within(&["हिन्द"], "हिन्दी"), ["हिन्दी"]);
}

#[test]
fn of_one_rule_the_leftmost_and_longest_count_and_rules_do_not_hide_each_other() {
    assert_eq!(found(&["a b", "a b c", "d"], "a b c d"), ["a b c", "d"]);
    // Where several end at one place the longest stands for them.
    assert_eq!(found(&["a b c", "b c d", "d"], "a b c d"), ["a b c"]);
    let policy = policy([
        rule(json!({"phrases": {"any_of": ["a b"]}})),
        rule(json!({"code_names": {"any_of": ["b c"], "until": "2026-01-01T00:00:00Z"}})),
        rule(json!({"phrases": {"any_of": ["a b"]}})),
    ]);
    let violations = policy.check(&subject("é a b c"));
    let told: Vec<_> =
        violations.iter().map(|found| (found.rule.clone(), found.code, found.span.unwrap().start)).collect();
    let offset = |code_points, utf8| crate::domain::span::Offset { code_points, utf16: code_points, utf8 };
    let expected = [
        (source(0), "phrase", offset(2, 3)),
        (source(2), "phrase", offset(2, 3)),
        (source(1), "code_name", offset(4, 5)),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_rule_tells_so_many_places_and_no_more() {
    assert_eq!(found(&["a"], &"a ".repeat(100)).len(), MAX_FINDS);
    let patterns = policy([rule(json!({"patterns": {"any_of": ["a+"]}}))]);
    assert_eq!(finds(&patterns, &"a ".repeat(1000)).len(), MAX_FINDS);
}

#[test]
fn what_lies_within_an_exception_does_not_count() {
    let mut wine = rule(json!({"phrases": {"any_of": ["wijn"]}}));
    wine.exceptions = vec!["alcoholvrije wijn".to_owned(), "W1JN".to_owned()];
    wine.exceptions.truncate(1);
    assert_eq!(finds(&policy([wine]), "ALCOHOLVRIJE\nwijn en wijn"), [("phrase", "wijn")]);

    let mut within = rule(json!({"phrases": {"any_of": ["las"], "within_words": true}}));
    within.exceptions = vec!["glas".to_owned()];
    assert_eq!(finds(&policy([within]), "glazen, glasplaat, plas"), [("phrase", "las")]);

    let mut email = rule(json!({"personal_data": {"kinds": ["email"]}}));
    email.exceptions = vec!["info@zuiver.nl".to_owned()];
    let text = "Info@Zuiver.nl, info@zuiver.nl.eu, x.info@zuiver.nl";
    assert_eq!(finds(&policy([email]), text).len(), 2);
}
