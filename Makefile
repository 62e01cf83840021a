# Each target does all of its own set-up on Debian and Ubuntu, and says what it installs; elsewhere it says what to install.

# rustup puts cargo there, but a shell that was open before does not know.
export PATH := $(PATH):$(if $(CARGO_HOME),$(CARGO_HOME),$(HOME)/.cargo)/bin

SPEC ?=
ARGS ?=

.PHONY: help demo test check
.DEFAULT_GOAL := help

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' Makefile

demo: ## See it work on a simulated GitHub; SPEC=file.md takes your own, ARGS=--once exits when it is done
	@.ci/prepare demo
	@cargo build --locked
	@cargo run --locked --quiet -- demo $(if $(SPEC),"$(SPEC)") $(ARGS)

test: ## Run every test on a real PostgreSQL and Redis; ARGS="…" goes to the test runner
	@.ci/prepare test
	@runner="test"; if cargo nextest --version >/dev/null 2>&1; then runner="nextest run --config-file .ci/nextest.toml"; fi; \
	 tests/services run -- cargo $$runner --locked --no-fail-fast $(ARGS)

check: ## Check format, lints and documentation
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
