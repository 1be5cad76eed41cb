//! The HTTP API of the hosted form: users, orgs, mocks and their publication.
//!
//! A handler reads a request, asks the rules of [`domain`](crate::domain) and of `access`, calls one method of a
//! store, and answers; nothing else. What may be done by whom is decided before anything is read of a body. An answer
//! never waits for the object store or the bus: hints are sent behind it.
//!
//! [`router`] gives the routes, [`serve`] puts them on a listener, [`openapi`] is their description, made from the
//! handlers.

mod access;
mod body;
mod content;
mod error;
mod events;
mod fields;
mod hints;
mod layers;
mod metrics;
mod mocks;
mod orgs;
mod precondition;
mod refusals;
mod state;
mod users;
mod watch;

use axum::Router;
use axum::response::Response;
use http::{HeaderName, Method};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

pub use crate::http_server::{Limits, serve};
pub use error::{ApiError, Cause, ErrorAnswer, ErrorBody, FieldProblem};
pub use metrics::Metrics;
pub use state::{Scheme, Settings, State, StreamSettings};

use state::{Inner, Shared};

/// The methods that any route knows, for browsers that ask before.
const METHODS: [Method; 4] = [Method::GET, Method::POST, Method::PUT, Method::DELETE];

/// The headers that requests may carry from pages of other origins.
const REQUEST_HEADERS: [HeaderName; 5] = [
    http::header::AUTHORIZATION,
    http::header::CONTENT_TYPE,
    http::header::IF_MATCH,
    HeaderName::from_static("last-event-id"),
    layers::REQUEST_ID,
];

/// The headers that such pages may read of answers.
const ANSWER_HEADERS: [HeaderName; 6] = [
    http::header::ETAG,
    http::header::LINK,
    http::header::LOCATION,
    http::header::RETRY_AFTER,
    http::header::ALLOW,
    layers::REQUEST_ID,
];

/// The api, ready to be served. Within a runtime: it starts what runs behind it, and stops it when the last clone of
/// the router is dropped.
pub fn router(state: State) -> Router {
    let cors = layers::cors(&state.settings.cors_origins);
    let shared = Inner::start(state);
    let (routes, document) = routes().split_for_parts();
    // Its own default asks a server of somebody else whether the document is valid.
    let config = Config::default().validator_url("none").use_base_layout();
    let docs: Router<Shared> = SwaggerUi::new("/docs").url("/openapi.json", document).config(config).into();
    let router = routes
        .merge(docs)
        .method_not_allowed_fallback(async || ApiError::new(Cause::MethodNotAllowed))
        .fallback(async || ApiError::new(Cause::NoSuchRoute))
        .with_state(shared.clone());
    layers::around(router, &shared, cors)
}

/// What the api is, as an OpenAPI document.
pub fn openapi() -> OpenApi {
    routes().into_openapi()
}

fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(frame())
        .merge(users::routes())
        .merge(orgs::routes())
        .merge(mocks::routes())
        .merge(events::routes())
}

/// The document without its routes.
fn frame() -> OpenApi {
    use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApiBuilder, tag::TagBuilder};

    let info = InfoBuilder::new()
        .title("moclojer")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(include_str!("api/description.md")))
        .build();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("a token of the issuer, or the development token of a standalone installation"))
        .build();
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .schema_from::<ErrorAnswer>()
        .schema_from::<ErrorBody>()
        .schema_from::<FieldProblem>()
        .schema_from::<mocks::ContentProblem>()
        .build();
    let tag = |name: &str, about: &str| TagBuilder::new().name(name).description(Some(about)).build();
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .security(Some([utoipa::openapi::security::SecurityRequirement::new("bearer", [""; 0])]))
        .tags(Some([
            tag("users", "customers, and signing in"),
            tag("orgs", "people who share mocks"),
            tag("mocks", "files of endpoints, each served under a host of its own"),
            tag("publication", "whether a mock is served, and how far a change has got"),
            tag("history", "the revisions of a mock"),
        ]))
        .build()
}

/// The answer to a panic; the panic itself was logged by its hook.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    use axum::response::IntoResponse as _;

    tracing::error!("a handler panicked");
    ApiError::new(Cause::Internal).into_response()
}
