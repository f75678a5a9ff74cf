use super::*;

/// What is found of these kinds, by code and place.
fn data<'a>(kinds: Value, national: Option<&str>, text: &'a str) -> Vec<(&'static str, &'a str)> {
    finds(&policy([rule(json!({"personal_data": {"kinds": kinds, "national_phone": national}}))]), text)
}

fn one<'a>(kind: &str, text: &'a str) -> Vec<&'a str> {
    data(json!([kind]), None, text).into_iter().map(|(_, place)| place).collect()
}

fn all(text: &str) -> Vec<(&'static str, &str)> {
    let kinds = json!(["iban", "bsn", "payment_card", "phone", "email", "secret"]);
    data(kinds, Some(r"0[1-9](?:[ -]?\d){8}"), text)
}

#[test]
fn bank_accounts_have_a_country_a_length_and_check_digits() {
    for good in [
        "NL91ABNA0417164300",
        "NL91 ABNA 0417 1643 00",
        "nl91abna0417164300",
        "NL91-ABNA-0417-1643-00",
        "NL91\nABNA 0417 1643 00",
        "NL91  ABNA 0417 1643 00",
        "NL91_ABNA_0417_1643_00",
        "ＮＬ９１ＡＢＮＡ０４１７１６４３００",
        "NL٩١ABNA٠٤١٧١٦٤٣٠٠",
        "DE89 3704 0044 0532 0130 00",
        "GB82WEST12345698765432",
        "BE68 5390 0754 7034",
        "FR14 2004 1010 0505 0001 3M02 606",
        "NO93 8601 1117 947",
        "MT84MALT011000012345MTLCAST001S",
    ] {
        assert_eq!(one("iban", &format!("IBAN: {good}.")), [good]);
        assert_eq!(all(good), [("iban", good)]);
    }
    for odd in [
        "NL92ABNA0417164300",
        "NL91ABNA041716430",
        "NL91ABNA04171643001",
        "XNL91ABNA0417164300",
        "NL91ABNA0417164300x",
        "ZZ91ABNA0417164300",
        "NL91   ABNA   0417 1643 00",
        "NL91 ABNA",
    ] {
        assert_eq!(one("iban", odd), [""; 0], "{odd}");
    }
}

#[test]
fn citizen_service_numbers_pass_the_elfproef_and_stand_alone() {
    for good in [
        "123456782",
        "111222333",
        "1234.56.782",
        "123 456 782",
        "123.456.782",
        "１２３４５６７８２",
        "010464554",
        "10464554",
        "10 464 554",
        "104.64.554",
    ] {
        assert_eq!(one("bsn", &format!("BSN {good}, van 3 mensen")), [good], "{good}");
        assert_eq!(one("bsn", &format!("{good}.")), [good], "{good}");
    }
    for odd in [
        "123456783",
        "000000000",
        "1234567829",
        "0123456782",
        "a123456782",
        "123456782a",
        "123456782,50",
        "€ 123.456.782",
        "$123456782",
        "+31 123456782",
        "0031 123456782",
        "06 10464554",
        "06-10464554",
        "(020) 10464554",
        "10.464.554",
        "12.08.2026",
        "1 234 567 82",
        "123456782-1",
        "NL91ABNA0417164300 DE89 3704 0044 0532 0130 00",
        "4111 1111 1111 1111",
    ] {
        assert_eq!(one("bsn", odd), [""; 0], "{odd}");
    }
    assert_eq!(all("123456782"), [("bsn", "123456782")]);
}

