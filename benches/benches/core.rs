//! Criterion benches of single parts, without a socket: `cargo bench -p benches`.
//!
//! `file` reads and compiles 10,000 endpoints; `render` runs compiled templates; `answer` is everything between a parsed request and its answer.
//! `route` looks paths up in tables that matchit can hold too, of 100 and of 10,000 routes: paths
//! in random order, which is what caches see of many clients, and one path over and over. Patterns
//! write captures as `{id}`, a spelling that both sides know.

use std::borrow::Cow;
use std::hint::black_box;
use std::ops::ControlFlow;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use jiff::Timestamp;
use moclojer_core::json;
use moclojer_core::respond::{Body, Request, Responder, Step};
use moclojer_core::route::{Routes, Segments};
use moclojer_core::source::Source;
use moclojer_core::spec::path::PathPattern;
use moclojer_core::spec::{Format, Limits, Spec, tree};
use moclojer_core::template::{self, Mode, Names, ParamKind, RequestField, Root, Scope};

/// A prime, and so no factor of any table's size: steps of it reach every path before one comes again.
const STRIDE: usize = 7_919;

criterion_group!(parts, route, files, renders, answers);
criterion_main!(parts);

fn route(criterion: &mut Criterion) {
    for count in [100, 10_000] {
        let table = Table::new(count);
        let mut group = criterion.benchmark_group(format!("route/{count}"));
        group.throughput(Throughput::Elements(1));

        let mut router = matchit::Router::new();
        for (index, pattern) in table.patterns.iter().enumerate() {
            router.insert(pattern, index).expect("no two patterns of the table are in conflict");
        }
        let find = |path: &str| router.at(path).ok().map(|found| *found.value);
        table.check(find);
        group.bench_function("matchit/random", |bencher| {
            let mut paths = table.paths.iter().cycle();
            bencher.iter(|| find(black_box(paths.next().map_or("", |(path, _)| path))));
        });
        group.bench_function("matchit/same", |bencher| {
            let (path, _) = table.paths.first().expect("a table has paths");
            bencher.iter(|| find(black_box(path)));
        });
        let patterns: Vec<_> = table
            .patterns
            .iter()
            .map(|pattern| PathPattern::parse(pattern).expect("a valid pattern").pattern)
            .collect();
        let routes = Routes::build(&patterns.iter().collect::<Vec<_>>());
        let find = |path: &str| {
            let path = Segments::new(path).ok()?;
            let first: ControlFlow<usize> = routes.walk(&path, |group| match group.first() {
                Some(&index) => ControlFlow::Break(index as usize),
                None => ControlFlow::Continue(()),
            });
            first.break_value()
        };
        table.check(find);
        group.bench_function("ours/random", |bencher| {
            let mut paths = table.paths.iter().cycle();
            bencher.iter(|| find(black_box(paths.next().map_or("", |(path, _)| path))));
        });
        group.bench_function("ours/same", |bencher| {
            let (path, _) = table.paths.first().expect("a table has paths");
            bencher.iter(|| find(black_box(path)));
        });
        group.finish();
    }
}

/// A file of so many endpoints, each a path of its own.
fn file(endpoints: usize) -> String {
    let row = |index| {
        format!(
            "- endpoint:\n    method: GET\n    path: /bench/{index}\n    response: {{body: '{{\"hello\": \"world\"}}'}}\n"
        )
    };
    (0..endpoints).map(row).collect()
}

fn read(text: &str) -> Spec {
    let checked = Spec::read("bench.yml", text.as_bytes(), Format::Yaml, &Limits::default());
    checked.spec.expect("a valid file")
}

fn load(text: &str) -> Responder {
    let responder = Responder::default();
    responder.load(&[&read(text)]);
    responder
}

