//! What every bus does: one list of facts, for channels in this process and for Redis.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use moclojer_cloud::adapters::redis::RedisBus;
use moclojer_core::ports::{
    Bus, Event, InProcessBus, MESSAGE_BYTES, MessageTooLarge, QUEUED_MESSAGES, Subscription,
};

use test_bed::proxy::{Mode, Proxy};
use test_bed::redis::Redis;

/// How long anything that has to come may take.
const SOON: Duration = Duration::from_secs(20);

/// Three channels that nobody else uses.
type Channels = [&'static str; 3];

async fn in_process() -> Arc<dyn Bus> {
    Arc::new(InProcessBus::default())
}

async fn over_redis() -> Arc<dyn Bus> {
    Arc::new(RedisBus::connect(&test_bed::redis::url().await).unwrap())
}

macro_rules! suite {
    ($($implementation:ident),*) => {
        $(mod $implementation {
            suite! { @facts $implementation;
                a_listener_is_told_first_that_it_is_connected,
                everyone_who_listens_gets_the_message,
                messages_of_one_publisher_come_in_order,
                what_was_sent_before_is_not_heard,
                channels_are_not_mixed,
                a_slow_listener_is_told_how_many_it_lost_and_keeps_the_newest,
                what_is_sent_elsewhere_costs_a_listener_nothing,
                bytes_come_as_they_were_up_to_the_bound,
                nothing_is_lost_when_waiting_is_given_up,
                publishing_to_nobody_is_no_error,
                a_listener_ends_with_the_bus,
            }
        })*
    };
    (@facts $implementation:ident; $($fact:ident,)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $fact() {
            // Redis is everyone's: its channels are this fact's.
            super::$fact(super::$implementation().await, [
                concat!(stringify!($fact), ".one"),
                concat!(stringify!($fact), ".two"),
                concat!(stringify!($fact), ".three"),
            ])
            .await;
        })*
    };
}

suite!(in_process, over_redis);

async fn a_listener_is_told_first_that_it_is_connected(bus: Arc<dyn Bus>, [one, ..]: Channels) {
    let mut listener = bus.subscribe(&[one]);
    assert_eq!(next(&mut *listener).await, Event::Connected);
}

async fn everyone_who_listens_gets_the_message(bus: Arc<dyn Bus>, [one, ..]: Channels) {
    let mut listeners =
        [listen(&*bus, &[one]).await, listen(&*bus, &[one]).await, listen(&*bus, &[one]).await];
    bus.publish(one, "hello".into()).await.unwrap();
    for listener in &mut listeners {
        assert_eq!(next(&mut **listener).await, message(one, "hello"));
    }
}

async fn messages_of_one_publisher_come_in_order(bus: Arc<dyn Bus>, [one, two, ..]: Channels) {
    let mut listener = listen(&*bus, &[one, two]).await;
    for number in 0..500 {
        bus.publish([one, two][number % 2], number.to_string().into()).await.unwrap();
    }
    for number in 0..500 {
        assert_eq!(next(&mut *listener).await, message([one, two][number % 2], &number.to_string()));
    }
}

async fn what_was_sent_before_is_not_heard(bus: Arc<dyn Bus>, [one, ..]: Channels) {
    bus.publish(one, "before".into()).await.unwrap();
    let mut listener = listen(&*bus, &[one]).await;
    bus.publish(one, "after".into()).await.unwrap();
    assert_eq!(next(&mut *listener).await, message(one, "after"));
}

async fn channels_are_not_mixed(bus: Arc<dyn Bus>, [one, two, three]: Channels) {
    let mut single = listen(&*bus, &[one]).await;
    let mut both = listen(&*bus, &[one, two]).await;
    bus.publish(two, "second".into()).await.unwrap();
    bus.publish(three, "nobody's".into()).await.unwrap();
    bus.publish(one, "first".into()).await.unwrap();
    assert_eq!(next(&mut *single).await, message(one, "first"));
    assert_eq!(next(&mut *both).await, message(two, "second"));
    assert_eq!(next(&mut *both).await, message(one, "first"));
}

async fn a_slow_listener_is_told_how_many_it_lost_and_keeps_the_newest(
    bus: Arc<dyn Bus>,
    [one, ..]: Channels,
) {
    const SENT: usize = 3 * QUEUED_MESSAGES;
    let mut slow = listen(&*bus, &[one]).await;
    let mut quick = listen(&*bus, &[one]).await;
    for number in 0..SENT {
        bus.publish(one, number.to_string().into()).await.unwrap();
        assert_eq!(next(&mut *quick).await, message(one, &number.to_string()), "the quick one loses nothing");
    }
    let (mut lost, mut kept) = (0, 0);
    while lost + kept < SENT {
        match next(&mut *slow).await {
            Event::Lagged(more) => lost += usize::try_from(more).unwrap(),
            event => {
                assert_eq!(event, message(one, &(lost + kept).to_string()));
                kept += 1;
            }
        }
    }
    assert!(lost > 0 && kept >= QUEUED_MESSAGES, "{lost} lost, {kept} kept");
}

