# Slipway: build, test and try it. Each target works alone on a Debian or
# Ubuntu machine with Go, Make and root; what else it needs it installs.

# The same flags everywhere: other ones are another build cache, and the
# embedded Temporal server takes minutes to compile.
export GOTOOLCHAIN := local
export GOFLAGS := -trimpath -buildvcs=false
export CGO_ENABLED := 0
# Each module selects its own versions.
export GOWORK := off

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
LDFLAGS := -X main.version=$(VERSION)

# Modules whose code is ours throughout run under the race detector. The
# embedded Temporal server would take minutes more to compile for it.
RACE_MODULES := . edge
PLAIN_MODULES := deploy/standalone e2e
MODULES := $(RACE_MODULES) $(PLAIN_MODULES)
# By itself, each process under the race detector sleeps for a second as it ends.
GORACE := atexit_sleep_ms=20

LINT := $(CURDIR)/bin/golangci-lint
CHECK := $(CURDIR)/bin/workflowcheck

.PHONY: build
build: ## the binaries, in bin/
	go build -ldflags '$(LDFLAGS)' -o bin/slipway ./cmd/slipway
	go -C edge build -ldflags '$(LDFLAGS)' -o ../bin/slipway-edge ./cmd/slipway-edge
	go -C deploy/standalone build -ldflags '$(LDFLAGS)' -o ../../bin/slipway-standalone .

# Most tests wait for something: there are more of them at a time than processors.
.PHONY: test
test: packages-test build ## every test of every module
	for m in $(RACE_MODULES); do echo "== test $$m"; CGO_ENABLED=1 GORACE=$(GORACE) go -C $$m test -race -shuffle=on -parallel 4 ./... || exit; done
	go test -run '^TestEvery' ./drivers/audit ./workflows # as wholes; above, they show the race detector what there is for it to see
	for m in $(PLAIN_MODULES); do echo "== test $$m"; go -C $$m test -timeout 20m -shuffle=on -parallel 3 ./... || exit; done

.PHONY: lint
lint: $(LINT) $(CHECK) ## what a reviewer should not have to say
	for m in $(MODULES); do echo "== tidy $$m"; go -C $$m mod tidy -diff || exit; done
	for m in $(MODULES); do echo "== golangci-lint $$m"; (cd $$m && $(LINT) run --config $(CURDIR)/.golangci.yml) || exit; done
	@echo "== workflowcheck"
	$(CHECK) -show-pos -config workflowcheck.config.yaml ./...

# The tools have module files of their own, so that what they need is not
# something that Slipway needs.
$(LINT): golangci-lint.mod golangci-lint.sum
	go build -modfile=golangci-lint.mod -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
$(CHECK): workflowcheck.mod workflowcheck.sum
	go build -modfile=workflowcheck.mod -o $@ go.temporal.io/sdk/contrib/tools/workflowcheck

.PHONY: bench
bench: packages-demo build ## releasing, against the least that Docker allows; going back, 50 times; beside a project that floods; what standalone takes and leaves; ten hosts, against one, and 100 switches of their edges
	go -C e2e test -count=1 -timeout 30m -run '^$$' -bench Release -benchtime 15x .
	go -C e2e test -count=1 -timeout 30m -run '^$$' -bench Rollback -benchtime 50x .
	go -C e2e test -count=1 -timeout 30m -run '^$$' -bench 'History|Idle' -benchtime 3x .
	go -C e2e test -count=1 -timeout 30m -run '^$$' -bench Hosts -benchtime 10x .
	go -C e2e test -count=1 -timeout 30m -run '^$$' -bench Skew -benchtime 50x .
	go -C e2e test -count=1 -timeout 30m -run '^$$' -bench Flood -benchtime 1x .

.PHONY: lossless
lossless: ## 50 switches and restores under 500 requests a second: how many are lost
	go -C edge test -count=1 -run TestSwitchingLosesNoRequest -switches 50 -v .

.PHONY: matrix
matrix: packages-demo build ## break every step of every shape of a release, in virtual time; kill every process at every point of a release; make one host of three sick at every phase of one; go back 20 times while one hangs; empty a host in each way of reaching it
	go test -count=1 -run '^TestEvery' ./workflows -every
	go -C e2e test -count=1 -timeout 60m -parallel 5 -run 'TestKillMatrix|TestFleetMatrix' -matrix -v .
	go -C e2e test -count=1 -timeout 20m -parallel 1 -run 'TestAHungDockerdOnOneOfThreeHostsIsInNobodysWay|TestHostsAreReachedInEveryWay' -matrix -v .
	for way in tcp ssh; do SLIPWAY_ENGINE_WAY=$$way go -C e2e test -count=1 -timeout 20m ./engine || exit; done

.PHONY: demo
demo: packages-demo build ## a release under traffic, an undo and a rollback, on this machine
	go -C e2e run ./demo

LAB ?= -count 3
.PHONY: lab
lab: packages-demo build ## Docker hosts on a network of their own, each with an edge, until Ctrl-C; LAB="-count 5 -way tcp -disk 512"; takes root
	go -C e2e run ./hosts $(LAB)

.PHONY: packages-%
packages-%:
	@deploy/install-packages $*

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
