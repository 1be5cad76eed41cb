//! S3 in this process: `s3s-fs` over a temporary folder, on a thread of its own that lives as long as the tests.
//!
//! It checks a put's condition and then writes, with nothing in between that keeps others out, so that its calls go
//! through a lock here. Its listings give no ETags, which S3 need not, unless they are told to
//! ([`tell_tags_in_lists`]), and signatures are checked.

mod faulty;

use std::collections::HashMap;
use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

use bytes::Bytes;
use futures_util::StreamExt;
use hyper_util::rt::TokioIo;
use moclojer_cloud::adapters::object_store::{Credentials, Limits, ObjectStore, StoreUrl};
use s3s::auth::SimpleAuth;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, ETag, GetObjectInput, GetObjectOutput, HeadObjectInput,
    HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, PutObjectInput, PutObjectOutput,
    StreamingBlob,
};
use s3s::service::S3ServiceBuilder;
use s3s::{Body, S3, S3Request, S3Response, S3Result};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::sync::RwLock;
use uuid::Uuid;

use crate::process::Folder;

pub use self::faulty::{Faults, Faulty, Kind};

static TELLS_TAGS: AtomicBool = AtomicBool::new(false);

/// The key of the S3 in this process.
const OUR_KEY: [&str; 2] = ["moclojer-test", "no-secret-at-all"];

/// Where S3 answers: `S3_ENDPOINT`, or the one in this process.
pub async fn endpoint() -> String {
    match std::env::var("S3_ENDPOINT") {
        Ok(endpoint) => endpoint,
        Err(_) => format!("http://127.0.0.1:{}", in_process().await.port),
    }
}

/// Has listings give the ETags of what is put from now on, as S3 itself does.
pub fn tell_tags_in_lists() {
    TELLS_TAGS.store(true, Ordering::Relaxed);
}

/// Who may read and write there: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` with an endpoint from outside.
pub fn key() -> [String; 2] {
    if !is_outside() {
        return OUR_KEY.map(str::to_owned);
    }
    let variable = |name| std::env::var(name).unwrap_or_else(|_| panic!("S3_ENDPOINT needs {name}"));
    [variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")]
}

/// The same, for an adapter.
pub fn credentials() -> Credentials {
    let [id, secret] = key();
    Credentials::new(id, secret)
}

fn is_outside() -> bool {
    std::env::var_os("S3_ENDPOINT").is_some()
}

/// The URL of an empty store: at each call another bucket, or another folder of `S3_BUCKET` (`moclojer`) outside.
pub async fn url() -> String {
    url_at(&endpoint().await).await
}

/// The same, where `endpoint` leads to the real one.
pub async fn url_at(endpoint: &str) -> String {
    let name = format!("test-{}", Uuid::new_v4().simple());
    if is_outside() {
        let bucket = std::env::var("S3_BUCKET").unwrap_or_else(|_| "moclojer".to_owned());
        return format!("s3://{bucket}?endpoint={endpoint}&root={name}");
    }
    bucket_in_process(&name, endpoint).await
}

/// The URL of an empty store in this process, also with `S3_ENDPOINT`: it refuses wrong keys, which others may not.
pub async fn url_in_process() -> String {
    let endpoint = format!("http://127.0.0.1:{}", in_process().await.port);
    bucket_in_process(&format!("test-{}", Uuid::new_v4().simple()), &endpoint).await
}

async fn bucket_in_process(name: &str, endpoint: &str) -> String {
    fs::create_dir(in_process().await.folder.path().join(name)).unwrap();
    format!("s3://{name}?endpoint={endpoint}")
}

/// The URL of a folder of a store.
pub fn below(url: &str, folder: &str) -> String {
    if url.contains("&root=") { format!("{url}/{folder}") } else { format!("{url}&root={folder}") }
}

/// An empty store.
pub async fn store() -> ObjectStore {
    let url = StoreUrl::parse(&url().await).unwrap();
    ObjectStore::open(&url, Some(credentials()), Limits::default()).unwrap()
}

struct InProcess {
    port: u16,
    folder: Folder,
}

async fn in_process() -> &'static InProcess {
    static SHARED: OnceLock<InProcess> = OnceLock::new();
    tokio::task::spawn_blocking(|| SHARED.get_or_init(start)).await.expect("S3 starts")
}

fn start() -> InProcess {
    let folder = Folder::new();
    let files = FileSystem::new(folder.path()).unwrap();
    let mut builder = S3ServiceBuilder::new(Guarded {
        folder: folder.path().to_owned(),
        files,
        lock: RwLock::default(),
        conditional: true,
        tags: Mutex::default(),
    });
    builder.set_auth(SimpleAuth::from_single(OUR_KEY[0], OUR_KEY[1]));
    let service = builder.build();
    let (told, port) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            told.send(listener.local_addr().unwrap().port()).unwrap();
            let server = hyper::server::conn::http1::Builder::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let connection = server.serve_connection(TokioIo::new(stream), service.clone());
                tokio::spawn(connection);
            }
        });
    });
    InProcess { port: port.recv().unwrap(), folder }
}

/// Files that are written one at a time and read in between.
struct Guarded {
    folder: PathBuf,
    files: FileSystem,
    lock: RwLock<()>,
    /// Whether it keeps the conditions of puts.
    conditional: bool,
    /// The tags of what was put, by bucket and key, where listings are to give them.
    tags: Mutex<HashMap<(String, String), ETag>>,
}

#[async_trait::async_trait]
impl S3 for Guarded {
    async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        // All that comes from the client first, so that a slow one holds nobody up.
        if let Some(body) = request.input.body.take() {
            request.input.body = Some(read_whole(body).await?);
        }
        if !self.conditional {
            request.input.if_match = None;
            request.input.if_none_match = None;
        }
        let _alone = self.lock.write().await;
        // It would make the bucket.
        if !self.folder.join(&request.input.bucket).is_dir() {
            return Err(s3s::S3ErrorCode::NoSuchBucket.into());
        }
        let place = (request.input.bucket.clone(), request.input.key.clone());
        let response = self.files.put_object(request).await?;
        if let (true, Some(tag)) = (TELLS_TAGS.load(Ordering::Relaxed), &response.output.e_tag) {
            self.tags.lock().unwrap().insert(place, tag.clone());
        }
        Ok(response)
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let _held = self.lock.read().await;
        self.files.get_object(request).await
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let _held = self.lock.read().await;
        self.files.head_object(request).await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let _held = self.lock.read().await;
        let bucket = request.input.bucket.clone();
        let mut response = self.files.list_objects_v2(request).await?;
        let tags = self.tags.lock().unwrap();
        for object in response.output.contents.iter_mut().flatten() {
            if let Some(key) = &object.key {
                object.e_tag = tags.get(&(bucket.clone(), key.clone())).cloned();
            }
        }
        drop(tags);
        Ok(response)
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let _alone = self.lock.write().await;
        self.tags.lock().unwrap().remove(&(request.input.bucket.clone(), request.input.key.clone()));
        self.files.delete_object(request).await
    }
}

async fn read_whole(mut body: StreamingBlob) -> S3Result<StreamingBlob> {
    let mut whole = Vec::new();
    while let Some(piece) = body.next().await {
        let piece: Bytes =
            piece.map_err(|error| s3s::S3Error::with_source(s3s::S3ErrorCode::IncompleteBody, error))?;
        whole.extend_from_slice(&piece);
    }
    Ok(Body::from(whole).into())
}
