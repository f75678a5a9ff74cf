//! The routing table: method, address, permission, description and handler of each operation.
//!
//! From the same [`Route`]s come the actix resources and the OpenAPI document, so that they cannot
//! differ. The permission is an argument of the constructor: a route without one does not compile.

use std::collections::BTreeMap;

use actix_web::http::{Method, header};
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder, guard};

use super::gate::Gate;
use super::operation::Operation;
use crate::app::actor::Permission;

/// One operation: where it is, who may call it, what it does.
pub struct Route {
    /// The method; GET brings HEAD along.
    pub method: Method,
    /// The address, with parameters in braces.
    pub path: String,
    /// Who may call.
    pub permission: Permission,
    /// What the OpenAPI document says of it.
    pub operation: Operation,
    /// Makes the handler behind its gate: once for each worker.
    handler: Box<dyn Fn() -> actix_web::Route + Send + Sync>,
}

impl Route {
    /// A route that reads.
    pub fn get<H, A>(
        path: impl Into<String>,
        permission: Permission,
        operation: Operation,
        handler: H,
    ) -> Self
    where
        H: Handler<A> + Send + Sync,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        Self::new(Method::GET, path.into(), permission, operation, handler)
    }

    /// A route that makes something, or does something that can happen twice.
    pub fn post<H, A>(
        path: impl Into<String>,
        permission: Permission,
        operation: Operation,
        handler: H,
    ) -> Self
    where
        H: Handler<A> + Send + Sync,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        Self::new(Method::POST, path.into(), permission, operation, handler)
    }

    /// A route that replaces the whole of something.
    pub fn put<H, A>(
        path: impl Into<String>,
        permission: Permission,
        operation: Operation,
        handler: H,
    ) -> Self
    where
        H: Handler<A> + Send + Sync,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        Self::new(Method::PUT, path.into(), permission, operation, handler)
    }

    /// A route that changes parts of something by a merge patch.
    pub fn patch<H, A>(
        path: impl Into<String>,
        permission: Permission,
        operation: Operation,
        handler: H,
    ) -> Self
    where
        H: Handler<A> + Send + Sync,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        Self::new(Method::PATCH, path.into(), permission, operation, handler)
    }

    /// A route that ends something.
    pub fn delete<H, A>(
        path: impl Into<String>,
        permission: Permission,
        operation: Operation,
        handler: H,
    ) -> Self
    where
        H: Handler<A> + Send + Sync,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        Self::new(Method::DELETE, path.into(), permission, operation, handler)
    }

    fn new<H, A>(
        method: Method,
        path: String,
        permission: Permission,
        operation: Operation,
        handler: H,
    ) -> Self
    where
        H: Handler<A> + Send + Sync,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        let gate = Gate { permission, takes_query: operation.takes_query() };
        let taken = method.clone();
        let handler = Box::new(move || {
            let methods = match taken {
                Method::GET => guard::Any(guard::Get()).or(guard::Head()),
                _ => guard::Any(guard::Method(taken.clone())),
            };
            let gate = from_fn(move |request, next| gate.pass(request, next));
            web::route().guard(methods).to(handler.clone()).wrap(gate)
        });
        Self { method, path, permission, operation, handler }
    }
}

/// Registers the routes: one resource for each address, static addresses before those with parameters.
pub fn register(routes: &[Route], config: &mut ServiceConfig) {
    // `{` sorts after every letter and digit, so that a static sibling is asked first.
    let mut paths: BTreeMap<&str, Vec<&Route>> = BTreeMap::new();
    for route in routes {
        paths.entry(&route.path).or_default().push(route);
    }
    for (path, routes) in paths {
        let methods: Vec<Method> = routes.iter().map(|route| route.method.clone()).collect();
        let resource = web::resource(path);
        let resource = routes.iter().fold(resource, |resource, route| resource.route((route.handler)()));
        config.service(close(resource, &methods));
    }
}

/// Ends a resource: OPTIONS is answered with what it allows, any other method with 405 and the same.
pub fn close(resource: Resource, methods: &[Method]) -> Resource {
    let allow = allow(methods);
    let refusal = allow.clone();
    let options = move || {
        let response = HttpResponse::NoContent().insert_header((header::ALLOW, allow.clone())).finish();
        async { response }
    };
    let refuse = move || {
        let response =
            HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, refusal.clone())).finish();
        async { response }
    };
    resource.route(web::route().guard(guard::Options()).to(options)).default_service(web::to(refuse))
}

/// The value of `Allow`.
fn allow(methods: &[Method]) -> String {
    let mut names: Vec<&str> = methods.iter().map(Method::as_str).chain(["OPTIONS"]).collect();
    if methods.contains(&Method::GET) {
        names.push("HEAD");
    }
    names.sort_unstable();
    names.join(", ")
}
