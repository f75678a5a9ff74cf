//! Failures, the log, the document, the docs and a real server.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;

use actix_web::http::StatusCode;

use super::*;
use crate::http::{Connections, serve};

#[actix_web::test]
async fn a_failure_inside_shows_nothing_of_its_cause() {
    let answer = send(get("/v1/samples/break")).await;
    assert_eq!((answer.status, answer.body.contains("cellar")), (500, false));
}

#[actix_web::test]
async fn a_panic_is_a_500_and_the_server_lives_on() {
    let app = init_service(create_app(frame(), web::Data::new(()), &sample_routes())).await;
    for _ in 0..3 {
        let response = call_service(&app, get("/v1/samples/panic").to_request()).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers().get("content-type").unwrap(), PROBLEM_JSON);
        let body = to_bytes(response.into_body()).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("as asked"));
    }
    assert_eq!(call_service(&app, get(ITEM).to_request()).await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn the_request_id_is_ours() {
    let theirs = "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f80";
    let answer = send(get("/v1/none").insert_header(("x-request-id", theirs))).await;
    assert_ne!(answer.header("x-request-id"), theirs);
}

#[actix_web::test]
async fn the_document_is_served_with_its_tag() {
    let first = send(TestRequest::with_uri("/openapi.json")).await;
    assert_eq!((first.status, first.json()["openapi"].as_str()), (200, Some("3.1.0")));
    let tag = first.header("etag").to_owned();
    let again =
        send(TestRequest::with_uri("/openapi.json").insert_header(("if-none-match", tag.as_str()))).await;
    assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", tag.as_str()));
    let other = send(TestRequest::with_uri("/openapi.json").insert_header(("if-none-match", "\"x\""))).await;
    assert_eq!(other.status, 200);
}

#[actix_web::test]
async fn the_interactive_docs_load_nothing_from_elsewhere() {
    let page = send(TestRequest::with_uri("/docs/")).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    assert!(!page.body.contains("http://") && !page.body.contains("https://"), "{}", page.body);
    let start = send(TestRequest::with_uri("/docs/swagger-initializer.js")).await;
    assert!(start.body.contains("/openapi.json") && !start.body.contains("https://"), "{}", start.body);
    assert_eq!(send(TestRequest::with_uri("/docs/none.js")).await.status, 404);
    assert_eq!(send(TestRequest::with_uri("/docs/%2e%2e/%2e%2e/etc/passwd")).await.status, 404);
}

/// Sends raw bytes to a real server, and reads until it closes the connection.
fn talk(address: std::net::SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn a_real_server_finds_a_port_cuts_what_is_slow_and_stops() {
    let connections = Connections {
        workers: 1,
        // The framework reads a clock that moves twice a second: less would be over at once.
        head_timeout: Duration::from_secs(1),
        keep_alive: Duration::from_millis(200),
        ..Connections::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let serving = serve(listener, &connections, frame(), web::Data::new(()), &SERVED).unwrap();
    assert_ne!(serving.address.port(), 0);
    let (address, running) = (serving.address, tokio::spawn(serving.server));
    let answers = web::block(move || {
        let post = "POST /v1/samples HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ada\r\n\
                    Content-Type: application/json\r\nConnection: close\r\n";
        let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
        [
            "HEAD /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned(),
            "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow:".to_owned(),
            format!("{post}Content-Length: 20\r\n\r\n{{\"title\""),
            format!("{post}Transfer-Encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n"),
            format!("{post}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ]
        .map(|request| talk(address, request.as_bytes()))
    })
    .await
    .unwrap();
    for (answer, status) in answers.iter().zip([200, 408, 408, 413, 400]) {
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {answer}");
    }
    assert!(answers[0].ends_with("\r\n\r\n") && !answers[0].to_lowercase().contains("\r\nserver:"));
    assert!(answers[2].contains("request_timeout") && answers[3].contains("payload_too_large"));
    serving.handle.stop(true).await;
    running.await.unwrap().unwrap();
}

static SERVED: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let mut routes = sample_routes();
    routes.extend(crate::http::v1::routes());
    routes
});

/// A log that a test can read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[actix_web::test]
async fn the_log_names_the_route_and_the_actor_and_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    send(get(&format!("{ITEM}?hunter2=hunter2"))).await;
    send(post("{\"title\":\"hunter2\"}").insert_header(("authorization", "Bearer hunter2"))).await;
    send(get("/hunter2")).await;
    send(get("/v1/samples/break")).await;
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!text.contains("hunter2"), "{text}");
    let fields = &lines.iter().find(|line| line["fields"]["route"] == "/v1/samples/{id}").unwrap()["fields"];
    assert_eq!(fields["person"], "019a9a3c-7d2e-7a10-8f3b-000000000001");
    assert_eq!((&fields["method"], &fields["status"]), (&json!("GET"), &json!(400)));
    assert!(text.contains("SELECT secret FROM cellar"), "the cause is in the log: {text}");
}

/// Writes the sample document for an OpenAPI linter to read: `GREENLIGHT_SAMPLE_OPENAPI` names the file.
#[test]
fn the_sample_document_refers_only_to_what_it_has() {
    let document = Document::new(&sample_routes()).text;
    let value: Value = serde_json::from_str(&document).unwrap();
    for part in document.split("\"$ref\": \"#").skip(1) {
        let pointer = &part[..part.find('"').unwrap()];
        assert!(value.pointer(pointer).is_some(), "{pointer}");
    }
    let parameters = value["paths"]["/v1/samples"]["get"]["parameters"].as_array().unwrap();
    assert!(parameters.contains(&json!({ "$ref": "#/components/parameters/Limit" })));
    assert_eq!(parameters.len(), 5);
    if let Some(file) = std::env::var_os("GREENLIGHT_SAMPLE_OPENAPI") {
        std::fs::write(file, document).unwrap();
    }
}
