//! What differs from answer to answer: seeds, counters, the request's id; and what templates see of a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use moclojer_core::ports::{Clock, SystemRandom};
use moclojer_core::respond::{Options, Outcome, Responder};
use moclojer_core::spec::{Env, Format, Settings, Spec};

use crate::client::{Mock, load, mock};

const DRAWING: &str = "
- endpoint: {path: /a, response: {headers: {x: '{{uuid}}', y: '{{uuid}}'}, body: '{{uuid}} {{random}}'}}
- endpoint: {path: /b, response: {body: '{{random}} {{random}}'}}
";

fn seeded(seed: u64, yaml: &str) -> Mock {
    let mut options = Options::default();
    options.seed = Some(seed);
    let mock = Mock(Responder::new(options).into());
    load(&mock.0, yaml);
    mock
}

fn bodies(mock: &Mock, target: &str, count: usize) -> Vec<String> {
    (0..count).map(|_| mock.get(target).body).collect()
}

#[test]
fn a_seed_decides_the_answers_of_each_endpoint_in_order() {
    let (first, second) = (seeded(7, DRAWING), seeded(7, DRAWING));
    let alone = (bodies(&first, "/a", 20), bodies(&first, "/b", 20));
    let mut mixed = (Vec::new(), Vec::new());
    for _ in 0..20 {
        mixed.1.push(second.get("/b").body);
        mixed.0.push(second.get("/a").body);
    }
    assert_eq!(alone, mixed);
    let different: std::collections::HashSet<&String> = alone.0.iter().chain(&alone.1).collect();
    assert_eq!(different.len(), 40);
    assert_ne!(bodies(&seeded(8, DRAWING), "/a", 20), alone.0);
}

#[test]
fn headers_and_the_order_of_endpoints_change_no_body() {
    let more = "
- endpoint: {path: /b, response: {headers: {z: '{{random}}'}, body: '{{random}} {{random}}'}}
- endpoint: {host: other.test, path: /a, response: {body: '{{uuid}}'}}
- endpoint: {path: /c, response: {body: '{{uuid}}'}}
- endpoint: {path: /a, response: {headers: {w: '{{request.id}}', x: '{{uuid}}'}, body: '{{uuid}} {{random}}'}}
";
    let (plain, more) = (seeded(7, DRAWING), seeded(7, more));
    for path in ["/a", "/b"] {
        assert_eq!(bodies(&plain, path, 5), bodies(&more, path, 5), "{path}");
    }
    assert_ne!(more.get("/c").body, more.ask("GET /a", &["host: other.test"], "").body);
}

#[test]
fn each_header_draws_apart() {
    let got = seeded(7, DRAWING).get("/a");
    let drawn = [got.header("x").unwrap(), got.header("y").unwrap(), got.body.split(' ').next().unwrap()];
    assert!(drawn[0] != drawn[1] && drawn[1] != drawn[2] && drawn[0] != drawn[2], "{drawn:?}");
}

#[test]
fn threads_get_the_answers_that_one_thread_gets() {
    const EACH: usize = 200;
    let alone = seeded(7, DRAWING);
    let mut wanted = [bodies(&alone, "/a", 8 * EACH), bodies(&alone, "/b", 8 * EACH)].concat();
    let together = seeded(7, DRAWING);
    let mut found = Vec::new();
    std::thread::scope(|scope| {
        let hammer =
            || (0..EACH).flat_map(|_| ["/a", "/b"].map(|path| together.get(path).body)).collect::<Vec<_>>();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(hammer)).collect();
        found = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    });
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted);
}

#[test]
fn a_reload_begins_the_numbers_of_a_seed_anew_and_counters_go_on() {
    let yaml = "- endpoint: {path: /, response: {body: '{{random}} {{counter:\"n\"}}'}}";
    let mock = seeded(7, yaml);
    let first: Vec<String> = bodies(&mock, "/", 2);
    load(&mock.0, yaml);
    let again = bodies(&mock, "/", 2);
    let drawn = |bodies: &[String]| -> Vec<String> {
        bodies.iter().map(|body| body.split(' ').next().unwrap().to_owned()).collect()
    };
    assert_eq!(drawn(&first), drawn(&again));
    assert!(first[1].ends_with(" 2") && again[0].ends_with(" 3"), "{first:?} {again:?}");
}

#[test]
fn the_clock_is_no_draw() {
    struct Later(std::sync::atomic::AtomicI64);
    impl Clock for Later {
        fn now(&self) -> jiff::Timestamp {
            let second = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            jiff::Timestamp::from_second(second).unwrap()
        }
    }
    let mut options = Options::default();
    options.seed = Some(7);
    let mock = Mock(Responder::with(options, Arc::new(Later(0.into())), Arc::new(SystemRandom)).into());
    load(&mock.0, "- endpoint: {path: /, response: {body: '{{now}} {{now}} {{random}}'}}");
    let plain = seeded(7, "- endpoint: {path: /, response: {body: '{{random}}'}}");
    for second in 0..3 {
        let time = format!("1970-01-01T00:00:0{second}.000Z");
        assert_eq!(mock.get("/").body, format!("{time} {time} {}", plain.get("/").body));
    }
}

