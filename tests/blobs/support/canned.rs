//! Servers that do not behave.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use greenlight::store::blobs::S3Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What such a server does once it has answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Says nothing more, and keeps the connection.
    Hang,
    /// Closes the connection.
    Close,
}

/// Answers the requests on it with these bytes in turn, the last of them for ever, and counts them.
pub async fn serve(answers: &'static [&'static str], then: Then) -> (S3Config, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = config(&format!("http://{}", listener.local_addr().unwrap()));
    let requests = Arc::new(AtomicUsize::new(0));
    let count = requests.clone();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = [0; 8192];
            let _ = socket.read(&mut head).await;
            let at = count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            socket.write_all(answers[at].as_bytes()).await.unwrap();
            if then == Then::Hang {
                held.push(socket);
            }
        }
    });
    (config, requests)
}

/// Settings that lead to an endpoint.
pub fn config(endpoint: &str) -> S3Config {
    S3Config {
        endpoint: Some(endpoint.to_owned()),
        bucket: "pictures".to_owned(),
        region: "us-east-1".to_owned(),
        access_key_id: Some("AKIDEXAMPLE".to_owned()),
        secret_access_key: Some("open-sesame".to_owned().into()),
        path_style: true,
        prefix: None,
        allow_http: true,
    }
}
