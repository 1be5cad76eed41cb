//! What every object store does: one list of facts, for memory, a folder, S3 in this process and moto.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use moclojer_cloud::adapters::object_store::{Credentials, Limits, ObjectStore, Probe, StoreUrl, probe};
use moclojer_core::ports::{Condition, ETag, Put, Storage, StorageError, StorageKey};

use test_bed::process::Folder;
use test_bed::proxy::{Mode, Proxy};
use test_bed::{moto, s3};

/// A store, and what it needs to stay.
struct Opened {
    store: ObjectStore,
    _folder: Option<Folder>,
}

async fn memory() -> Opened {
    let store = ObjectStore::open(&StoreUrl::Memory, None, Limits::default()).unwrap();
    Opened { store, _folder: None }
}

async fn file_system() -> Opened {
    let folder = Folder::new();
    let url = StoreUrl::FileSystem(folder.path().join("made/by/the/store"));
    Opened { store: ObjectStore::open(&url, None, Limits::default()).unwrap(), _folder: Some(folder) }
}

async fn s3_in_process() -> Opened {
    Opened { store: s3::store().await, _folder: None }
}

async fn s3_of_moto() -> Opened {
    Opened { store: moto::store().await, _folder: None }
}

macro_rules! suite {
    ($implementation:ident: $($fact:ident,)*) => {
        mod $implementation {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                let opened = super::$implementation().await;
                super::$fact(&opened.store).await;
            })*
        }
    };
}

macro_rules! suites {
    ($($implementation:ident),* also $races:tt) => {
        $(suites! { @one $implementation $races })*
    };
    (@one $implementation:ident { $($race:ident,)* }) => {
        suite! { $implementation:
            a_missing_object_is_none,
            bytes_come_back_as_they_were,
            a_put_without_condition_overwrites_and_changes_the_tag,
            if_absent_holds_only_where_there_is_nothing,
            if_match_holds_only_over_the_tag_it_names,
            a_deleted_object_is_gone_and_may_be_deleted_again,
            a_listing_names_what_begins_with_the_prefix,
            a_listing_has_all_pages,
            a_reader_never_sees_half_an_object,
            the_probe_finds_conditions_and_leaves_nothing,
            $($race,)*
        }
    };
}

suites! {
    memory, file_system, s3_in_process
    also { of_two_writers_over_one_tag_one_wins, of_two_writers_of_a_new_object_one_wins, }
}
// moto looks at a condition and writes without keeping others out: of two at once both may win.
suites! { s3_of_moto also {} }

async fn a_missing_object_is_none(store: &ObjectStore) {
    assert_eq!(store.get(&key("a/b.yml")).await.unwrap(), None);
    assert_eq!(store.head(&key("a/b.yml")).await.unwrap(), None);
    assert_eq!(store.list("").await.unwrap(), []);
    // What is above an object is none.
    write(store, "a/b", "text").await;
    assert_eq!(store.head(&key("a/c")).await.unwrap(), None);
}