/// A file's bytes to its tree, to its spec, to what answers.
fn files(criterion: &mut Criterion) {
    let text = file(10_000);
    let mut group = criterion.benchmark_group("file/10000");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("parse", |bencher| {
        let source = Source::new("bench.yml", text.as_str());
        bencher.iter(|| tree::read(black_box(&source), Format::Yaml, &Limits::default()));
    });
    group.bench_function("parse and check", |bencher| bencher.iter(|| read(black_box(&text))));
    let spec = read(&text);
    group.bench_function("compile", |bencher| {
        let responder = Responder::default();
        bencher.iter(|| responder.load(black_box(&[&spec])));
    });
    group.finish();

    let mut group = criterion.benchmark_group("template");
    group.sample_size(20);
    let names = Names { path_params: &[("name", ParamKind::Text)], query_params: &[], env: &[], open: false };
    let texts: Vec<String> = (0..10_000)
        .map(|index| format!("{{\"n\": {index}, \"name\": \"{{{{path-params.name}}}}\", \"q\": \"{{{{query-params.q|upper}}}}\"}}"))
        .collect();
    group.bench_function("compile 10,000", |bencher| {
        bencher.iter(|| {
            let compiled = texts.iter().map(|text| template::compile(black_box(text), Mode::Json, &names));
            compiled.filter(|compiled| compiled.template.is_some()).count()
        });
    });
    let environment = minijinja::Environment::new();
    let theirs: Vec<String> = (0..10_000)
        .map(|index| format!("{{\"n\": {index}, \"name\": \"{{{{name}}}}\", \"q\": \"{{{{q|upper}}}}\"}}"))
        .collect();
    group.bench_function("compile 10,000, minijinja", |bencher| {
        bencher.iter(|| {
            theirs.iter().filter(|text| environment.template_from_str(black_box(text)).is_ok()).count()
        });
    });
    group.finish();
}

/// What a template sees, without a request behind it.
struct Values(json::Value);

impl Scope for Values {
    fn path_param(&self, _: usize) -> Option<Cow<'_, str>> {
        Some("world".into())
    }
    fn query_param(&self, _: &str) -> Option<Cow<'_, str>> {
        Some("1".into())
    }
    fn header(&self, _: &HeaderName) -> Option<Cow<'_, str>> {
        None
    }
    fn query_params(&self, _: Option<&str>) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        Vec::new()
    }
    fn cookie(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
    fn request(&self, _: RequestField) -> Cow<'_, str> {
        "".into()
    }
    fn count(&self, _: &str) -> Option<u64> {
        None
    }
    fn form_param(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
    fn json(&self) -> Option<&json::Value> {
        Some(&self.0)
    }
    fn pairs(&self, _: Root) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        Vec::new()
    }
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
    fn next_random(&self) -> u64 {
        4
    }
}