#[test]
fn payment_cards_have_a_network_a_length_and_a_check_digit() {
    for good in [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111\u{A0}1111\u{A0}1111\u{A0}1111",
        "４１１１１１１１１１１１１１１１",
        "4222222222222",
        "5555 5555 5555 4444",
        "2223003122003222",
        "3782 822463 10005",
        "6011111111111117",
        "30569309025904",
        "3530111333300000",
        "6200000000000005",
        // Maestro, Bancontact, Verve, Elo, RuPay, Diners Club, Visa of 18 digits.
        "6799990100000000019",
        "6703 4444 4444 4449",
        "507865000000000008",
        "6362970000457013",
        "6074820000000009",
        "8201000000000000",
        "30950000000000",
        "412345000000000001",
    ] {
        assert_eq!(one("payment_card", &format!("kaart {good} 12/27")), [good]);
        assert_eq!(all(good), [("payment_card", good)]);
    }
    for odd in [
        "4111111111111112",
        "41111111111111111",
        "411111111111111",
        "1111111111111117",
        "9111111111111110",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "4111 1111-1111 1111",
        "x4111111111111111",
        "4111111111111111x",
        "1.4111111111111111",
    ] {
        assert_eq!(one("payment_card", odd), [""; 0], "{odd}");
    }
}

#[test]
fn phone_numbers_are_international_or_as_the_house_says() {
    for good in [
        "+31612345678",
        "+31 6 12345678",
        "+31 (0)6-12 34 56 78",
        "+31.6.12.34.56.78",
        "+(31) 20 1234567",
        "0031 6 12345678",
        "00 31 612345678",
        "＋３１ ６ １２３４５６７８",
        "+1 (555) 010-9999",
        "+44 20/7946 0958",
        "+45 12 34 56 78",
        "+٣١٦١٢٣٤٥٦٧٨",
    ] {
        assert_eq!(one("phone", &format!("Bel {good}!")), [good]);
    }
    for odd in [
        "+1234567",
        "+1234567890123456",
        "+0612345678",
        "a+31612345678",
        "1+31612345678",
        "+31612345678a",
        "+10.000.000",
        "1.00.12345678",
        "000612345678",
        "0612345678",
        "2026-11-21",
        "NL91ABNA0417164300",
    ] {
        assert_eq!(one("phone", odd), [""; 0], "{odd}");
    }
    for good in ["0612345678", "06-12345678", "020 123 45 67", "०६१२३४५६७८", "06–12345678"]
    {
        assert_eq!(all(&format!("Bel {good}.")), [("phone", good)]);
    }
    assert_eq!(all("061234567890 x0612345678 0612345678x"), []);
}

#[test]
fn email_addresses_are_found_and_handles_are_not() {
    for good in [
        "jan@example.nl",
        "Jan.de-Vries+x@mail.example.co.uk",
        "o'brien@example.ie",
        "jan＠example.nl",
        "jan@bücher.de",
        "jan@xn--bcher-kva.example",
        "jan@例え.jp",
    ] {
        assert_eq!(one("email", &format!("Mail <{good}>.")), [good]);
        assert_eq!(all(good), [("email", good)]);
    }
    assert_eq!(one("email", "mailto:jan@example.nl, piet@example.nl"), ["jan@example.nl", "piet@example.nl"]);
    for odd in [
        "@jan@mastodon.example",
        "@jan.bsky.social",
        "jan@localhost",
        "jan@example.n",
        "jan @example.nl",
        "jan@ example.nl",
        "jan@example.123",
        "a@b@c",
        "https://medium.example/@jan",
        "5 @ 3.50",
    ] {
        assert_eq!(one("email", odd), [""; 0], "{odd}");
    }
}

