# Each target works on a fresh machine with cargo, a C compiler and Python: tools are built into
# .tools on first use, Python packages go to .venv. `make ci` is what every change must pass.
.PHONY: test test-unit test-integration test-functional test-performance test-collect test-faults test-soak test-analysis test-parallel \
	test-html test-packages test-machine coverage lint format security deps deb rpm package ci

test:
	cargo test --workspace --locked

test-unit:
	cargo test --workspace --locked --lib --bins

test-integration:
	cargo test --locked -p network-monitor -p store --test '*'

test-functional:
	bash scripts/foreign_readers.sh

test-performance:
	bash scripts/performance.sh

# COLLECT="--runs 3 boot kill": how often, and which; COLLECT="--length 3600 mixed": an hour of load.
test-collect: .tools/bin/bandwhich
	cargo build --release --locked -p network-monitor
	unshare --net --mount python3 scripts/collect.py $(COLLECT) target/release/network-monitor .tools/bin/bandwhich

test-faults:
	cargo test --locked -p network-monitor --test end_to_end -- --ignored --nocapture --test-threads 1 faults

test-soak:
	$(if $(shell command -v logrotate),LOGROTATE=1 )SECONDS=$(or $(SECONDS),600) cargo test --locked -p network-monitor --test end_to_end -- --ignored --nocapture soak_of_minutes

test-analysis:
	cargo run --release --locked -p analysis --example score -- 5000 40
	cargo test --locked -p network-monitor --test end_to_end -- --nocapture patterns

test-parallel:
	if cargo nextest --version >/dev/null 2>&1; then cargo nextest run --workspace --locked; \
	else cargo test --workspace --locked -- --test-threads 8; fi

test-html:
	cargo test --locked -p report
	bash scripts/browser.sh

test-packages: deb rpm
	bash scripts/packages.sh

test-machine: deb
	bash scripts/machine.sh "$$(command -v bandwhich || ls .tools/bin/bandwhich 2>/dev/null)"

coverage: .tools/bin/cargo-tarpaulin
	.tools/bin/cargo-tarpaulin tarpaulin --workspace --locked --out Html --output-dir target/coverage

lint: .tools/components
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

format: .tools/components
	cargo fmt --all

security: .tools/bin/cargo-deny
	.tools/bin/cargo-deny --locked check

deps: .tools/bin/cargo-machete
	.tools/bin/cargo-machete
	cargo tree --workspace --locked --duplicates

deb: package .tools/bin/cargo-deb
	.tools/bin/cargo-deb -p network-monitor --locked --no-build --profile dist

rpm: package .tools/bin/cargo-generate-rpm
	.tools/bin/cargo-generate-rpm generate-rpm -p crates/cli --profile dist

package:
	cargo build -p network-monitor --locked --profile dist
	bash scripts/stage.sh target/dist/network-monitor

ci: .tools/components
	bash .ci/run

.tools/bin/%:
	mkdir -p .tools && echo '*' > .tools/.gitignore
	cargo install --locked --root .tools $*

.tools/components:
	mkdir -p .tools && echo '*' > .tools/.gitignore
	{ cargo fmt --version && cargo clippy --version; } || rustup component add rustfmt clippy
	touch $@
