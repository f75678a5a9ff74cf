//! Bodies, parameters and headers.

use super::*;
use crate::http::extract::headers::NO_VERSION;

#[actix_web::test]
async fn bodies_that_are_not_as_expected_say_where() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let cases = [
        ("", "# invalid_json"),
        ("{", "# invalid_json"),
        ("{\"title\":\"a\"} x", "# invalid_json"),
        ("\"a\"", "# invalid_value"),
        ("[\"a\",[],null]", "# invalid_value"),
        ("{\"title\":\"a\",\"inner\":[2,null]}", "#/inner invalid_value"),
        ("{\"title\":\"a\",\"parts\":[{\"number\":1},[3]]}", "#/parts/1 invalid_value"),
        (
            "{\"title\":\"a\",\"inner\":{\"number\":1,\"style\":{\"bold\":[2]}}}",
            "#/inner/style/bold invalid_value",
        ),
        ("{\"title\":\"a\",\"id\":\"x\"}", "#/id unknown_field"),
        ("{\"title\":\"a\",\"inner\":{\"number\":1,\"a/b ~\":1}}", "#/inner/a~1b%20~0 unknown_field"),
        ("{\"title\":\"a\",\"title\":\"b\"}", "#/title duplicate_key"),
        ("{}", "#/title missing_field"),
        ("{\"title\":\"a\",\"inner\":{}}", "#/inner/number missing_field"),
        ("{\"title\":7}", "#/title invalid_value"),
        ("{\"title\":\"a\",\"inner\":{\"number\":1.5}}", "#/inner/number invalid_value"),
        ("{\"title\":\"a\",\"inner\":{\"number\":99999999999}}", "#/inner/number invalid_value"),
        ("{\"title\":\"a\\u0000\"}", "#/title control_character"),
        ("{\"title\":\"a\\u001b[0m\"}", "#/title control_character"),
        ("{\"title\":\"a\\u0085\"}", "#/title control_character"),
        ("{\"title\":\"\"}", "#/title length"),
        ("{\"title\":\"a\",\"parts\":[{\"number\":1},{\"number\":10}]}", "#/parts/1/number range"),
    ];
    for (body, fault) in cases {
        let expected = (400, "invalid_request".to_owned(), fault.to_owned());
        assert_eq!(send(post(body)).await.problem(), expected, "{body}");
    }
    for body in [
        format!("{{\"title\":{deep}}}"),
        deep,
        "{\"title\":\"\\ud800\"}".to_owned(),
        "{\"title\":\"\u{0}\"}".to_owned(),
    ] {
        assert_eq!(send(post(body.clone())).await.status, 400, "{body}");
    }
    assert_eq!(send(post(&b"{\"title\":\"\xff\"}"[..])).await.status, 400);
    let meaning = send(post("{\"title\":\"darn\"}")).await.problem();
    assert_eq!(meaning, (422, "invalid_content".to_owned(), "#/title indecent".to_owned()));
    let fine = send(post("{\"title\":\"a\\r\\n\\tb\",\"parts\":[{\"number\":9,\"style\":\"plain\"}]}")).await;
    assert_eq!((fine.status, fine.header("etag")), (201, "\"1\""));
}

#[actix_web::test]
async fn nothing_of_a_value_is_echoed() {
    let answer = send(post("{\"title\":{\"secret\":1},\"inner\":\"hunter2\"}")).await;
    assert!(!answer.body.contains("secret"), "{}", answer.body);
    let answer = send(post("{\"title\":\"a\",\"inner\":\"hunter2\"}")).await;
    assert!(!answer.body.contains("hunter2"), "{}", answer.body);
}

#[actix_web::test]
async fn media_type_and_size_are_checked() {
    let fine = "{\"title\":\"a\"}";
    for media_type in ["text/plain", "application/merge-patch+json", "application/json; charset=latin1", ""] {
        let answer = send(post(fine).insert_header(("content-type", media_type))).await;
        assert_eq!((answer.status, answer.header("accept-post")), (415, "application/json"), "{media_type}");
    }
    assert_eq!(send(request(Method::POST, "/v1/samples").set_payload(fine)).await.status, 415);
    assert_eq!(send(post(fine).insert_header(("content-encoding", "gzip"))).await.status, 415);
    let utf8 = post(fine).insert_header(("content-type", "Application/JSON; charset=UTF-8"));
    assert_eq!(send(utf8).await.status, 201);

    let patch = |media_type| {
        let request = request(Method::PATCH, ITEM).insert_header(("if-match", "\"1\""));
        request.insert_header(("content-type", media_type)).set_payload(fine)
    };
    assert_eq!(send(patch("application/merge-patch+json")).await.status, 200);
    let answer = send(patch("application/json")).await;
    assert_eq!((answer.status, answer.header("accept-patch")), (415, "application/merge-patch+json"));

    let large = format!("{{\"title\":\"{}\"}}", "a".repeat(5000));
    assert_eq!(send(post(large)).await.problem().1, "payload_too_large");
}