async fn bytes_come_back_as_they_were(store: &ObjectStore) {
    let all = (0..8 << 20).map(|index: u32| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (name, bytes) in [("empty", Bytes::new()), ("lines", "a\r\n\0\n".into()), ("8-mib", all)] {
        let key = key(name);
        let Put::Written(etag) = store.put(&key, bytes.clone(), Condition::IfAbsent).await.unwrap() else {
            panic!("{name} is refused")
        };
        let object = store.get(&key).await.unwrap().unwrap();
        assert!(object.bytes == bytes, "{name}: {} bytes", object.bytes.len());
        assert_eq!(object.etag, etag, "{name}");
        assert_eq!(store.head(&key).await.unwrap(), Some(etag.clone()), "{name}");
        let listed = store.list(name).await.unwrap();
        assert_eq!((listed[0].size, &listed[0].etag), (bytes.len() as u64, &etag), "{name}");
    }
}

async fn a_put_without_condition_overwrites_and_changes_the_tag(store: &ObjectStore) {
    let first = write(store, "object", "first").await;
    let second = write(store, "object", "second").await;
    assert_ne!(first, second);
    assert_eq!(read(store, "object").await, "second");
    assert_eq!(store.head(&key("object")).await.unwrap(), Some(second));
}

async fn if_absent_holds_only_where_there_is_nothing(store: &ObjectStore) {
    let key = key("a/object");
    assert!(matches!(store.put(&key, "first".into(), Condition::IfAbsent).await.unwrap(), Put::Written(_)));
    assert_eq!(store.put(&key, "second".into(), Condition::IfAbsent).await.unwrap(), Put::Refused);
    assert_eq!(read(store, "a/object").await, "first");
    store.delete(&key).await.unwrap();
    assert!(matches!(store.put(&key, "third".into(), Condition::IfAbsent).await.unwrap(), Put::Written(_)));
}

async fn if_match_holds_only_over_the_tag_it_names(store: &ObjectStore) {
    let key = key("a/object");
    let never = Condition::IfMatch(ETag::of(b"never written"));
    assert_eq!(
        store.put(&key, "stray".into(), never.clone()).await.unwrap(),
        Put::Refused,
        "a missing object"
    );
    assert_eq!(store.head(&key).await.unwrap(), None);

    let first = write(store, "a/object", "first").await;
    assert_eq!(store.put(&key, "stray".into(), never).await.unwrap(), Put::Refused, "another tag");
    let over_first = Condition::IfMatch(first);
    let Put::Written(second) = store.put(&key, "second".into(), over_first.clone()).await.unwrap() else {
        panic!("the tag that stands is refused")
    };
    assert_eq!(store.put(&key, "stray".into(), over_first).await.unwrap(), Put::Refused, "an older tag");
    assert_eq!(read(store, "a/object").await, "second");

    store.delete(&key).await.unwrap();
    assert_eq!(
        store.put(&key, "stray".into(), Condition::IfMatch(second)).await.unwrap(),
        Put::Refused,
        "gone"
    );
    assert_eq!(store.get(&key).await.unwrap(), None);
}

async fn a_deleted_object_is_gone_and_may_be_deleted_again(store: &ObjectStore) {
    write(store, "a/one", "1").await;
    write(store, "a/two", "2").await;
    store.delete(&key("a/one")).await.unwrap();
    store.delete(&key("a/one")).await.unwrap();
    store.delete(&key("never/was")).await.unwrap();
    assert_eq!(store.get(&key("a/one")).await.unwrap(), None);
    assert_eq!(names(store, "").await, ["a/two"]);
}

async fn a_listing_names_what_begins_with_the_prefix(store: &ObjectStore) {
    for name in
        ["unified/1/0.yml", "unified/1/1.yml", "unified/10/0.yml", "unified.yml", "owner/mock/mock.yml"]
    {
        write(store, name, name).await;
    }
    assert_eq!(names(store, "unified/1/").await, ["unified/1/0.yml", "unified/1/1.yml"]);
    assert_eq!(names(store, "unified/1").await, ["unified/1/0.yml", "unified/1/1.yml", "unified/10/0.yml"]);
    assert_eq!(names(store, "unified/1/1.yml").await, ["unified/1/1.yml"]);
    assert_eq!(names(store, "owner").await, ["owner/mock/mock.yml"]);
    assert_eq!(names(store, "other/").await, Vec::<String>::new());
    assert_eq!(names(store, "").await.len(), 5);
    for listed in store.list("").await.unwrap() {
        assert_eq!(store.head(&listed.key).await.unwrap(), Some(listed.etag));
        assert_eq!(listed.size, listed.key.as_str().len() as u64);
    }
}

async fn a_listing_has_all_pages(store: &ObjectStore) {
    // S3 gives at most 1,000 objects a page.
    let written: BTreeSet<String> = (0..1_100).map(|number| format!("many/{number}.yml")).collect();
    let puts = written.iter().map(async |name| {
        let etag = write(store, name, name).await;
        (name.clone(), etag)
    });
    let puts: BTreeSet<_> =
        stream::iter(puts).buffer_unordered(16).map(|(name, etag)| (name, etag.to_string())).collect().await;
    let begun = Instant::now();
    let listed = store.list("many/").await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(listed.len(), 1_100);
    let listed: BTreeSet<_> =
        listed.into_iter().map(|listed| (listed.key.to_string(), listed.etag.to_string())).collect();
    assert_eq!(listed, puts);
}

async fn of_two_writers_over_one_tag_one_wins(store: &ObjectStore) {
    let key = key("contended");
    let mut stands = write(store, "contended", "begin").await;
    for round in 0..100 {
        let put = async |writer| {
            let bytes = Bytes::from(format!("{round} {writer}"));
            store.put(&key, bytes, Condition::IfMatch(stands.clone())).await.unwrap()
        };
        let (one, other) = at_once(put("one"), put("other")).await;
        let (winner, etag) = match (one, other) {
            (Put::Written(etag), Put::Refused) => ("one", etag),
            (Put::Refused, Put::Written(etag)) => ("other", etag),
            both => panic!("round {round}: {both:?}"),
        };
        assert_eq!(read(store, "contended").await, format!("{round} {winner}"));
        stands = etag;
    }
}

async fn of_two_writers_of_a_new_object_one_wins(store: &ObjectStore) {
    for round in 0..50 {
        let key = key(&format!("new/{round}"));
        let put =
            async |writer: &'static str| store.put(&key, writer.into(), Condition::IfAbsent).await.unwrap();
        let (one, other) = at_once(put("one"), put("other")).await;
        let winner = match (one, other) {
            (Put::Written(_), Put::Refused) => "one",
            (Put::Refused, Put::Written(_)) => "other",
            both => panic!("round {round}: {both:?}"),
        };
        assert_eq!(read(store, key.as_str()).await, winner);
    }
}

async fn a_reader_never_sees_half_an_object(store: &ObjectStore) {
    let key = key("whole");
    let text = |letter: char| Bytes::from(letter.to_string().repeat(100_000));
    store.put(&key, text('a'), Condition::Always).await.unwrap();
    let write = async {
        for letter in ('b'..='u').cycle().take(20) {
            store.put(&key, text(letter), Condition::Always).await.unwrap();
        }
    };
    let read = async {
        for _ in 0..20 {
            let object = store.get(&key).await.unwrap().unwrap();
            assert_eq!(object.bytes.len(), 100_000);
            assert!(object.bytes.iter().all(|byte| *byte == object.bytes[0]), "two states in one object");
        }
    };
    at_once(write, read).await;
}

async fn the_probe_finds_conditions_and_leaves_nothing(store: &ObjectStore) {
    let all =
        Probe { refuses_stale: true, refuses_present: true, lists_etags: true, reads_what_was_written: true };
    assert_eq!(probe(store).await.unwrap(), all);
    assert!(all.is_conditional());
    assert_eq!(store.list("").await.unwrap(), []);
}

// What is true of one kind of store alone.

/// Limits that a test can wait for.
const SHORT: Limits = Limits {
    put: Duration::from_millis(500),
    other: Duration::from_millis(800),
    list: Duration::from_millis(900),
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_hangs_cuts_or_refuses_gives_temporary_errors_within_the_limits() {
    let url = s3::url().await;
    let (before, after) = url.split_once("127.0.0.1:").expect("S3 of this test is on loopback");
    let (port, after) = after.split_at(after.find(['&', '/']).unwrap_or(after.len()));
    let proxy = Proxy::before(port.parse().unwrap()).await;
    let url = StoreUrl::parse(&format!("{before}127.0.0.1:{}{after}", proxy.port())).unwrap();
    let store = ObjectStore::open(&url, Some(s3::credentials()), SHORT).unwrap();
    let written = write(&store, "a/object", "text").await;

    for mode in [Mode::Hang, Mode::Cut, Mode::Refuse, Mode::Hang] {
        proxy.set(mode).await;
        let key = key("a/object");
        let condition = Condition::IfMatch(written.clone());
        let begun = Instant::now();
        let errors: [StorageError; 5] = [
            store.get(&key).await.expect_err("get"),
            store.head(&key).await.expect_err("head"),
            store.put(&key, "other".into(), condition).await.expect_err("put"),
            store.list("").await.expect_err("list"),
            store.delete(&key).await.expect_err("delete"),
        ];
        assert!(begun.elapsed() < Duration::from_secs(6), "{mode:?}: {:?}", begun.elapsed());
        for error in errors {
            assert!(error.is_temporary(), "{mode:?}: {error:?}");
        }
    }

    proxy.set(Mode::Pass).await;
    assert_eq!(read(&store, "a/object").await, "text");
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_refused_for_good() {
    let open = |endpoint: String, credentials| {
        let url = StoreUrl::parse(&format!("s3://no-such-bucket?endpoint={endpoint}")).unwrap();
        ObjectStore::open(&url, Some(credentials), Limits::default()).unwrap()
    };
    let moto = open(moto::endpoint().await, Credentials::new("anyone", "anything"));
    let in_process = open(s3::endpoint().await, s3::credentials());
    let no_get = moto.get(&key("a")).await.expect_err("get");
    assert!(!no_get.is_temporary(), "{no_get:?}");
    for store in [moto, in_process] {
        for error in [
            store.put(&key("a"), Bytes::new(), Condition::IfAbsent).await.expect_err("put"),
            store.put(&key("a"), Bytes::new(), Condition::IfMatch(ETag::of(b""))).await.expect_err("put"),
            store.list("").await.expect_err("list"),
        ] {
            assert!(!error.is_temporary(), "{error:?}");
        }
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_for_good_and_shown_nowhere() {
    let url = StoreUrl::parse(&s3::url_in_process().await).unwrap();
    let wrong = Credentials::new("canary-id", "canary-secret");
    let store = ObjectStore::open(&url, Some(wrong), Limits::default()).unwrap();
    assert!(!format!("{store:?}").contains("canary"), "{store:?}");
    for error in [
        store.get(&key("a")).await.expect_err("get"),
        store.put(&key("a"), Bytes::new(), Condition::Always).await.expect_err("put"),
        store.list("").await.expect_err("list"),
        probe(&store).await.expect_err("probe"),
    ] {
        assert!(!error.is_temporary(), "{error:?}");
        assert!(!format!("{} {error:?}", chain(&error)).contains("canary-secret"), "{error:?}");
    }
}

#[tokio::test]
async fn two_roots_of_a_bucket_do_not_see_each_other() {
    let url = s3::url().await;
    let [one, other] = ["one", "two"].map(|root| {
        let url = StoreUrl::parse(&s3::below(&url, root)).unwrap();
        ObjectStore::open(&url, Some(s3::credentials()), Limits::default()).unwrap()
    });
    write(&one, "a/object", "text").await;
    assert_eq!(names(&one, "").await, ["a/object"]);
    assert_eq!(names(&other, "").await, Vec::<String>::new());
    assert_eq!(other.get(&key("a/object")).await.unwrap(), None);
}

#[tokio::test]
async fn a_folder_keeps_its_objects_and_hides_the_leftover_of_a_crash() {
    let folder = Folder::new();
    let url = StoreUrl::FileSystem(folder.path().to_owned());
    let open = || ObjectStore::open(&url, None, Limits::default()).unwrap();
    write(&open(), "a/object", "text").await;
    std::fs::write(folder.path().join("a/object~"), "hal").unwrap();
    std::fs::write(folder.path().join("a/other~"), "hal").unwrap();
    let again = open();
    assert_eq!(names(&again, "").await, ["a/object"]);
    assert_eq!(read(&again, "a/object").await, "text");
    write(&again, "a/other", "whole").await;
    assert_eq!(read(&again, "a/other").await, "whole");
    assert!(!folder.path().join("a/other~").exists());
}

/// A listing keeps tags of files that did not change for two seconds; by then one that did is read again all the same.
#[tokio::test]
async fn a_listing_of_a_folder_sees_each_change_whenever_it_comes() {
    let folder = Folder::new();
    let url = StoreUrl::FileSystem(folder.path().to_owned());
    let open = || ObjectStore::open(&url, None, Limits::default()).unwrap();
    let (writer, reader) = (open(), open());
    let tags = async || {
        let listed = reader.list("").await.unwrap();
        listed.into_iter().map(|listed| (listed.key.to_string(), listed.etag)).collect::<Vec<_>>()
    };
    write(&writer, "stays", "as it is").await;
    for text in ["one", "two", "six"] {
        write(&writer, "changes", text).await;
        let wanted = vec![
            ("changes".to_owned(), ETag::of(text.as_bytes())),
            ("stays".to_owned(), ETag::of(b"as it is")),
        ];
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(2_500) {
            let mut listed = tags().await;
            listed.sort_by(|one, other| one.0.cmp(&other.0));
            assert_eq!(listed, wanted);
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
}

#[tokio::test]
async fn a_folder_cannot_hold_a_key_that_is_the_folder_of_another() {
    let opened = file_system().await;
    write(&opened.store, "a/b", "text").await;
    for name in ["a", "a/b/c"] {
        assert_eq!(opened.store.get(&key(name)).await.unwrap(), None, "{name}");
        assert_eq!(opened.store.head(&key(name)).await.unwrap(), None, "{name}");
        let put = opened.store.put(&key(name), "text".into(), Condition::Always).await;
        assert!(!put.expect_err("put").is_temporary(), "{name}");
        opened.store.delete(&key(name)).await.unwrap();
    }
    assert_eq!(names(&opened.store, "").await, ["a/b"]);
}

#[tokio::test]
async fn conditions_hold_among_all_stores_of_one_folder() {
    let folder = Folder::new();
    let url = StoreUrl::FileSystem(folder.path().to_owned());
    let [one, other] = [(), ()].map(|()| ObjectStore::open(&url, None, Limits::default()).unwrap());
    for round in 0..50 {
        let key = key(&format!("{round}"));
        let put =
            async |store: &ObjectStore| store.put(&key, "text".into(), Condition::IfAbsent).await.unwrap();
        let (one, other) = at_once(put(&one), put(&other)).await;
        assert_ne!(one == Put::Refused, other == Put::Refused, "round {round}");
    }
}

#[tokio::test]
async fn a_folder_that_was_taken_away_is_no_empty_store() {
    let folder = Folder::new();
    let root = folder.path().join("store");
    let store = ObjectStore::open(&StoreUrl::FileSystem(root.clone()), None, Limits::default()).unwrap();
    write(&store, "a/object", "text").await;
    std::fs::rename(&root, folder.path().join("away")).unwrap();
    assert!(store.list("").await.expect_err("list").is_temporary());
    assert!(store.put(&key("b"), "text".into(), Condition::IfAbsent).await.expect_err("put").is_temporary());
    std::fs::rename(folder.path().join("away"), &root).unwrap();
    assert_eq!(names(&store, "").await, ["a/object"]);
}

#[tokio::test]
async fn the_probe_tells_a_store_without_conditions() {
    #[derive(Debug)]
    struct Unconditional(Arc<dyn Storage>);

    #[async_trait::async_trait]
    impl Storage for Unconditional {
        async fn get(&self, key: &StorageKey) -> Result<Option<moclojer_core::ports::Object>, StorageError> {
            self.0.get(key).await
        }
        async fn head(&self, key: &StorageKey) -> Result<Option<ETag>, StorageError> {
            self.0.head(key).await
        }
        async fn put(&self, key: &StorageKey, bytes: Bytes, _: Condition) -> Result<Put, StorageError> {
            self.0.put(key, bytes, Condition::Always).await
        }
        async fn list(&self, prefix: &str) -> Result<Vec<moclojer_core::ports::Listed>, StorageError> {
            self.0.list(prefix).await
        }
        async fn delete(&self, key: &StorageKey) -> Result<(), StorageError> {
            self.0.delete(key).await
        }
    }

    let store = Unconditional(Arc::new(memory().await.store));
    let found = probe(&store).await.unwrap();
    assert!(!found.is_conditional() && !found.refuses_stale && !found.refuses_present, "{found:?}");
    assert!(found.lists_etags && found.reads_what_was_written, "{found:?}");
    assert_eq!(store.list("").await.unwrap(), []);
}

fn key(text: &str) -> StorageKey {
    StorageKey::parse(text).unwrap()
}

async fn write(store: &ObjectStore, name: &str, text: &str) -> ETag {
    match store.put(&key(name), Bytes::from(text.to_owned()), Condition::Always).await.unwrap() {
        Put::Written(etag) => etag,
        Put::Refused => panic!("{name}: a put without a condition is refused"),
    }
}

async fn read(store: &ObjectStore, name: &str) -> String {
    String::from_utf8(store.get(&key(name)).await.unwrap().unwrap().bytes.into()).unwrap()
}

async fn names(store: &ObjectStore, prefix: &str) -> Vec<String> {
    let mut names: Vec<_> =
        store.list(prefix).await.unwrap().into_iter().map(|listed| listed.key.to_string()).collect();
    names.sort();
    names
}

async fn at_once<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> (A, B) {
    tokio::join!(one, other)
}

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(|error| format!("{error}: ")).collect()
}
