//! What a whole process has open. Each test runs itself again in a process of its own, where no other test is.

use std::process::Command;

use super::*;

/// Says to a test that it runs in a process of its own.
const ALONE: &str = "MOCLOJER_TEST_ALONE";

/// Runs `test` in a process of its own that may open `files` files.
fn alone(name: &str, files: u32, test: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return test();
    }
    let name = format!("{}::{name}", module_path!().split_once("::").unwrap().1);
    let script = format!("ulimit -n {files} && exec \"$0\" --exact {name} --test-threads 1 --nocapture");
    let program = std::env::current_exe().unwrap();
    let output = Command::new("sh").arg("-c").arg(script).arg(program).env(ALONE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn count(directory: &str) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}

#[test]
fn after_a_burst_no_more_than_64_listeners_and_the_threads_are_left() {
    alone("after_a_burst_no_more_than_64_listeners_and_the_threads_are_left", 2000, || {
        let (files, threads) = (count("/proc/self/fd"), count("/proc/self/task"));
        let servers: Vec<_> = (0..500).map(start).collect();
        for server in &servers {
            get(server.address()).unwrap();
        }
        assert!(count("/proc/self/fd") >= files + 500);
        let most = thread::most();
        assert_eq!(count("/proc/self/task"), threads + most);
        drop(servers);
        // A runtime has three descriptors; where tokio knows of signals it has one more, and the process two.
        let runtimes = 4 * most + 2;
        wait_until("64 listeners are left", || count("/proc/self/fd") <= files + 64 + runtimes);
        assert_eq!(count("/proc/self/task"), threads + most);
        assert_eq!(get(start("again").address()).unwrap(), "again");
    });
}

#[test]
fn many_starts_at_once_make_no_more_threads_than_there_may_be() {
    alone("many_starts_at_once_make_no_more_threads_than_there_may_be", 2000, || {
        let before = count("/proc/self/task");
        let together = std::sync::Barrier::new(50);
        std::thread::scope(|scope| {
            for number in 0..50 {
                let together = &together;
                scope.spawn(move || {
                    together.wait();
                    assert_eq!(get(start(number).address()).unwrap(), number.to_string());
                });
            }
        });
        let made = || count("/proc/self/task") - before;
        wait_until("the others have ended", || (1..=thread::most()).contains(&made()));
        let names = std::fs::read_dir("/proc/self/task")
            .unwrap()
            .map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap());
        assert_eq!(names.filter(|name| name.trim() == "moclojer-mocks").count(), made());
    });
}

#[test]
fn tests_one_after_the_other_need_one_thread() {
    alone("tests_one_after_the_other_need_one_thread", 2000, || {
        let before = count("/proc/self/task");
        for number in 0..100 {
            assert_eq!(get(start(number).address()).unwrap(), number.to_string());
        }
        assert_eq!(count("/proc/self/task"), before + 1);
    });
}

#[test]
fn two_thousand_starts_fit_into_sixty_four_files() {
    alone("two_thousand_starts_fit_into_sixty_four_files", 64, || {
        for number in 0..2000 {
            assert_eq!(get(start(number).address()).unwrap(), number.to_string());
        }
    });
}

#[test]
fn without_a_free_file_a_start_says_what_to_raise_and_works_again_later() {
    alone("without_a_free_file_a_start_says_what_to_raise_and_works_again_later", 64, || {
        let mut servers = Vec::new();
        let error = loop {
            match Listening::start(says("answer"), Options::default()) {
                Ok(server) => servers.push(server),
                Err(error) => break error,
            }
        };
        assert!(servers.len() >= 40, "{}", servers.len());
        assert!(error.to_string().contains("raise `ulimit -n`"), "{error}");
        println!("{error}");
        drop(servers);
        assert_eq!(get(start("again").address()).unwrap(), "again");
    });
}

#[test]
fn files_that_others_hold_are_made_room_for_by_closing_resting_listeners() {
    alone("files_that_others_hold_are_made_room_for_by_closing_resting_listeners", 100, || {
        let servers: Vec<_> = (0..40).map(start).collect();
        drop(servers);
        let mut held = Vec::new();
        while let Ok(file) = std::fs::File::open("/dev/null") {
            held.push(file);
        }
        // None of the forty has rested, and there is no file for another.
        assert!(start("answer").address().port() > 0);
        drop(held);
    });
}
