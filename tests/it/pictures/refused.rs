//! Files and forms that are not taken, each with its reason; nothing is made of them.

use super::files::{gif, jpeg, png_header, transparent_png};
use super::*;
use crate::support::both;

/// The code of the only fault, at the pointer that it must have.
#[track_caller]
fn fault(refused: &Answer, pointer: &str) -> String {
    let faults = refused.list("/errors");
    assert_eq!(faults.len(), 1, "{}", refused.text);
    assert_eq!(faults[0]["pointer"], pointer, "{}", refused.text);
    faults[0]["code"].as_str().unwrap().to_owned()
}

both! {
    fn what_is_no_picture_to_keep_is_refused_with_its_reason(app) {
        let picture = jpeg(64, 48);
        let zip = [picture.as_slice(), b"\0PK\x05\x06", &[0; 18]].concat();
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
        let page = [picture.as_slice(), b"<html><script>alert(1)</script>"].concat();
        for (media_type, bytes, code) in [
            ("image/jpeg", svg.to_vec(), "unsupported_type"),
            ("image/svg+xml", svg.to_vec(), "unsupported_type"),
            ("image/png", b"<!DOCTYPE html><title>A picture</title>".to_vec(), "unsupported_type"),
            ("image/jpeg", b"hello".to_vec(), "unsupported_type"),
            ("image/jpeg", zip, "polyglot"),
            ("image/jpeg", page, "polyglot"),
            ("image/jpeg", picture[..picture.len() - 100].to_vec(), "truncated"),
            ("image/png", transparent_png(64, 48)[..400].to_vec(), "truncated"),
            ("image/png", png_header(50_000, 50_000), "too_many_pixels"),
            ("image/png", png_header(12_001, 1), "too_many_pixels"),
            ("image/gif", gif(2), "animated"),
            ("image/gif", gif(10_000), "animated"),
        ] {
            let alone = send(&app.author(), media_type, &bytes).problem("unusable_picture");
            let in_form = send_form(&app.author(), &[("file", &bytes)]).problem("unusable_picture");
            for refused in [alone, in_form] {
                assert_eq!(fault(&refused, "#"), code, "{}", refused.text);
            }
        }
        assert_nothing_made(app);
    }

    fn a_refusal_says_what_was_found(app) {
        let refused = send(&app.author(), "image/jpeg", b"%PDF-1.7").problem("unusable_picture");
        assert_eq!(refused.list("/errors")[0]["found"], "pdf");
        let bomb = send(&app.author(), "image/png", &png_header(50_000, 50_000)).problem("unusable_picture");
        let fault = &bomb.list("/errors")[0];
        let facts = json!([fault["width"], fault["height"], fault["max_side"]]);
        assert_eq!(facts, json!([50_000, 50_000, 12_000]));
    }

    fn what_is_sent_wrongly_is_refused(app) {
        let (author, bytes) = (app.author(), jpeg(64, 48));
        let without_key = author.post("/v1/images").body("image/jpeg", bytes.as_slice()).send();
        without_key.problem("idempotency_key_required");
        for media_type in ["text/html", "application/json", "video/mp4", "image", ""] {
            let refused = send(&author, media_type, &bytes).problem("unsupported_media_type");
            assert!(refused.header("Accept-Post").contains("image/webp"), "{media_type}");
        }
        let zipped = author.post("/v1/images").body("image/jpeg", bytes.as_slice());
        let zipped = zipped.header("Content-Encoding", "gzip").idempotency_key(&fresh_key());
        zipped.send().problem("unsupported_media_type");
        for empty in [send(&author, "image/jpeg", b""), send_form(&author, &[("file", b"")])] {
            assert_eq!(fault(&empty.problem("invalid_request"), "#"), "empty");
        }
        assert_nothing_made(app);
    }

    fn a_form_that_is_not_one_is_refused(app) {
        let (author, bytes) = (app.author(), jpeg(64, 48));
        let refused = |parts: &[(&str, &[u8])], pointer: &str| {
            fault(&send_form(&author, parts).problem("invalid_request"), pointer)
        };
        assert_eq!(refused(&[("file", &bytes), ("file", &bytes)], "#/file"), "duplicate");
        let contents: [(&str, &[u8]); 3] = [("content", b"{}"), ("content", b"{}"), ("file", &bytes)];
        assert_eq!(refused(&contents, "#/content"), "duplicate");
        assert_eq!(refused(&[("content", b"{}")], "#/file"), "missing_field");
        assert_eq!(refused(&[("file", &bytes), ("alt", b"words")], "#"), "unknown_part");
        let too_much = [b"{\"credit\":\"".as_slice(), &[b'x'; 70_000], b"\"}"].concat();
        send_form(&author, &[("content", &too_much), ("file", &bytes)]).problem("payload_too_large");

        let whole = form(&[("content", b"{}"), ("file", &bytes)]);
        let boundary = format!("multipart/form-data; boundary={BOUNDARY}");
        for (media_type, body) in [
            (boundary.as_str(), &whole[..whole.len() - 40]),
            (boundary.as_str(), &bytes),
            ("multipart/form-data; boundary=another-line", &whole),
            ("multipart/form-data", &whole),
        ] {
            let refused = send(&author, media_type, body).problem("invalid_request");
            assert_eq!(fault(&refused, "#"), "invalid_form", "{media_type}");
        }
        assert_nothing_made(app);
    }

    fn content_with_faults_is_refused_before_anything_is_made(app) {
        let (author, bytes) = (app.author(), jpeg(64, 48));
        let refused = |content: Value| {
            let content = content.to_string();
            send_form(&author, &[("file", &bytes), ("content", content.as_bytes())])
        };
        let alt = refused(json!({ "alt": { "nl": "Kijk op https://example.org", "en": "" } }));
        let alt = alt.problem("invalid_content");
        let pointers: BTreeSet<&str> =
            alt.list("/errors").iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, BTreeSet::from(["#/content/alt/en", "#/content/alt/nl"]));
        refused(json!({ "rights": { "territories": ["XX"] } })).problem("invalid_content");
        refused(json!({ "focal_point": { "x": 1.5, "y": 0.5 } })).expect(400);
        let unknown = refused(json!({ "colour": "blue" })).problem("invalid_request");
        assert_eq!(unknown.text("/errors/0/pointer"), "#/content/colour");
        send_form(&author, &[("file", &bytes), ("content", b"{")]).problem("invalid_request");
        assert_nothing_made(app);
    }

    fn files_cannot_be_named_in_an_upload(app) {
        let other = uploaded(app);
        let content = json!({ "picture": other.content()["picture"] }).to_string();
        let parts: [(&str, &[u8]); 2] = [("file", &jpeg(64, 48)), ("content", content.as_bytes())];
        let refused = send_form(&app.author(), &parts).problem("invalid_content");
        assert_eq!(fault(&refused, "#/content/picture"), "made_by_server");
        assert_eq!(stored(app).len(), other.names().len());
    }
}
