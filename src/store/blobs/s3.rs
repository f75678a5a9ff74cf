//! Blobs in S3-compatible object storage.
//!
//! A put is one request, signed over its bytes, so that the store takes the whole blob or nothing.

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path as Location;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use super::{BlobError, Cause, S3Config};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(3);

/// How long a connection is kept without use: less than what firewalls mostly forget silently.
const IDLE: Duration = Duration::from_secs(30);

/// Opens the bucket, and tells what stands before every name in it.
pub(super) fn open(config: &S3Config) -> Result<(AmazonS3, Location), BlobError> {
    config.check()?;
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&config.bucket)
        .with_region(&config.region)
        .with_virtual_hosted_style_request(!config.path_style)
        .with_client_options(client(config))
        .with_retry(retry())
        // Not every store has the request that deletes many at once, and one is deleted at a time.
        .with_disable_bulk_delete(true);
    if let Some(address) = config.address()? {
        builder = builder.with_endpoint(address);
    }
    builder = match (&config.access_key_id, &config.secret_access_key) {
        (Some(id), Some(secret)) => builder.with_access_key_id(id).with_secret_access_key(secret.expose()),
        _ => ambient(builder),
    };
    let store = builder
        .build()
        .map_err(|error| BlobError::Settings { key: "s3", reason: Cause::of(&error).to_string() })?;
    Ok((store, config.root()?))
}

/// The whole of a transfer has no limit here: callers bound the answer and each piece of it, and a slow
/// reader must not lose a large picture.
fn client(config: &S3Config) -> ClientOptions {
    let options = ClientOptions::new()
        .with_allow_http(config.allow_http)
        .with_timeout_disabled()
        .with_connect_timeout(CONNECT)
        .with_pool_idle_timeout(IDLE);
    // Without this, a machine that has no certificates cannot even use a store that needs none. A role's
    // credentials may still come from an encrypted address.
    let needs_certificates = !config.is_plain() || config.access_key_id.is_none();
    options.with_no_system_certificates(!needs_certificates)
}

fn retry() -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(1),
        base: 2.0,
    };
    RetryConfig { backoff, max_retries: 3, retry_timeout: Duration::from_secs(5) }
}

/// Takes what the environment says of credentials, and nothing else: a stray `AWS_ENDPOINT` must not
/// lead pictures elsewhere.
fn ambient(mut builder: AmazonS3Builder) -> AmazonS3Builder {
    use AmazonS3ConfigKey as Key;

    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with("AWS_"))?;
        Some((name.to_ascii_lowercase().parse::<Key>().ok()?, value.into_string().ok()?))
    });
    for (key, value) in variables {
        let is_of_credentials = matches!(
            key,
            Key::AccessKeyId
                | Key::SecretAccessKey
                | Key::Token
                | Key::WebIdentityTokenFile
                | Key::RoleArn
                | Key::RoleSessionName
                | Key::StsEndpoint
                | Key::ContainerCredentialsRelativeUri
                | Key::ContainerCredentialsFullUri
                | Key::ContainerAuthorizationTokenFile
                | Key::MetadataEndpoint
                | Key::ImdsV1Fallback
        );
        if is_of_credentials {
            builder = builder.with_config(key, value);
        }
    }
    builder
}
