import type { Context } from "./ast.js";
import type { EventFields } from "./event.js";
import type { AttachedJob } from "./matcher.js";
import { matchesPattern } from "./pattern.js";

/** An attached job with nothing left out. */
export interface KnownJob {
  id: number;
  pid: number;
  pgrp: number;
  label: string;
}

/** Who owns what an event finds, as plain look-ups over a list of attached jobs: for explanations, not for speed. */
export class Relations {
  readonly #jobs = new Map<number, KnownJob>();

  /** Where an id comes twice, the later job counts, as a later attachment would. */
  constructor(jobs: Iterable<AttachedJob>) {
    for (const { id, pid, pgrp, label } of jobs) {
      this.#jobs.set(id, { id, pid: pid ?? 0, pgrp: pgrp || id, label: label ?? "" });
    }
  }

  job(id: number): KnownJob | undefined {
    return this.#jobs.get(id);
  }

  /** The owners a context gives for an event, ascending. */
  owners(context: Context, event: EventFields): number[] {
    switch (context.kind) {
      case "global":
        return [0];
      case "self":
        return [event.jobId];
      case "job":
        return context.id === event.jobId ? [context.id] : [];
      case "parent":
        return this.#those((job) => job.pid === event.jobId);
      case "label": {
        const subject = this.#jobs.get(event.jobId);
        if (subject === undefined || subject.label === "" || !matchesPattern(context.label, subject.label)) return [];
        return this.#those((job) => job.id !== subject.id && job.pgrp === subject.pgrp);
      }
    }
  }

  #those(fits: (job: KnownJob) => boolean): number[] {
    const ids: number[] = [];
    for (const job of this.#jobs.values()) if (fits(job)) ids.push(job.id);
    return ids.sort((one, other) => one - other);
  }
}
