use super::*;

#[test]
fn a_rule_looks_at_its_scopes_and_languages() {
    let mut one = rule(json!({"phrases": {"any_of": ["a"]}}));
    one.scope = vec![Scope::Comment];
    one.languages = vec!["nl".to_owned(), "zh-Hant".to_owned()];
    one.severity = Severity::Warn;
    let policy = policy([one]);
    for (scope, language, count) in [
        (Scope::Comment, Some("nl"), 1),
        (Scope::Comment, Some("nl-BE"), 1),
        (Scope::Comment, Some("zh-Hant-TW"), 1),
        (Scope::Comment, Some("zh"), 0),
        // Nobody knows in which language a comment is.
        (Scope::Comment, None, 1),
        (Scope::Copy, Some("nl"), 0),
        (Scope::Alt, None, 0),
    ] {
        let found = policy.check(&Subject { scope, language, ..subject("a") });
        assert_eq!(found.len(), count, "{scope:?} {language:?}");
        assert!(found.iter().all(|found| found.severity == Severity::Warn && found.reason == "b"));
    }
}

#[test]
fn a_rule_looks_at_copies_of_its_languages() {
    let mut one = rule(json!({"phrases": {"any_of": ["a"]}}));
    one.scope = vec![Scope::Copy];
    one.languages = vec!["nl".to_owned(), "zh-Hant".to_owned()];
    let policy = policy([one]);
    for (language, count) in [("nl", 1), ("nl-BE", 1), ("zh-Hant-TW", 1), ("zh", 0), ("nld", 0)] {
        let found = policy.check(&Subject { scope: Scope::Copy, language: Some(language), ..subject("a") });
        assert_eq!(found.len(), count, "{language}");
    }
}

#[test]
fn a_code_name_is_secret_until_its_date() {
    let until = Time::parse("2026-03-01T09:00:00Z").unwrap();
    let policy =
        policy([rule(json!({"code_names": {"any_of": ["Project Zwaan"], "until": "2026-03-01T09:00:00Z"}}))]);
    for (now, count) in [(0, 1), (until.micros() - 1, 1), (until.micros(), 0)] {
        let found = policy.check(&Subject { now: Time::from_micros(now), ..subject("over project zwaan") });
        assert_eq!(found.len(), count);
    }
}

#[test]
fn wording_is_required_of_copies_about_its_topics() {
    let mut wording = rule(json!({
        "required_wording": {"topics": ["beleggen"], "any_of": ["Beleggen kent risico's", "uw inleg"]},
    }));
    wording.languages = vec!["nl".to_owned()];
    let policy = policy([wording]);
    let topics = ["beleggen".to_owned()];
    let check = |text, topics| policy.check(&Subject { topics, ..subject(text) });
    let missing = check("Koop nu", &topics[..]);
    assert_eq!((missing.len(), missing[0].code, missing[0].span), (1, "required_wording", None));
    assert_eq!(check("BELEGGEN kent\nrisico’s.", &topics), []);
    assert_eq!(check("Koop nu", &[]), []);
    assert_eq!(check("Koop nu", &["sparen".to_owned()]), []);
    assert_eq!(policy.check(&Subject { topics: &topics, scope: Scope::Comment, ..subject("a") }), []);
    assert_eq!(policy.check(&Subject { topics: &topics, language: Some("en"), ..subject("a") }), []);
}

#[test]
fn links_lead_to_allowed_domains_only() {
    let policy = policy([rule(json!({"link_domains": {"allowed": ["zuiver.nl", "münchen.de"]}}))]);
    let text = "Zie www.zuiver.nl, https://zuìver.nl/x en muenchen.de (of MÜNCHEN.de/a)";
    let expected = [("link_domain", "https://zuìver.nl/x"), ("link_domain", "muenchen.de")];
    assert_eq!(finds(&policy, text), expected);
}

#[test]
fn patterns_look_at_the_text_as_it_is_written() {
    let policy = policy([
        rule(json!({"patterns": {"any_of": [r"\bABC-\d{3}\b", "(?i)geheim[a-z]*"]}})),
        rule(json!({"patterns": {"any_of": ["^Let op"]}})),
    ]);
    let text = "é Let op: ABC-123, abc-123, ABC-1234, Geheimen";
    assert_eq!(finds(&policy, text), [("pattern", "ABC-123"), ("pattern", "Geheimen")]);
    assert_eq!(finds(&policy, "Let op"), [("pattern", "Let op")]);
}

