import type { LabelRule } from "../labels.js";
import { type OwnerMatching, type Pair, pairOf } from "../owners.js";

interface KnownJob {
  id: number;
  label: string;
  group: KnownJob[];
}

/** What one writes for labels alone: a Map of jobs that know their group, and a Map of rules for each event name. */
export class LabelMaps {
  readonly #jobs = new Map<number, KnownJob>();
  readonly #rules = new Map<string, Map<string, number[]>>();

  constructor(rules: readonly LabelRule[], jobs: readonly { id: number; pgrp: number; label: string }[]) {
    for (const [callback, { name, label }] of rules.entries()) {
      const labels = this.#rules.get(name) ?? new Map<string, number[]>();
      this.#rules.set(name, labels);
      labels.set(label, [...(labels.get(label) ?? []), callback]);
    }
    const groups = new Map<number, KnownJob[]>();
    for (const { id, pgrp, label } of jobs) {
      const group = groups.get(pgrp) ?? [];
      groups.set(pgrp, group);
      const job: KnownJob = { id, label, group };
      group.push(job);
      this.#jobs.set(id, job);
    }
  }

  match(event: string, fire: (callback: number, owner: number) => void): void {
    const first = event.indexOf("-");
    const second = event.indexOf("-", first + 1);
    const job = this.#jobs.get(Number(event.slice(second + 1)));
    if (job === undefined) return;
    const callbacks = this.#rules.get(event.slice(0, first))?.get(job.label);
    if (callbacks === undefined) return;
    for (const callback of callbacks) for (const { id } of job.group) if (id !== job.id) fire(callback, id);
  }
}

export function labelMaps(
  rules: readonly LabelRule[],
  jobs: readonly { id: number; pgrp: number; label: string }[],
): OwnerMatching {
  const maps = new LabelMaps(rules, jobs);
  let fired = 0;
  const fire = (callback: number, owner: number): void => {
    if (callback >= 0 && owner > 0) fired++;
  };
  return {
    name: "Maps, by hand",
    answer(event) {
      const pairs: Pair[] = [];
      maps.match(event, (callback, owner) => pairs.push(pairOf(callback, owner)));
      return pairs;
    },
    count(events) {
      fired = 0;
      for (let at = 0; at < events.length; at++) maps.match(events[at] ?? "", fire);
      return fired;
    },
  };
}