#[test]
fn private_keys_and_tokens_are_found() {
    let base62 = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
    let good = [
        // In parts, so that nobody takes these lines for a leak.
        format!("-----BEGIN {} KEY-----\nMIIEvQ\n-----END {} KEY-----", "PRIVATE", "PRIVATE"),
        format!("-----BEGIN OPENSSH {} KEY-----", "PRIVATE"),
        format!("AKIA{}", "IOSFODNN7EXAMPLE"),
        format!("ghp_{base62}"),
        format!("github_pat_{base62}_{base62}"),
        format!("glpat-{}", "a1B2-c3D4_e5F6g7H8i9"),
        format!("xoxb-{}", "123456789012-abcdefghijkl"),
        format!("hooks.slack.com/services/{}", "T00000000/B00000000/a1B2c3D4e5F6"),
        format!("sk_live_{}", "a1B2c3D4e5F6g7H8"),
        format!("AIza{}", &base62[..35]),
        format!("sk-{base62}"),
        format!("sk-proj-{base62}"),
        format!("npm_{base62}"),
        format!("eyJhbGciOiJIUzI1NiJ9.{}.{}", "eyJzdWIiOiIxIn0", "abc-DEF_123"),
        format!("glk_{}_{base62}a1", &base62[..8]),
        // Since 2025 and 2026: longer, with dots.
        format!("ghs_1234567_eyJhbGciOiJSUzI1NiJ9.{}.{}", "eyJpc3MiOiJnaXRodWIifQ", "abc-DEF_123"),
        format!("glpat-{base62}.{}", "01.120a1b2c3"),
        format!("glrtr-{base62}.{}", "01.120a1b2c3"),
        format!("gloas-{base62}"),
        format!("AQ.Ab8{base62}"),
        format!("ABIA{}", "IOSFODNN7EXAMPLE"),
        format!("xoxc-{}", "123456789012-abcdefghijkl"),
        format!("hooks.slack.com/triggers/{}", "T00000000/1234567890/a1B2c3D4e5F6"),
        format!("sk_org_live_{base62}"),
        format!("hf_{}", "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH"),
        format!("dckr_pat_{}", &base62[..27]),
        format!("pypi-AgEIcHlwaS5vcmc{base62}{base62}"),
        format!("dop_v1_{}", "0123456789abcdef".repeat(4)),
        format!("SG.{}.{}", &base62[..22], "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V"),
        format!("shpat_{}", "0123456789abcdef".repeat(2)),
        format!("ATATT3{base62}{base62}{base62}{base62}{base62}"),
    ];
    for good in &good {
        assert_eq!(one("secret", &format!("{good}.")), [good.as_str()]);
        assert_eq!(one("secret", &format!("token={good} x")), [good.as_str()]);
    }
    for odd in [
        format!("-----BEGIN {} KEY-----", "PUBLIC"),
        "AKIAIOSFODNN7".to_owned(),
        format!("xghp_{base62}"),
        "ghp_kort".to_owned(),
        "sk-verkoopmedewerker-amsterdam-noord-1".to_owned(),
        "eyJhbGciOiJIUzI1NiJ9.kort".to_owned(),
        format!("glk_{base62}"),
        "npm_install".to_owned(),
        "AQ.100-generatie-van-de-toekomst-1".to_owned(),
        "hf_de_nieuwe_medewerkers_van_ons_team".to_owned(),
        "SG.Amsterdam.nl".to_owned(),
    ] {
        assert_eq!(one("secret", &odd), [""; 0], "{odd}");
    }
}

#[test]
fn characters_without_a_shape_hide_nothing() {
    assert_eq!(one("phone", "+31\u{200B}6123\u{AD}45678"), ["+31\u{200B}6123\u{AD}45678"]);
    let keycaps = "0\u{FE0F}\u{20E3}6\u{FE0F}\u{20E3}12345678\u{FE0F}\u{20E3}";
    assert_eq!(all(keycaps), [("phone", keycaps)]);
}

#[test]
fn what_stands_between_underscores_is_found() {
    for (code, text) in [
        ("iban", "NL91ABNA0417164300"),
        ("bsn", "111222333"),
        ("payment_card", "4111111111111111"),
        ("phone", "+31612345678"),
        ("email", "jan@zuiver.nl"),
        ("secret", "AKIAIOSFODNN7EXAMPLE"),
    ] {
        let written = format!("_{text}_");
        let found = one(code, &written);
        assert!(found.iter().any(|found| found.contains(text)), "{code}: {found:?}");
    }
}
