//! Hot reload: a change is served soon, whole, and without a failed request.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use moclojer_core::files::Files;
use moclojer_core::files::reload::{Reload, Reloader};
use moclojer_core::respond::{Options, Responder};
use moclojer_core::spec::{Limits, Spec};

use crate::client::Mock;
use crate::files::{Folder, endpoint};

struct Running {
    mock: Arc<Mock>,
    reloads: mpsc::Receiver<Reload>,
    _reloader: Reloader,
}

fn start(named: &[&std::path::Path]) -> Running {
    let mut files = Files::new(named.iter().map(|path| path.to_path_buf()).collect(), Limits::default());
    let responder = Arc::new(Responder::new(Options::default()));
    let loaded = files.load(Instant::now());
    responder.load(&loaded.specs.iter().map(|spec| &**spec).collect::<Vec<&Spec>>());
    let (sender, reloads) = mpsc::channel();
    let reloader = Reloader::start(files, Arc::clone(&responder), move |reload| {
        let _ = sender.send(reload);
    });
    Running { mock: Arc::new(Mock(responder)), reloads, _reloader: reloader.expect("a watching thread") }
}

/// Polls until `path` answers `body`; how long that took.
fn until(mock: &Mock, path: &str, body: &str) -> Duration {
    let begun = Instant::now();
    loop {
        if mock.get(path).body == body {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{path} never answered {body}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_change_is_served_within_200_ms_written_in_place_or_renamed_over() {
    let folder = Folder::new("reload");
    let file = folder.write("mock.yml", &endpoint("/a", "0"));
    let running = start(&[&file]);
    let mut slowest = Duration::ZERO;
    for round in 1..=20 {
        let text = endpoint("/a", &round.to_string());
        if round % 2 == 0 {
            std::fs::write(&file, text).expect("written");
        } else {
            let other = folder.write("mock.yml.tmp", &text);
            std::fs::rename(other, &file).expect("renamed");
        }
        slowest = slowest.max(until(&running.mock, "/a", &round.to_string()));
    }
    assert!(slowest < Duration::from_millis(200), "{slowest:?}");
    let reload = running.reloads.recv_timeout(Duration::from_secs(1)).expect("it was told");
    assert_eq!(reload.changes.to_string(), "1 changed");
}

#[test]
fn a_broken_file_goes_on_being_served_and_is_told() {
    let folder = Folder::new("reload-broken");
    let file = folder.write("mock.yml", &endpoint("/a", "good"));
    let running = start(&[&file]);
    std::fs::write(&file, "- endpoint: {path: [}").expect("written");
    let reload = running.reloads.recv_timeout(Duration::from_secs(5)).expect("it was told");
    assert!(reload.loaded.has_errors() && reload.changes.is_empty());
    assert_eq!(running.mock.get("/a").body, "good");
    std::fs::write(&file, endpoint("/a", "mended")).expect("written");
    until(&running.mock, "/a", "mended");
}

#[cfg(unix)]
#[test]
fn symlinked_folders_as_in_a_mounted_config_map_work() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("reload-symlink");
    folder.write("..v1/mock.yml", &endpoint("/a", "1"));
    folder.write("..v2/mock.yml", &endpoint("/a", "2"));
    let at = |name: &str| folder.path().join(name);
    symlink("..v1", at("..data")).expect("a link");
    symlink("..data/mock.yml", at("mock.yml")).expect("a link");
    for named in [at("mock.yml"), folder.path().to_path_buf()] {
        let running = start(&[&named]);
        until(&running.mock, "/a", "1");
        symlink("..v2", at("..data_tmp")).expect("a link");
        std::fs::rename(at("..data_tmp"), at("..data")).expect("renamed");
        let took = until(&running.mock, "/a", "2");
        assert!(took < Duration::from_millis(200), "{took:?}");
        symlink("..v1", at("..data_tmp")).expect("a link");
        std::fs::rename(at("..data_tmp"), at("..data")).expect("renamed");
        until(&running.mock, "/a", "1");
    }
}

/// Two endpoints that always say the same number: a half-read file would show a missing or older second one.
fn whole(number: usize) -> String {
    let padding = format!("# {}\n", "x".repeat(20_000));
    format!("{}{padding}{}", endpoint("/first", &number.to_string()), endpoint("/last", &number.to_string()))
}

#[test]
fn no_request_fails_and_no_half_read_file_is_served_during_1000_reloads() {
    use std::io::Write as _;
    let folder = Folder::new("reload-load");
    let file = folder.write("mock.yml", &whole(0));
    let running = start(&[&file]);
    let stop = AtomicBool::new(false);
    let asked = AtomicUsize::new(0);
    let loads = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut newest = 0;
            while !stop.load(Ordering::Relaxed) {
                for path in ["/first", "/last"] {
                    let got = running.mock.get(path);
                    assert_eq!(got.status, 200, "{path}: {}", got.body);
                    let number: usize = got.body.parse().expect("a number");
                    assert!(number >= newest, "{path} went back from {newest} to {number}");
                    newest = number;
                }
                asked.fetch_add(2, Ordering::Relaxed);
            }
        });
        for round in 1..=1000 {
            let text = whole(round);
            if round % 2 == 0 {
                // In place, in two steps: in between the file is half of the new one.
                let mut out = std::fs::File::create(&file).expect("opened");
                let (front, back) = text.split_at(text.len() / 2);
                out.write_all(front.as_bytes()).expect("written");
                out.flush().expect("written");
                out.write_all(back.as_bytes()).expect("written");
            } else {
                std::fs::rename(folder.write("tmp", &text), &file).expect("renamed");
            }
            // Every change is a reload of its own.
            until(&running.mock, "/last", &round.to_string());
            loads.fetch_add(
                running.reloads.try_iter().filter(|reload| !reload.changes.is_empty()).count(),
                Ordering::Relaxed,
            );
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(asked.load(Ordering::Relaxed) > 1000);
    assert!(loads.load(Ordering::Relaxed) >= 999, "{loads:?} reloads were seen");
}
