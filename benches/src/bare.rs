//! The yardstick: hyper's HTTP/1.1 server on one thread, with no routing and one fixed answer.
//!
//! What it costs is the system calls and hyper itself. Our server is measured against it.

use std::convert::Infallible;
use std::io::Write;
use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What `benches bare` takes.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(short, long, default_value_t = 0)]
    port: u16,

    /// The status of every answer
    #[arg(long, default_value_t = 200)]
    status: u16,

    /// The body of every answer
    #[arg(long, default_value = r#"{"hello": "world"}"#)]
    body: String,
}

/// Serves until the process is ended; the first line on standard output names the address.
pub(crate) fn run(options: &Options) -> Result<()> {
    let status = StatusCode::from_u16(options.status).context("--status is no HTTP status")?;
    let body = Bytes::from(options.body.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        println!("bare hyper on http://{}", listener.local_addr()?);
        std::io::stdout().flush()?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let body = body.clone();
            let service = service_fn(move |_| {
                let body = body.clone();
                async move { Ok::<_, Infallible>(answer(status, body)) }
            });
            // An error of one connection is the client's: it closed, and the client says so.
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    })
}

fn answer(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