#[test]
fn counters_count_for_each_host_and_are_bounded() {
    let mock = mock(
        "
- endpoint: {path: /n, response: {body: '{{counter:\"orders\"}}'}}
- endpoint: {path: /twice, response: {headers: {x: '{{counter:\"orders\"}}'}, body: '{{counter:\"orders\"}}'}}
- endpoint: {host: other.test, path: /n, response: {body: '{{counter:\"orders\"}}'}}
- endpoint: {path: /of/:name, response: {body: '{{counter:@path-params.name}}'}}
",
    );
    assert_eq!(bodies(&mock, "/n", 2), ["1", "2"]);
    let twice = mock.get("/twice");
    assert_eq!((&*twice.body, twice.header("x")), ("3", Some("4")));
    assert_eq!(mock.ask("GET /n", &["host: other.test"], "").body, "1");
    let long = mock.get(&format!("/of/{}", "x".repeat(257)));
    assert_eq!((long.status, long.json()["error"]["cause"].as_str()), (500, Some("template-error")));
    for index in 1..1_000 {
        assert_eq!(mock.get(&format!("/of/{index}")).body, "1");
    }
    assert_eq!(mock.get("/of/more").status, 500);
    assert_eq!(mock.get("/n").body, "5");
}

#[test]
fn the_request_id_is_one_through_an_answer_and_another_in_the_next() {
    let yaml = "- endpoint: {path: /, response: {headers: {x-id: '{{request.id}}'}, body: '{{request.id}} {{request.id}}'}}";
    for mock in [mock(yaml), seeded(7, yaml)] {
        let (first, second) = (mock.get("/"), mock.get("/"));
        let id = first.header("x-id").unwrap();
        assert_eq!(first.body, format!("{id} {id}"));
        assert_eq!((id.len(), &id[14..15]), (36, "4"));
        assert_ne!(first.body, second.body);
    }
    assert_eq!(seeded(7, yaml).get("/").body, seeded(7, yaml).get("/").body);
}

#[test]
fn templates_see_the_whole_request() {
    let mock = mock(
        "
- endpoint:
    method: ANY
    path: '/a b/:x'
    response:
      headers: {content-type: text/plain}
      body: '{{request.method}} {{request.path}} {{request.host}} {{request.body}}'
- endpoint:
    path: /all
    response:
      headers: {content-type: text/plain}
      body: '{% for v in query-params-all.x %}[{{v}}]{% endfor %} {{query-params-all|json}} {{query-params.x}}'
- endpoint:
    path: /cookies
    response:
      headers: {content-type: text/plain}
      body: '{{cookie-params.a}}|{{cookie-params.A}}|{{cookie-params.c}}|{{cookie-params.none}}|{{cookie-params|json}}'
",
    );
    let got = mock.ask("PUT http://Example.com:80/a%20b/%C3%A9?q=1", &[], "the body");
    assert_eq!(got.body, "PUT /a%20b/%C3%A9 example.com the body");
    assert!(got.asked_for_body);
    assert_eq!(
        mock.get("/all?x=1&y=a+b&x=%C3%A9&x").body,
        "[1][é][] {\"x\":[\"1\",\"é\",\"\"],\"y\":[\"a b\"]} 1"
    );
    // Long queries are indexed.
    let many: String = (0..100).map(|index| format!("&x={index}&n{index}=")).collect();
    let long = mock.get(&format!("/all?{many}")).body;
    assert!(
        long.starts_with("[0][1][2]") && long.ends_with(" 0") && long.contains("\"n99\":[\"\"]"),
        "{long}"
    );
    let got = mock.ask("GET /cookies", &["cookie: a=b%20; c=\"d e\"", "cookie: A=1; a=2"], "");
    assert_eq!(got.body, r#"b%20|1|d e||{"a":"b%20","c":"d e","A":"1"}"#);
}

#[test]
fn variables_are_given_by_name_and_others_are_told() {
    let mut settings = Settings::default();
    settings.env = [("A".to_owned(), "\"v\"".to_owned())].into_iter().collect::<Env>();
    let yaml = "- endpoint: {path: /, response: {headers: {x: '{{env.A}}'}, body: {a: '{{env.A}}', b: '{{env.B}}'}}}";
    let checked = Spec::read_with("mock.yml", yaml.as_bytes(), Format::Yaml, &settings);
    let told: Vec<String> = checked.problems.iter().map(ToString::to_string).collect();
    assert!(told.len() == 1 && told[0].contains("`B`") && told[0].contains("--env B"), "{told:?}");
    let responder = Responder::default();
    responder.load(&[&checked.spec.unwrap()]);
    let got = Mock(responder.into()).get("/");
    assert_eq!((&*got.body, got.header("x")), (r#"{"a":"\"v\"","b":""}"#, Some("\"v\"")));
}

#[test]
fn a_filter_that_fails_is_told_with_expression_reason_and_place() {
    for part in ["body: '{{query-params.n|int}}'", "headers: {x: '{{query-params.n|int}}'}"] {
        let mock = mock(&format!("- endpoint: {{path: /x, router-name: sum, response: {{{part}}}}}"));
        let got = mock.get("/x?n=a");
        let json = got.json();
        assert_eq!(got.status, 500);
        assert_eq!(json["error"]["cause"], "template-error");
        assert_eq!(json["expression"], "{{query-params.n|int}}");
        let reason = json["reason"].as_str().unwrap();
        assert!(reason.contains("\"a\"") && json["error"]["message"].as_str().unwrap().contains(reason));
        let endpoint: BTreeMap<&str, &str> = json["endpoint"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| (&**key, value.as_str().unwrap()))
            .collect();
        let wanted = [("method", "GET"), ("name", "sum"), ("path", "/x"), ("place", "mock.yml:1:3")];
        assert_eq!(endpoint, wanted.into());
        match got.outcome {
            Outcome::Failed(endpoint, logged) => {
                assert_eq!(endpoint.place.to_string(), "mock.yml:1:3");
                assert!(logged.contains(reason) && logged.contains("{{query-params.n|int}}"), "{logged}");
            }
            other => panic!("{other:?}"),
        }
    }
}
