# What is done daily; CI runs the same words.

# Format, lints, docs.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features

# All tests.
test:
    cargo test --workspace --all-features

# Serve a mock file: just run examples/hello.yml
run file="examples/hello.yml":
    cargo run --release -p moclojer -- -c {{file}}

# Criterion benches.
bench:
    cargo bench -p benches

# From an acknowledged change to its answer, over real PostgreSQL, Redis and S3.
served:
    cargo build --release --workspace
    cargo bench -p test-bed --bench served

# CPU a request beside a bare hyper server.
load *args:
    cargo build --release -p moclojer
    cargo run -p benches --release -- load {{args}}

# Fuzz a target for a while: just fuzz routes 600
fuzz target="routes" seconds="600":
    cd fuzz && RUSTC_BOOTSTRAP=1 cargo fuzz run {{target}} -- -max_total_time={{seconds}}

# Everything that CI does.
ci:
    .ci/run