#[actix_web::test]
async fn odd_path_parameters_are_400() {
    for id in
        ["x", "%00", "%FF", "%2F", "019A9A3C-7D2E-7A10-8F3B-2F1C5D6E7F80", "019a9a3c7d2e7a108f3b2f1c5d6e7f80"]
    {
        let answer = send(get(&format!("/v1/samples/{id}"))).await;
        assert_eq!(answer.problem().2, "id invalid_value", "{id}");
    }
    assert_eq!(send(get(ITEM)).await.status, 200);
}

#[actix_web::test]
async fn odd_query_parameters_are_400() {
    let cases = [
        ("limit=0", "limit invalid_value"),
        ("limit=201", "limit invalid_value"),
        ("limit=-1", "limit invalid_value"),
        ("limit=1000000000", "limit invalid_value"),
        ("limit=1e9", "limit invalid_value"),
        ("limit=", "limit invalid_value"),
        ("campaign=", "campaign invalid_value"),
        ("sort=asc", "sort unknown_parameter"),
        ("limit=1&limit=1", "limit duplicate_parameter"),
        ("campaign=%00", "campaign invalid_encoding"),
        ("campaign=%FF", "campaign invalid_encoding"),
        ("cursor=abc", "cursor invalid_cursor"),
        ("cursor=", "cursor invalid_value"),
    ];
    for (query, fault) in cases {
        let answer = send(get(&format!("/v1/samples?{query}"))).await;
        assert_eq!(answer.problem(), (400, "invalid_request".to_owned(), fault.to_owned()), "{query}");
    }
    let answer = send(get(&format!("{ITEM}?x=1"))).await;
    assert_eq!(answer.problem(), (400, "invalid_request".to_owned(), "x unknown_parameter".to_owned()));
    assert_eq!(send(get("/v1/samples?limit=200")).await.json()["limit"], 200);
}

#[actix_web::test]
async fn a_cursor_serves_its_own_list_filters_and_reader() {
    let first = send(get("/v1/samples?limit=2&campaign=spring")).await;
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let next = format!("/v1/samples?limit=2&campaign=spring&cursor={cursor}");
    assert_eq!(
        first.header("link").replace("%2D", "-").replace("%5F", "_"),
        format!("<{next}>; rel=\"next\"")
    );
    assert_eq!(send(get(&next)).await.json()["items"], json!([2]));
    let other_filter = format!("/v1/samples?campaign=autumn&cursor={cursor}");
    assert_eq!(send(get(&other_filter)).await.problem().2, "cursor invalid_cursor");
    let other_reader = get(&next).insert_header(("authorization", "Bearer bob"));
    assert_eq!(send(other_reader).await.problem().2, "cursor invalid_cursor");
}

#[actix_web::test]
async fn if_match_names_one_version() {
    let put = |tag: Option<&str>| {
        let request = request(Method::PUT, ITEM).insert_header(("content-type", "application/json"));
        let request = request.set_payload("{\"title\":\"a\"}");
        tag.into_iter().fold(request, |request, tag| request.insert_header(("if-match", tag)))
    };
    assert_eq!(send(put(Some("\"3\""))).await.body, "3");
    assert_eq!(send(put(None)).await.problem().1, "precondition_required");
    for tag in ["W/\"3\"", "\"abc\"", "\"03\""] {
        assert_eq!(send(put(Some(tag))).await.body, NO_VERSION.to_string(), "{tag}");
    }
    for tag in ["3", "*", "\"1\", \"2\"", ""] {
        assert_eq!(send(put(Some(tag))).await.problem().2, "If-Match invalid_value", "{tag}");
    }
}

#[actix_web::test]
async fn idempotency_keys_and_purposes_are_read_strictly() {
    let share = |key: Option<&str>, purpose: Option<&str>| {
        let request = request(Method::POST, "/v1/samples/shares");
        let headers = [("idempotency-key", key), ("greenlight-purpose", purpose)];
        headers.into_iter().fold(request, |request, (name, value)| match value {
            Some(value) => request.insert_header((name, value)),
            None => request,
        })
    };
    assert_eq!(send(share(Some("abc"), Some("audit"))).await.body, "abc audit");
    assert_eq!(
        send(share(Some("\"abc\""), Some("\u{dc}berpr\u{fc}fung"))).await.body,
        "abc \u{dc}berpr\u{fc}fung"
    );
    assert_eq!(send(share(None, Some("audit"))).await.problem().1, "idempotency_key_required");
    let long = "k".repeat(256);
    for key in ["", "\"\"", "a b", "\"abc", &long] {
        assert_eq!(send(share(Some(key), Some("audit"))).await.problem().2, "Idempotency-Key invalid_value");
    }
    let long = "p".repeat(201);
    for purpose in [None, Some(""), Some("  "), Some(long.as_str())] {
        assert_eq!(send(share(Some("abc"), purpose)).await.problem().1, "purpose_required");
    }
    let optional = send(post("{\"title\":\"a\"}").insert_header(("idempotency-key", "a b"))).await;
    assert_eq!(optional.problem().2, "Idempotency-Key invalid_value");
    let twice = share(Some("abc"), Some("audit")).append_header(("idempotency-key", "abd"));
    assert_eq!(send(twice).await.status, 400);
}
