//! Status streams: how far a mock has been carried out, now and whenever it changes (server-sent events).
//!
//! | event | data |
//! | --- | --- |
//! | `state` | the mock's publication: at first, and after each change |
//! | `gone` | the mock is no more, or no longer the customer's to see: the stream ends |
//!
//! Between them comments show that the stream lives. It also ends when the server stops and after its lifetime, so
//! that a token is looked at again from time to time.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{self, Stream};
use serde_json::json;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::body::{Caller, InPath, check_not_suspended};
use super::error::{Answer, ApiError, Cause};
use super::mocks::Publication;
use super::refusals;
use super::state::Shared;
use super::watch::{Following, Seen, TooMany};
use crate::domain::{Carried, CustomerId, MockId};
use crate::http_server::Stopping;

/// How long a look whether the customer may still see the mock may take.
const RECHECK_LIMIT: Duration = Duration::from_secs(10);

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Follow a mock
///
/// Who: its owner, or a member of the org that owns it. Server-sent events: `state` with the mock's publication, now
/// and after each change; `gone` when the mock is no more, or no longer the caller's to see, which ends the stream. A
/// comment every 15 seconds shows that the stream lives. It ends after an hour; open another then.
#[utoipa::path(get, path = "/mocks/{id}/events", tag = "publication",
    params(("id" = Uuid, Path, description = "the mock")),
    responses((status = 200, description = "the stream; data of `state`", body = Publication,
            content_type = "text/event-stream"), refusals::Streaming))]
async fn events(
    State(state): State<Shared>,
    Caller(caller): Caller,
    stopping: Option<Extension<Stopping>>,
    InPath(id): InPath<Uuid>,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let mock = state.mock_of(&caller, MockId(id)).await?;
    let following = state.watch.follow(caller.id, mock.id, mock.host.as_str()).map_err(too_many)?;
    // Read once more: what changes from here on wakes the stream.
    let now = state.store.carried(&[mock.id]).await?.into_iter().next().ok_or_else(ApiError::not_found)?;
    let settings = &state.settings.streams;
    let heartbeat = KeepAlive::new().interval(settings.heartbeat).text("heartbeat");
    let mut recheck = interval_at(Instant::now() + settings.recheck, settings.recheck);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let open = Open {
        ends: Instant::now() + settings.lifetime,
        customer: caller.id,
        mock: mock.id,
        stopping: stopping.map(|Extension(stopping)| stopping),
        following,
        recheck,
        told: None,
        state,
    };
    let events = stream::unfold(Some((open, Some(now))), |stream| async move {
        let (mut open, first) = stream?;
        match first {
            Some(now) => Some((Ok(open.tell(now)), Some((open, None)))),
            None => match open.next().await? {
                Next::State(event) => Some((Ok(event), Some((open, None)))),
                Next::Gone(event) => Some((Ok(event), None)),
            },
        }
    });
    Ok(Sse::new(events).keep_alive(heartbeat))
}

fn too_many(reason: TooMany) -> ApiError {
    match reason {
        TooMany::OfCustomer => ApiError::new(Cause::TooManyStreams),
        TooMany::OfAll => ApiError::with_message(Cause::Busy, "too many status streams are open"),
    }
}

/// A stream that is open.
struct Open {
    state: Shared,
    following: Following,
    customer: CustomerId,
    mock: MockId,
    told: Option<Publication>,
    recheck: Interval,
    ends: Instant,
    stopping: Option<Stopping>,
}

enum Next {
    State(Event),
    Gone(Event),
}

impl Open {
    /// The next event; none: the stream ends.
    async fn next(&mut self) -> Option<Next> {
        loop {
            tokio::select! {
                seen = self.following.next() => match seen {
                    Seen::Now(carried) if self.told != Some(Publication::of(&carried)) => {
                        return Some(Next::State(self.tell(carried)));
                    }
                    Seen::Now(_) | Seen::Unknown => {}
                    Seen::Gone => return Some(Next::Gone(self.gone())),
                },
                _ = self.recheck.tick() => {
                    let visible = timeout(RECHECK_LIMIT, self.is_visible()).await;
                    if visible == Ok(Some(false)) {
                        return Some(Next::Gone(self.gone()));
                    }
                }
                () = sleep_until(self.ends) => return None,
                () = stopped(&mut self.stopping) => return None,
            }
        }
    }

    fn tell(&mut self, carried: Carried) -> Event {
        let publication = Publication::of(&carried);
        self.told = Some(publication);
        event("state", &publication)
    }

    fn gone(&self) -> Event {
        event("gone", &json!({"id": self.mock.0}))
    }

    /// Whether the customer may still see the mock; none: that cannot be said now.
    async fn is_visible(&self) -> Option<bool> {
        match self.look().await {
            Ok(()) => Some(true),
            Err(error) if error.cause().status().is_client_error() => Some(false),
            Err(_) => None,
        }
    }

    async fn look(&self) -> Answer<()> {
        let customer = self.state.store.customer(self.customer).await?.ok_or_else(ApiError::not_found)?;
        check_not_suspended(&customer)?;
        self.state.mock_of(&customer, self.mock).await.map(drop)
    }
}

fn event(name: &str, data: &impl serde::Serialize) -> Event {
    // Plain data; a text that cannot be written would be a fault of this file.
    let data = serde_json::to_string(data).unwrap_or_default();
    Event::default().event(name).data(data)
}

/// Ends when the server stops; never without one.
async fn stopped(stopping: &mut Option<Stopping>) {
    match stopping {
        Some(stopping) => stopping.wait().await,
        None => std::future::pending().await,
    }
}
