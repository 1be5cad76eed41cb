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

# Nothing is lost: rounds in which everything dies, stands still or misbehaves. One again: MOCLOJER_FAULT_SEED=7 just faults 1
faults rounds="20":
    cargo build --workspace --all-features
    MOCLOJER_FAULT_FORM=long MOCLOJER_FAULT_ROUNDS={{rounds}} \
        cargo test --workspace --all-features --test faults -- --nocapture

# No answer of the api contradicts its document: the long walk of schemathesis.
document examples="300":
    cargo build --workspace --all-features
    MOCLOJER_DOCUMENT_EXAMPLES={{examples}} \
        cargo test --workspace --all-features --test document -- --nocapture

# CPU a request beside a bare hyper server.
load *args:
    cargo build --release -p moclojer
    cargo run -p benches --release -- load {{args}}

# What a release of the library would break for its users: just semver v0.1.0 (needs cargo-semver-checks)
semver baseline:
    cargo semver-checks --package moclojer-core --all-features --baseline-rev {{baseline}}

# Mocks inside tests beside other crates: just testing, just testing --build
testing *args:
    cargo run -p benches --release --features peers -- testing {{args}}

# Fuzz a target for a while: just fuzz routes 600
fuzz target="routes" seconds="600":
    cd fuzz && RUSTC_BOOTSTRAP=1 cargo fuzz run {{target}} -- -max_total_time={{seconds}}

# Everything that CI does.
ci:
    .ci/run
