//! What must hold once all faults have ended, within a bounded time.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::{Method, StatusCode};

use super::api::{Answer, Api};
use super::ledger::{Ledger, Told, token_of};
use super::watcher::{Stored, ask_host};
use super::world::World;

/// How many questions are asked at once.
const AT_ONCE: usize = 16;
/// How often the api is asked before it counts as not answering.
const TRIES: usize = 10;

/// Looks at everything again and again until all of it is right.
///
/// # Errors
/// At once when the api tells less than it promised; after `limit` when something is still not carried out.
pub(crate) async fn check(
    world: &World,
    ledger: &Ledger,
    apis: &[Api],
    limit: Duration,
) -> Result<Duration, String> {
    let begin = Instant::now();
    loop {
        let wrong = match look(world, ledger, apis).await? {
            Ok(()) => return Ok(begin.elapsed()),
            Err(wrong) => wrong,
        };
        if begin.elapsed() > limit {
            return Err(format!("{} s after the last fault: {wrong}", limit.as_secs()));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// A mock that is served: its host, the token that is shown, the revision.
type Served = HashMap<String, (String, u64)>;

async fn look(world: &World, ledger: &Ledger, apis: &[Api]) -> Result<Result<(), String>, String> {
    let count = ledger.with(|all| all.mocks.len());
    let told: Vec<Option<(usize, Told)>> =
        stream::iter((0..count).map(|mock| ask(ledger, apis, mock))).buffered(AT_ONCE).try_collect().await?;
    let mut served = Served::new();
    for (mock, told) in told.into_iter().flatten() {
        let (host, good) = ledger.with(|all| {
            let entry = &all.mocks[mock];
            (world.host(&told.view.name, &entry.subdomain), entry.good(&told.view).cloned())
        });
        let (status, serving) = match &good {
            Some(good) => ("published", Some(good.revision)),
            None => ("offline", None),
        };
        if (told.status.as_str(), told.serving) != (status, serving) {
            let wrong = format!("it is to be {status} with {serving:?}, and is told to be {told:?}");
            return Ok(Err(ledger.report(mock, &wrong)));
        }
        served.extend(good.map(|good| (host, (good.token, good.revision))));
    }
    let standing = match Stored::read(world).and_then(|stored| stored.all()) {
        Ok(standing) => standing,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let wanted: HashMap<String, u64> =
        served.iter().map(|(host, (_, revision))| (host.clone(), *revision)).collect();
    if let Some(host) =
        wanted.keys().chain(standing.keys()).find(|host| wanted.get(*host) != standing.get(*host))
    {
        let wrong =
            format!("{host} is to stand as {:?}, and stands as {:?}", wanted.get(host), standing.get(host));
        return Ok(Err(wrong));
    }
    Ok(look_at_hosts(world, ledger, &served).await)
}

/// What the api says of a mock; none: there is no such mock.
async fn ask(ledger: &Ledger, apis: &[Api], mock: usize) -> Result<Option<(usize, Told)>, String> {
    let now = ledger.now();
    let (id, client, mark) = ledger.with(|all| {
        let entry = &all.mocks[mock];
        (entry.id, entry.client, entry.mock.mark(now))
    });
    let Some(id) = id else {
        return Err(ledger.report(mock, "its creation was never answered"));
    };
    let mut answer = Answer::None;
    for _ in 0..TRIES {
        answer = apis[client].mock(Method::GET, &format!("/mocks/{id}"), None).await;
        if !matches!(answer, Answer::None) {
            break;
        }
    }
    let what = format!("at the end: {answer}");
    match answer {
        Answer::Mock(told) => {
            ledger.on(mock, what, |entry| entry.mock.told(&mark, &told.view))?;
            Ok(Some((mock, told)))
        }
        Answer::Gone => {
            ledger.on(mock, what, |entry| entry.mock.told_gone(&mark))?;
            Ok(None)
        }
        other => Err(ledger.report(mock, &format!("at the end the api answers {other}"))),
    }
}

async fn look_at_hosts(world: &World, ledger: &Ledger, served: &Served) -> Result<(), String> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let hosts: Vec<(String, usize)> = ledger.with(|all| {
        let newest = |takers: &Vec<usize>| takers.last().copied().unwrap_or_default();
        all.hosts.iter().map(|(host, takers)| (host.clone(), newest(takers))).collect()
    });
    let client = &client;
    let looks = hosts.iter().map(|(host, mock)| async move {
        let answer = ask_host(client, world, host).await;
        let right = match (served.get(host), &answer) {
            (Some((token, _)), Some((StatusCode::OK, text))) => token_of(text) == Some(token),
            (None, Some((StatusCode::NOT_FOUND, _))) => true,
            _ => false,
        };
        if right {
            return Ok(());
        }
        let wanted = served.get(host);
        Err(ledger.report(*mock, &format!("{host} is to show {wanted:?}, and answers {answer:?}")))
    });
    stream::iter(looks).buffered(AT_ONCE).try_collect().await
}
