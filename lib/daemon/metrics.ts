import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { errorsOf } from "../config/diagnostic.js";
import type { CallbackEngine } from "../engine/callback-engine.js";
import type { CallbackCounters } from "../engine/counters.js";
import type { Recording } from "./recording.js";

/** Seconds from an event's report to the first instruction of what it fires. */
const startBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300];
const runBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600, 3600];

const outcomes = ["succeeded", "failed", "timedOut", "lost", "retried", "throttled", "coalesced"] as const;

/** What those who watch a site are told of an engine, in the text format of Prometheus. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #engine: CallbackEngine;

  constructor(engine: CallbackEngine, version: string, recording: Recording | null) {
    this.#engine = engine;
    collectDefaultMetrics({ register: this.#registry });
    this.#describeBuild(version);
    this.#describeLoad(recording);
    this.#describeRuns();
    this.#describeTimes();
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  close(): void {
    this.#registry.clear();
  }

  #describeBuild(version: string): void {
    const build = new Gauge({
      name: "ucb_build_info",
      help: "1, with what runs as labels",
      labelNames: ["version", "node"],
      registers: [this.#registry],
    });
    build.set({ version, node: process.versions.node }, 1);
  }

  #describeLoad(recording: Recording | null): void {
    const engine = this.#engine;
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.set(read());
        },
      });
    gauge("ucb_runs_queued", "Runs that wait", () => engine.load.queued);
    gauge("ucb_runs_delayed", "Of those, runs that wait for time to pass", () => engine.load.delayed);
    gauge("ucb_runs_running", "Runs that execute", () => engine.load.running);
    gauge("ucb_callbacks", "Callbacks of the site", () => engine.callbacks.length);
    gauge("ucb_callbacks_paused", "Callbacks that failed too often and are paused", () => engine.pauses().size);
    gauge("ucb_configuration_errors", "Errors that leave callbacks or options out", () => {
      return errorsOf(engine.diagnostics).length;
    });
    gauge("ucb_configuration_refused", "1 while a later configuration is not taken", () => {
      return engine.refusedConfiguration === null ? 0 : 1;
    });
    const totals = (name: string, help: string, read: () => number) =>
      new Counter({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    totals("ucb_events_total", "Events that were reported", () => engine.totals.events);
    totals("ucb_matches_total", "Runs that events asked for", () => engine.totals.matches);
    if (recording === null) return;
    totals("ucb_events_unrecorded_total", "Events that the recording lacks", () => recording.status.missing);
  }

  /** The engine counts already: what it says is taken over when somebody asks. */
  #describeRuns(): void {
    const engine = this.#engine;
    new Counter({
      name: "ucb_runs_total",
      help: "What became of runs",
      labelNames: ["callback", "outcome"],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [callback, counters] of engine.counters()) {
          for (const [outcome, count] of countsOf(counters)) this.inc({ callback, outcome }, count);
        }
      },
    });
  }

  #describeTimes(): void {
    const start = new Histogram({
      name: "ucb_start_seconds",
      help: "From an event to the start of a run it fired",
      labelNames: ["callback"],
      buckets: startBuckets,
      registers: [this.#registry],
    });
    const duration = new Histogram({
      name: "ucb_run_seconds",
      help: "How long runs took",
      labelNames: ["callback"],
      buckets: runBuckets,
      registers: [this.#registry],
    });
    this.#engine.on("run", ({ state, attempt, callback, queuedAt, startedAt, endedAt, durationMs }) => {
      if (state === "running" && attempt === 1 && startedAt !== null) {
        start.observe({ callback }, Math.max(0, startedAt - queuedAt) / 1000);
      }
      if (endedAt !== null && durationMs !== null) duration.observe({ callback }, durationMs / 1000);
    });
  }
}

function countsOf(counters: CallbackCounters): [outcome: string, count: number][] {
  const counted = outcomes.map(
    (outcome) => [outcome === "timedOut" ? "timed-out" : outcome, counters[outcome]] as const,
  );
  const dropped = Object.values(counters.dropped).reduce((sum, count) => sum + count, 0);
  return [...counted.map(([outcome, count]): [string, number] => [outcome, count]), ["dropped", dropped]];
}
