//! Addresses, methods, credentials and permissions.

use super::*;

#[actix_web::test]
async fn unknown_addresses_are_404_and_unknown_methods_405_before_credentials() {
    for uri in ["/", "/v1", "/v1/samples/", "//v1/samples", "/v1/samples/a/b", "/V1/samples"] {
        assert_eq!(send(TestRequest::with_uri(uri)).await.status, 404, "{uri}");
    }
    for method in [Method::DELETE, Method::TRACE, Method::PUT, Method::from_bytes(b"BREW").unwrap()] {
        let answer = send(TestRequest::with_uri("/v1/samples").method(method.clone())).await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS, POST");
    }
    let answer = send(TestRequest::with_uri("/docs/").method(Method::POST)).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, OPTIONS"));
}

#[actix_web::test]
async fn options_and_head_are_answered() {
    let answer = send(TestRequest::with_uri(ITEM).method(Method::OPTIONS)).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS, PATCH, PUT");
    assert_eq!(send(request(Method::HEAD, ITEM)).await.status, 200);
}

#[actix_web::test]
async fn static_addresses_come_before_parameters() {
    assert_eq!(send(get("/v1/samples/break")).await.status, 500);
}

#[actix_web::test]
async fn credentials_are_asked_for() {
    let answer = send(TestRequest::with_uri(ITEM)).await;
    assert_eq!(answer.problem().1, "unauthenticated");
    assert!(answer.json()["detail"].as_str().unwrap().starts_with("Send one header"), "{}", answer.body);
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"greenlight\"");
    for value in ["Bearer mallory", "Bearer", "Bearer ", "Basic YTpi", "ada", "Bearer a b", "Bearer \u{e9}"] {
        let answer = send(TestRequest::with_uri(ITEM).insert_header(("authorization", value))).await;
        assert_eq!(answer.status, 401, "{value}");
        let challenge = "Bearer realm=\"greenlight\", error=\"invalid_token\"";
        assert_eq!(answer.header("www-authenticate"), challenge);
    }
    let twice = get(ITEM).append_header(("authorization", "Bearer ada"));
    assert_eq!(send(twice).await.status, 401);
    assert_eq!(
        send(TestRequest::with_uri(ITEM).insert_header(("authorization", "bearer ada"))).await.status,
        200
    );
}

#[actix_web::test]
async fn a_missing_scope_is_403_before_the_body_is_looked_at() {
    let answer = send(post("not json").insert_header(("authorization", "Bearer bob"))).await;
    assert_eq!(
        (answer.problem().1.as_str(), answer.json()["scope"].as_str()),
        ("forbidden", Some("content_write"))
    );
}

#[actix_web::test]
async fn a_key_names_the_person_it_acts_for_and_nobody_else_does() {
    let share = |token: &str, person: Option<&str>| {
        let request = TestRequest::post().uri("/v1/samples/shares");
        let request = request.insert_header(("authorization", format!("Bearer {token}")));
        let request =
            request.insert_header(("idempotency-key", "k")).insert_header(("greenlight-purpose", "audit"));
        person
            .into_iter()
            .fold(request, |request, person| request.insert_header(("greenlight-person", person)))
    };
    assert_eq!(send(share("app", Some("E-1"))).await.status, 200);
    assert_eq!(send(share("ada", None)).await.status, 200);
    let header = "Greenlight-Person person_header".to_owned();
    for (token, person) in [("app", None), ("ada", Some("E-1"))] {
        let problem = send(share(token, person)).await.problem();
        assert_eq!(problem, (400, "person_header".to_owned(), header.clone()), "{token}");
    }
    for person in [None, Some("E-1")] {
        assert_eq!(send(share("machine", person)).await.problem().1, "person_required");
    }
    for uri in [ITEM, "/v1/samples/break"] {
        let answer = send(get(uri).insert_header(("greenlight-person", "E-1"))).await;
        assert_eq!(answer.problem().1, "person_header", "{uri}");
    }
}

#[actix_web::test]
async fn a_forwarded_address_is_believed_from_a_trusted_proxy_only() {
    for (peer, client) in [("10.1.2.3:80", "198.51.100.1"), ("203.0.113.9:80", "203.0.113.9")] {
        let request = get("/v1/samples/address").peer_addr(peer.parse().unwrap());
        let answer = send(request.insert_header(("x-forwarded-for", "1.2.3.4, 198.51.100.1"))).await;
        assert_eq!(answer.body, client);
    }
}