/// A compiled template to its text, beside copying a text of that length and beside minijinja, which writes values as
/// they are (ours escapes them for JSON) and has the same values in its own form.
fn renders(criterion: &mut Criterion) {
    let item = r#"{"a":"one","b":"two","c":"three"}"#;
    let items = format!("{{\"items\":[{}]}}", vec![item; 100].join(","));
    let scope = Values(json::Value::parse(items.as_bytes(), 128).expect("JSON"));
    let names = Names { path_params: &[("name", ParamKind::Text)], query_params: &[], env: &[], open: false };
    let their_items = minijinja::Value::from_serialize(
        serde_json::from_str::<serde_json::Value>(&items).expect("JSON").get("items"),
    );
    let their_scope = minijinja::context! { name => "world", x => "1", items => their_items };
    let mut group = criterion.benchmark_group("render");
    for (name, text, theirs) in [
        ("copy", r#"{"hello": "world", "x": "1"}"#, None),
        (
            "two variables",
            r#"{"hello": "{{path-params.name}}", "x": "{{query-params.x}}"}"#,
            Some(r#"{"hello": "{{name}}", "x": "{{x}}"}"#),
        ),
        (
            "100 items of 3 fields",
            r#"[{% for i in json-params.items %}{"a": "{{i.a}}", "b": "{{i.b}}", "c": "{{i.c}}"},{% endfor %}null]"#,
            Some(
                r#"[{% for i in items %}{"a": "{{i.a}}", "b": "{{i.b}}", "c": "{{i.c}}"},{% endfor %}null]"#,
            ),
        ),
    ] {
        let template = template::compile(text, Mode::Json, &names).template.expect("a valid template");
        let mut out = String::with_capacity(16 << 10);
        let mut render = || {
            out.clear();
            template.render(&scope, &template::Limits::default(), &mut out).expect("it renders");
            black_box(&out).len()
        };
        let length = render();
        group.bench_function(name, |bencher| bencher.iter(&mut render));
        let Some(theirs) = theirs else { continue };
        let environment = minijinja::Environment::new();
        let template = environment.template_from_str(theirs).expect("a valid template");
        let mut out = Vec::with_capacity(16 << 10);
        let mut render = || {
            out.clear();
            template.render_captured_to(&their_scope, &mut out).expect("it renders");
            black_box(&out).len()
        };
        assert_eq!(render(), length, "{name}");
        group.bench_function(format!("{name}, minijinja"), |bencher| bencher.iter(&mut render));
    }
    group.finish();
}

/// One request to one answer: match, guards, render, without a socket.
fn answers(criterion: &mut Criterion) {
    const PARTS: &str = r#"
- endpoint: {path: /hello, response: {body: '{"hello": "world"}'}}
- endpoint: {path: '/hello/:name', response: {body: '{"hello": "{{path-params.name}}", "x": "{{query-params.x}}"}'}}
- endpoint: {path: '/typed/:id|int', query: {n: int}, response: {body: ok}}
- endpoint: {method: POST, path: /items, body: {items: [{a: x}]}, response: {body: '[{% for i in json-params.items %}{"a": "{{i.a}}", "b": "{{i.b}}", "c": "{{i.c}}"},{% endfor %}null]'}}
"#;
    let mut many = file(10_000);
    many.push_str("- endpoint: {path: '/hello/:name', response: {body: 'x'}}\n");
    let item = r#"{"a":"one","b":"two","c":"three"}"#;
    let items = Bytes::from(format!("{{\"items\":[{}]}}", vec![item; 100].join(",")));
    let empty = Bytes::new();
    let (few, many) = (load(PARTS), load(&many));
    let mut headers = HeaderMap::new();
    headers.insert(http::header::HOST, HeaderValue::from_static("localhost:8000"));
    let mut group = criterion.benchmark_group("answer");
    for (name, responder, method, target, body, status) in [
        ("fixed", &few, Method::GET, "/hello", &empty, 200),
        ("two variables", &few, Method::GET, "/hello/world?x=1", &empty, 200),
        ("typed", &few, Method::GET, "/typed/42?n=7", &empty, 200),
        ("100 items of JSON", &few, Method::POST, "/items", &items, 200),
        ("fixed of 10,000", &many, Method::GET, "/bench/7919", &empty, 200),
        ("miss of 10,000", &many, Method::GET, "/bnech/7919", &empty, 404),
        ("miss among 10,000 siblings", &many, Method::GET, "/bench/79l9", &empty, 404),
    ] {
        let target = Uri::from_static(target);
        let request = Request { method: &method, target: &target, headers: &headers, peer: None };
        let answer = || match responder.respond(black_box(&request), Body::Read(body)) {
            Step::Answer(answer) => answer,
            Step::ReadBody | Step::Wait(_) => unreachable!("the body is there, and so is the mock"),
        };
        assert_eq!(answer().status.as_u16(), status, "{name}");
        group.bench_function(name, |bencher| bencher.iter(answer));
    }
    group.finish();
}

/// Routes as APIs have them: collections, members, and members of members.
struct Table {
    patterns: Vec<String>,
    /// Paths in an order without neighbors, each with the index of the pattern that it fits.
    paths: Vec<(String, usize)>,
}

impl Table {
    fn new(count: usize) -> Self {
        let (patterns, paths): (Vec<_>, Vec<_>) = (0..count).map(Self::row).unzip();
        let order = (0..count).map(|turn| turn * STRIDE % count);
        let paths = order.filter_map(|index| Some((paths.get(index)?.clone(), index))).collect();
        Self { patterns, paths }
    }

    fn row(index: usize) -> (String, String) {
        // Five routes a resource.
        let (resource, shape) = (index / 5, index % 5);
        let base = format!("/api/v1/resource-{resource}");
        match shape {
            0 => (base.clone(), base),
            1 => (format!("{base}/search"), format!("{base}/search")),
            2 => (format!("{base}/{{id}}"), format!("{base}/{index}")),
            3 => (format!("{base}/{{id}}/items"), format!("{base}/{index}/items")),
            _ => (format!("{base}/{{id}}/items/{{item}}"), format!("{base}/{index}/items/blue")),
        }
    }

    /// Every path must lead to its pattern: a fast router that finds the wrong one is no peer.
    fn check(&self, find: impl Fn(&str) -> Option<usize>) {
        for (path, index) in &self.paths {
            assert_eq!(find(path), Some(*index), "{path}");
        }
    }
}
