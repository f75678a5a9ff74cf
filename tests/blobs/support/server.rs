//! Object storage to test with: an S3-compatible server in this process, which checks signatures and keeps
//! buckets as folders, or one that is named.

use std::net::SocketAddr;

use greenlight::store::blobs::S3Config;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::host::MultiDomain;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

pub const ID: &str = "AKIDEXAMPLE";
pub const SECRET: &str = "open-sesame";
pub const BUCKET: &str = "pictures";

/// Runs until it is dropped, and takes its folder with it.
pub struct Server {
    pub address: SocketAddr,
    /// A folder with one for each bucket.
    pub root: TempDir,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join(BUCKET)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(root.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(ID, SECRET));
        builder.set_host(MultiDomain::new([format!("localhost:{}", address.port())]).unwrap());
        let service = builder.build();
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let http = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
                let service = service.clone();
                tokio::spawn(async move { http.serve_connection(TokioIo::new(socket), service).await });
            }
        });
        Self { address, root, task }
    }

    /// Settings with which it is reached.
    pub fn config(&self) -> S3Config {
        S3Config {
            endpoint: Some(format!("http://{}", self.address)),
            bucket: BUCKET.to_owned(),
            region: "us-east-1".to_owned(),
            access_key_id: Some(ID.to_owned()),
            secret_access_key: Some(SECRET.to_owned().into()),
            path_style: true,
            prefix: None,
            allow_http: true,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Settings for the storage at `http://ID:SECRET@HOST:PORT/BUCKET`, each time below another prefix.
pub fn named(url: &str) -> S3Config {
    let mut url = url::Url::parse(url).expect("GREENLIGHT_TEST_S3 is http://ID:SECRET@HOST:PORT/BUCKET");
    let (id, secret) = (url.username().to_owned(), url.password().unwrap().to_owned());
    let bucket = url.path().trim_matches('/').to_owned();
    url.set_username("").unwrap();
    url.set_password(None).unwrap();
    url.set_path("");
    S3Config {
        endpoint: Some(url.to_string()),
        bucket,
        region: "us-east-1".to_owned(),
        access_key_id: Some(id),
        secret_access_key: Some(secret.into()),
        path_style: true,
        prefix: Some(format!("test/{}", Uuid::now_v7())),
        allow_http: true,
    }
}
