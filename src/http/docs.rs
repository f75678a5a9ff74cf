//! Interactive documentation at `/docs`: Swagger UI from the binary, which loads nothing from elsewhere.

use std::sync::{Arc, LazyLock};

use actix_web::http::{Method, header};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, guard};
use utoipa_swagger_ui::Config;

use super::table::close;
use crate::error::{Error, Result};

/// What the bundled page needs: its own files, inline styles, and images that it makes itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The page's settings. A validator on the internet is its default, and is off.
static CONFIG: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from("/openapi.json").validator_url("none")));

/// Registers the page and its files.
pub fn register(config: &mut ServiceConfig) {
    let get = || web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
    let page = web::resource("/docs").route(get().to(redirect));
    let files = web::resource("/docs/{file:.*}").route(get().to(file));
    config.service(close(page, &[Method::GET])).service(close(files, &[Method::GET]));
}

async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

async fn file(path: web::Path<String>) -> Result<HttpResponse> {
    let file = utoipa_swagger_ui::serve(&path, CONFIG.clone())
        .map_err(|error| Error::internal(error.to_string()))?
        .ok_or_else(|| Error::not_found("file"))?;
    Ok(HttpResponse::Ok()
        .content_type(file.content_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(file.bytes.into_owned()))
}
