//! The client as the tests of this folder use it.

use std::time::Duration;

use moclojer_core::testing::MockServer;
use shop_client::{Retry, ShopClient};

/// A client of the mock server, with pauses that a test does not feel.
pub(crate) fn client_of(server: &MockServer) -> ShopClient {
    let brief = Duration::from_millis(1);
    let retry = Retry { attempts: 3, first_pause: brief, longest_pause: brief };
    ShopClient::new(server.uri(), "web", "secret").unwrap().with_retry(retry)
}
