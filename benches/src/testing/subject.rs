//! Who is compared: the yardstick, ours and the peers, and how each is measured.
//!
//! The peers are compiled in with the feature `peers` alone.

use anyhow::Result;
use clap::ValueEnum;

use super::bare::Bare;
use super::frame::{Frame, MockServer};
use super::ours::{self, Ours};
#[cfg(feature = "peers")]
use super::peers::{Httpmock, Mockito, MockitoFresh, Wiremock, WiremockFresh};
use super::requests::{self, Rates};
use super::row::{self, Row};
use super::starts::{self, Cost, Shape};

/// Who is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// The yardstick.
    Bare,
    /// The yardstick, but that its ports rest.
    BareResting,
    /// Ours.
    Ours,
    /// wiremock, pooled.
    #[cfg(feature = "peers")]
    Wiremock,
    /// wiremock on a port of its own.
    #[cfg(feature = "peers")]
    WiremockFresh,
    /// httpmock.
    #[cfg(feature = "peers")]
    Httpmock,
    /// mockito, pooled.
    #[cfg(feature = "peers")]
    Mockito,
    /// mockito on a port of its own.
    #[cfg(feature = "peers")]
    MockitoFresh,
}

/// What the bench has to know of a subject.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Profile {
    /// How tables call it.
    pub(crate) title: &'static str,
    /// What it is compared as.
    pub(crate) role: Role,
    /// Whether each start asks the system for a new port. A few thousand of them make everybody's
    /// next ones slow, so it is measured in fewer rounds, each in a new process.
    pub(crate) is_fresh: bool,
    /// Whether it works in a test without a runtime.
    pub(crate) is_plain: bool,
    /// How it is measured, in a process of its own.
    pub(crate) measures: Measures,
}

/// What a subject is compared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// What the others are compared with.
    Yardstick,
    /// What nobody whose ports rest can go below.
    Floor,
    /// What has aims.
    Ours,
    /// What ours shall not stand behind.
    Peer,
}

/// The measurements of one crate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measures {
    /// Tests of a shape.
    pub(crate) starts: fn(Shape) -> Result<Cost>,
    /// So many tests in a row.
    pub(crate) row: fn(usize) -> Result<Row>,
    /// Requests in turns of so many milliseconds.
    pub(crate) requests: fn(u64) -> Result<Rates>,
    /// So many tests without a socket.
    pub(crate) without_socket: Option<fn(usize) -> Result<Cost>>,
}

impl Measures {
    fn of<S: MockServer>(is_plain: bool) -> Self {
        let row: fn(usize) -> Result<Row> = match is_plain {
            true => |count| row::measure::<S>(Frame::Plain, count),
            false => |count| row::measure::<S>(Frame::Tokio, count),
        };
        Self { starts: starts::measure::<S>, row, requests: requests::measure::<S>, without_socket: None }
    }
}

impl Subject {
    /// What the bench has to know of it.
    pub(crate) fn profile(self) -> Profile {
        match self {
            Self::Bare => profile::<Bare<false>>("bare hyper", Role::Yardstick, true),
            Self::BareResting => profile::<Bare<true>>("bare hyper, ports rest", Role::Floor, true),
            Self::Ours => {
                let mut ours = profile::<Ours>("ours", Role::Ours, true);
                ours.measures.without_socket = Some(ours::without_socket);
                ours
            }
            #[cfg(feature = "peers")]
            Self::Wiremock => profile::<Wiremock>("wiremock", Role::Peer, false),
            #[cfg(feature = "peers")]
            Self::WiremockFresh => profile::<WiremockFresh>("wiremock, fresh", Role::Peer, false).fresh(),
            #[cfg(feature = "peers")]
            Self::Httpmock => profile::<Httpmock>("httpmock", Role::Peer, true),
            #[cfg(feature = "peers")]
            Self::Mockito => profile::<Mockito>("mockito", Role::Peer, true),
            #[cfg(feature = "peers")]
            Self::MockitoFresh => profile::<MockitoFresh>("mockito, fresh", Role::Peer, true).fresh(),
        }
    }
}

fn profile<S: MockServer>(title: &'static str, role: Role, is_plain: bool) -> Profile {
    Profile { title, role, is_fresh: false, is_plain, measures: Measures::of::<S>(is_plain) }
}

#[cfg(feature = "peers")]
impl Profile {
    fn fresh(self) -> Self {
        Self { is_fresh: true, ..self }
    }
}
