# Every target is one script of tools/, so that each can also be run alone. "make" says what there is.
.PHONY: help run cluster test build bench format peer

help: ## Say what the targets do
	@sed -n 's/^\([a-z]*\): ##/  make \1\t/p' Makefile | expand -t 16

run: ## Build, start the server on 127.0.0.1:8000 and deliver a message on each channel (PORT=8001 for another port)
	@tools/run-demo

test: ## Install what is missing, build, and run every test and check
	@tools/test

cluster: ## Start PostgreSQL, RabbitMQ, Redis, three nodes and a balancer, and deliver through them (PORT=8001, NODES=2)
	@tools/run-cluster

peer: ## Only the peer tests: senders and simulators against vendors' own clients and servers (see test/peer/README.md)
	@tools/test peers

build: ## Build the release binary build/release/hongyan
	@tools/build hongyan

bench: ## Measure the release binary and write the figures
	@tools/bench

format: ## Put the sources into the house format
	@tools/format