async fn what_is_sent_elsewhere_costs_a_listener_nothing(bus: Arc<dyn Bus>, [one, two, ..]: Channels) {
    let mut listener = listen(&*bus, &[one]).await;
    bus.publish(one, "first".into()).await.unwrap();
    for _ in 0..QUEUED_MESSAGES + 10 {
        bus.publish(two, "noise".into()).await.unwrap();
    }
    bus.publish(one, "second".into()).await.unwrap();
    assert_eq!(next(&mut *listener).await, message(one, "first"));
    assert_eq!(next(&mut *listener).await, message(one, "second"));
}

async fn bytes_come_as_they_were_up_to_the_bound(bus: Arc<dyn Bus>, [one, ..]: Channels) {
    let mut listener = listen(&*bus, &[one]).await;
    let longest: Bytes = (0..MESSAGE_BYTES).map(|index| (index % 251) as u8).collect();
    for bytes in [Bytes::new(), Bytes::from_static(b"\0\r\n\xff"), longest.clone()] {
        bus.publish(one, bytes.clone()).await.unwrap();
        assert_eq!(next(&mut *listener).await, Event::Message { channel: one, message: bytes });
    }
    let too_long = [&longest[..], b"!"].concat();
    let error = bus.publish(one, too_long.into()).await.expect_err("too long");
    let source = chain(&error);
    assert!(source.contains(&MessageTooLarge(MESSAGE_BYTES + 1).to_string()), "{source}");
    bus.publish(one, "after".into()).await.unwrap();
    assert_eq!(next(&mut *listener).await, message(one, "after"));
}

async fn nothing_is_lost_when_waiting_is_given_up(bus: Arc<dyn Bus>, [one, ..]: Channels) {
    let mut listener = listen(&*bus, &[one]).await;
    for number in 0..50 {
        // Given up at once, and at any moment of the message's way.
        let waited = Duration::from_micros(number * 20);
        let mut heard = tokio::time::timeout(waited, listener.next()).await.ok();
        assert_eq!(heard, None, "nothing was sent");
        bus.publish(one, number.to_string().into()).await.unwrap();
        heard = tokio::time::timeout(waited, listener.next()).await.ok();
        let heard = match heard {
            Some(heard) => heard.unwrap(),
            None => next(&mut *listener).await,
        };
        assert_eq!(heard, message(one, &number.to_string()));
    }
}

async fn publishing_to_nobody_is_no_error(bus: Arc<dyn Bus>, [one, ..]: Channels) {
    bus.publish(one, "hello".into()).await.unwrap();
    drop(listen(&*bus, &[one]).await);
    bus.publish(one, "hello".into()).await.unwrap();
}

async fn a_listener_ends_with_the_bus(bus: Arc<dyn Bus>, [one, ..]: Channels) {
    let mut listener = listen(&*bus, &[one]).await;
    assert_eq!(Arc::strong_count(&bus), 1);
    drop(bus);
    assert_eq!(tokio::time::timeout(SOON, listener.next()).await.unwrap(), None);
}

// What is true of Redis alone.

#[tokio::test]
async fn redis_restarted_is_listened_to_again_and_new_messages_come() {
    let mut server = Redis::fresh().await;
    let bus = RedisBus::connect(&server.url()).unwrap();
    let mut listener = listen(&bus, &["one"]).await;
    bus.publish("one", "before".into()).await.unwrap();
    assert_eq!(next(&mut *listener).await, message("one", "before"));

    server.stop();
    let begun = Instant::now();
    bus.publish("one", "lost".into()).await.expect_err("nobody there");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    server.start_again();

    assert_eq!(next(&mut *listener).await, Event::Connected);
    publish_soon(&bus, "one", "after").await;
    assert_eq!(next(&mut *listener).await, message("one", "after"));
}

#[tokio::test]
async fn redis_may_be_away_at_the_start() {
    let mut server = Redis::fresh().await;
    server.stop();
    let bus = RedisBus::connect(&server.url()).unwrap();
    let mut listener = bus.subscribe(&["one"]);
    bus.publish("one", "lost".into()).await.expect_err("nobody there");
    bus.ping().await.expect_err("nobody there");
    let waited = tokio::time::timeout(Duration::from_millis(300), listener.next()).await;
    assert!(waited.is_err(), "{waited:?} from nobody");

    server.start_again();
    assert_eq!(next(&mut *listener).await, Event::Connected);
    publish_soon(&bus, "one", "hello").await;
    assert_eq!(next(&mut *listener).await, message("one", "hello"));
    bus.ping().await.unwrap();
}