#[test]
fn r09_a_rule_that_cannot_be_made_ready_is_broken() {
    for (condition, reason) in [
        (json!({"patterns": {"any_of": ["a", "(b"]}}), "unclosed group (at character 1)"),
        (json!({"phrases": {"any_of": ["\u{AD}"]}}), "nothing is left of a phrase to look for"),
        (json!({"link_domains": {"allowed": ["*.nl"]}}), "*.nl is no name of a host"),
        (
            json!({"personal_data": {"kinds": ["phone"], "national_phone": "0*"}}),
            "the pattern of national phone numbers: it matches the empty text, or nothing at all",
        ),
    ] {
        let rules =
            vec![(source(1), rule(json!({"patterns": {"any_of": ["a"]}}))), (source(2), rule(condition))];
        assert_eq!(Policy::new(rules).unwrap_err(), Broken { rule: source(2), reason: reason.to_owned() });
    }
}

#[test]
fn patterns_are_refused_in_words() {
    for (pattern, reason) in [
        ("a{2", "unclosed counted repetition (at character 2)"),
        (r"(a)\1", "backreferences are not supported (at character 4)"),
        ("(?=a)", "look-around, including look-ahead and look-behind, is not supported (at character 1)"),
        ("a*", "it matches the empty text, or nothing at all"),
        (r"\b", "it matches the empty text, or nothing at all"),
        ("[a&&b]", "it matches the empty text, or nothing at all"),
        (r"\p{Letters}", "Unicode property not found (at character 1)"),
    ] {
        assert_eq!(pattern_error(pattern), reason, "{pattern}");
    }
    assert!(pattern_error(r"\w{500}").starts_with("it needs more than"));
    for fine in [r"\b\d{4}\s?[A-Z]{2}\b", r"(?i)\bgratis\s+\p{L}{1,20}", r"[\w.]+@[\w.]+"] {
        assert!(super::pattern(fine).is_ok(), "{fine}");
    }
}

fn pattern_error(text: &str) -> String {
    super::pattern(text).unwrap_err()
}

#[test]
fn a_policy_without_rules_finds_nothing() {
    assert_eq!(Policy::default().check(&subject("a")), []);
    assert_eq!(policy([]).check(&subject("a")), []);
}

/// What the block of a tag finds in a text.
fn blocked_in<'a>(tag: &str, text: &'a str) -> Vec<&'a str> {
    let policy = policy([blocked(tag)]);
    let found = finds(&policy, text);
    assert!(found.iter().all(|(code, _)| *code == "blocked_hashtag"));
    found.into_iter().map(|(_, place)| place).collect()
}

#[test]
fn r18_a_blocked_tag_is_found_in_each_spelling() {
    for (text, place) in [
        ("Bye #Foo!", "#Foo"),
        ("#FOO", "#FOO"),
        ("＃ＦＯＯ en meer", "＃ＦＯＯ"),
        ("#Fоо", "#Fоо"),
        ("#F\u{200B}o\u{AD}o", "#F\u{200B}o\u{AD}o"),
        ("#\u{2060}Foo", "#\u{2060}Foo"),
        ("#𝐅𝐨𝐨", "#𝐅𝐨𝐨"),
        ("(#foo)", "#foo"),
        ("今日は#foo", "#foo"),
    ] {
        assert_eq!(blocked_in("Foo", text), [place], "{text:?}");
    }
    assert_eq!(blocked_in("Foo", "#foo en #Foo"), ["#foo", "#Foo"]);
    assert_eq!(blocked_in("Plan_2027", "#plan_2027"), ["#plan_2027"]);
    assert_eq!(blocked_in("Café", "#CAFE\u{301}"), ["#CAFE\u{301}"]);
    assert_eq!(blocked_in("नमस्ते", "#नमस्ते!"), ["#नमस्ते"]);
    assert_eq!(blocked_in("日本", "#日本、"), ["#日本"]);
}

#[test]
fn a_blocked_tag_is_all_of_a_tag() {
    for text in ["Foo", "# Foo", "#FooBar", "#Foo_Bar", "#Foo2", "#aFoo", "#BarFoo", "a#Foo", "#Fóo", "@Foo"]
    {
        assert_eq!(blocked_in("Foo", text), [""; 0], "{text:?}");
    }
    assert_eq!(blocked_in("日本", "#日本語"), [""; 0]);
    assert_eq!(blocked_in("Cafe", "#Café #Cafe\u{301}"), [""; 0]);
    assert_eq!(blocked_in("FooBar", "#Foo_Bar #Foo #Bar"), [""; 0]);
}

#[test]
fn a_blocked_tag_and_a_phrase_of_its_letters_keep_their_edges() {
    let policy = policy([blocked("Foo"), rule(json!({"phrases": {"any_of": ["#foo"]}}))]);
    assert_eq!(finds(&policy, "#foo"), [("blocked_hashtag", "#foo"), ("phrase", "#foo")]);
    assert_eq!(finds(&policy, "#foo_bar"), [("phrase", "#foo")]);
    for scope in [Scope::Copy, Scope::Comment, Scope::Alt] {
        let subject = Subject { scope, language: None, ..subject("#foo_bar #foo") };
        assert_eq!(policy.check(&subject).iter().filter(|found| found.code == "blocked_hashtag").count(), 1);
    }
}
