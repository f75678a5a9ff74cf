//! Measuring a text while it is written.

use greenlight::domain::roles::{Role, Scope};
use serde_json::{Value, json};

use crate::support::{Client, both};

fn measure(client: &Client, body: &Value) -> crate::support::Answer {
    client.post("/v1/text-measurements").json(body).send()
}

both! {
    fn a_text_is_measured_for_whoever_is_signed_in(app) {
        let text = "Kom werken! 👍🏽 #WerkenBij example.nl/x @jan";
        let body = json!({ "text": text, "channels": ["x", "bluesky"] });
        for client in [app.author(), app.employee(), app.key([Scope::ContentRead])] {
            let answer = measure(&client, &body).expect(200);
            let place = |code_points: u32, utf16: u32, utf8: u32| json!({ "code_points": code_points, "utf16": utf16, "utf8": utf8 });
            let tag = json!({ "text": "#WerkenBij", "start": place(15, 17, 21), "end": place(25, 27, 31) });
            let x = &answer["channels"][0];
            assert_eq!((&x["channel"], &x["unit"], &x["count"]), (&json!("x"), &json!("weighted-twitter"), &json!(54)));
            assert_eq!((&x["limit"], &x["remaining"], &x["valid"]), (&json!(280), &json!(226), &json!(true)));
            assert_eq!((&x["reasons"], &x["hashtags"], &x["bytes"]), (&json!([]), &json!([tag]), &Value::Null));
            assert_eq!((&x["links"][0]["text"], &x["mentions"][0]["text"]), (&json!("example.nl/x"), &json!("@jan")));
            let bluesky = &answer["channels"][1];
            assert_eq!((&bluesky["count"], &bluesky["bytes"], &bluesky["byte_limit"]), (&json!(42), &json!(49), &json!(3000)));
            assert_eq!(bluesky["mentions"], json!([]));
        }
        measure(&app.anonymous(), &body).problem("unauthenticated");
    }

    fn a_line_end_counts_once_and_places_are_those_of_the_text_as_it_was_sent(app) {
        let text = "😀\r\n#a\rb\r\n\r\nx.nl #c\n";
        let answer = measure(&app.author(), &json!({ "text": text, "channels": ["linkedin", "bluesky"] })).expect(200);
        assert_eq!(answer["channels"][0]["count"], json!(text.encode_utf16().count() - 3));
        for measured in answer.list("/channels") {
            assert_eq!(measured["reasons"], json!([]));
            let utf16: Vec<u16> = text.encode_utf16().collect();
            let found = ["links", "hashtags"].map(|kind| measured[kind].as_array().unwrap().clone()).concat();
            assert_eq!(found.iter().map(|found| &found["text"]).collect::<Vec<_>>(), ["x.nl", "#a", "#c"]);
            for found in found {
                let place = |unit: &str| ["start", "end"].map(|at| found[at][unit].as_u64().unwrap() as usize);
                let ([start, end], [from, to], [first, last]) = (place("utf8"), place("utf16"), place("code_points"));
                assert_eq!(text[start..end], found["text"]);
                assert_eq!(String::from_utf16(&utf16[from..to]).unwrap(), found["text"]);
                assert_eq!(text.chars().skip(first).take(last - first).collect::<String>(), found["text"]);
            }
        }
    }

    fn every_channel_is_measured_unless_some_are_named(app) {
        let author = app.author();
        let known = author.get("/v1/channels").send().expect(200);
        let answer = measure(&author, &json!({ "text": "a".repeat(501) })).expect(200);
        let names = |list: &[Value], name: &str| list.iter().map(|item| item[name].clone()).collect::<Vec<_>>();
        assert_eq!(names(answer.list("/channels"), "channel"), names(known.list("/items"), "id"));
        for measured in answer.list("/channels") {
            let too_long = measured["limit"].as_u64().is_some_and(|limit| limit <= 500);
            let reasons = match measured["channel"].as_str().unwrap() {
                "instagram_story" => json!(["no_text_field"]),
                _ if too_long => json!(["too_long"]),
                _ => json!([]),
            };
            assert_eq!(measured["reasons"], reasons, "{measured}");
            assert_eq!(measured["remaining"].as_i64().is_some_and(|left| left < 0), too_long, "{measured}");
        }
        let empty = measure(&author, &json!({ "text": "", "channels": ["threads"] })).expect(200);
        assert_eq!((&empty["channels"][0]["reasons"], &empty["channels"][0]["count"]), (&json!(["empty"]), &json!(0)));
    }

    fn what_cannot_be_measured_is_refused(app) {
        let person = app.person("editor", &[Role::Author]);
        let refused = measure(&person, &json!({ "text": "a", "channels": ["myspace", "x", "x"] })).problem("invalid_content");
        let faults: Vec<_> = refused.list("/errors").iter().map(|fault| (fault["pointer"].clone(), fault["code"].clone())).collect();
        assert_eq!(faults, [(json!("#/channels/0"), json!("unknown_channel")), (json!("#/channels/2"), json!("duplicate"))]);
        measure(&person, &json!({ "text": "a".repeat(100_000), "channels": ["x"] })).expect(200);
        for body in [json!({}), json!({ "text": "a".repeat(100_001) }), json!({ "text": "a", "channels": [] }), json!({ "text": "a\u{7}" })] {
            measure(&person, &body).problem("invalid_request");
        }
        measure(&person, &json!({ "text": "a".repeat(2_000_000) })).problem("payload_too_large");
    }
}