#[tokio::test]
async fn a_connection_that_is_cut_is_made_again() {
    let server = Redis::fresh().await;
    let proxy = Proxy::before(server.port()).await;
    let bus = RedisBus::connect(&format!("redis://127.0.0.1:{}", proxy.port())).unwrap();
    let mut listener = listen(&bus, &["one"]).await;
    for mode in [Mode::Cut, Mode::Refuse] {
        bus.publish("one", "before".into()).await.unwrap();
        assert_eq!(next(&mut *listener).await, message("one", "before"), "{mode:?}");
        proxy.set(mode).await;
        bus.publish("one", "lost".into()).await.expect_err("nobody there");
        proxy.set(Mode::Pass).await;
        assert_eq!(next(&mut *listener).await, Event::Connected, "{mode:?}");
        publish_soon(&bus, "one", "after").await;
        assert_eq!(next(&mut *listener).await, message("one", "after"), "{mode:?}");
    }
}

#[tokio::test]
async fn a_redis_that_hangs_costs_publishers_a_second_and_is_left_by_listeners() {
    let server = Redis::fresh().await;
    let proxy = Proxy::before(server.port()).await;
    let bus = RedisBus::connect(&format!("redis://127.0.0.1:{}", proxy.port())).unwrap();
    let mut listener = listen(&bus, &["one"]).await;
    bus.publish("one", "before".into()).await.unwrap();
    assert_eq!(next(&mut *listener).await, message("one", "before"));

    proxy.set(Mode::Hang).await;
    let hung = Instant::now();
    // First over the connection that stands, then over one that would have to be made; many at once wait no longer.
    for _ in 0..2 {
        let begun = Instant::now();
        let publishes = (0..20).map(|_| bus.publish("one", "lost".into()));
        for published in futures_util::future::join_all(publishes).await {
            published.expect_err("nobody answers");
        }
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    }

    // The listener's old connection goes on hanging: it has to find out by itself.
    proxy.set(Mode::PassNew).await;
    assert_eq!(next(&mut *listener).await, Event::Connected);
    assert!(hung.elapsed() < Duration::from_secs(15), "{:?}", hung.elapsed());
    publish_soon(&bus, "one", "after").await;
    assert_eq!(next(&mut *listener).await, message("one", "after"));
}

#[tokio::test]
async fn a_dropped_listener_leaves_redis() {
    let server = Redis::fresh().await;
    let bus = RedisBus::connect(&server.url()).unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut asker = client.get_multiplexed_async_connection().await.unwrap();
    let listener = listen(&bus, &["one"]).await;
    let mut listeners = async || {
        let counted: (String, u64) =
            redis::cmd("PUBSUB").arg("NUMSUB").arg("one").query_async(&mut asker).await.unwrap();
        counted.1
    };
    assert_eq!(listeners().await, 1);
    drop(listener);
    poll(async || (listeners().await == 0).then_some(())).await;
}

#[tokio::test]
async fn a_message_that_is_too_long_is_told_as_lost() {
    let server = Redis::fresh().await;
    let bus = RedisBus::connect(&server.url()).unwrap();
    let mut listener = listen(&bus, &["one"]).await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut stranger = client.get_multiplexed_async_connection().await.unwrap();
    let long = vec![b'x'; MESSAGE_BYTES + 1];
    let heard: u64 = redis::cmd("PUBLISH").arg("one").arg(long).query_async(&mut stranger).await.unwrap();
    assert_eq!(heard, 1);
    assert_eq!(next(&mut *listener).await, Event::Lagged(1));
    bus.publish("one", "after".into()).await.unwrap();
    assert_eq!(next(&mut *listener).await, message("one", "after"));
}

/// A listener that is connected.
async fn listen(bus: &dyn Bus, channels: &[&'static str]) -> Box<dyn Subscription> {
    let mut listener = bus.subscribe(channels);
    assert_eq!(next(&mut *listener).await, Event::Connected);
    listener
}

async fn next(listener: &mut dyn Subscription) -> Event {
    tokio::time::timeout(SOON, listener.next()).await.expect("nothing comes").expect("the bus is no more")
}

fn message(channel: &'static str, text: &str) -> Event {
    Event::Message { channel, message: Bytes::from(text.to_owned()) }
}

/// Publishes, again for as long as the bus was away a moment ago.
async fn publish_soon(bus: &RedisBus, channel: &'static str, text: &str) {
    poll(async || bus.publish(channel, Bytes::from(text.to_owned())).await.ok()).await;
}

/// Tries until something comes of it.
async fn poll<T>(mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + SOON;
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(Instant::now() < deadline, "it does not come true");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(|error| format!("{error}: ")).collect()
}
