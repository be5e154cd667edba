import type { Verb } from "../bridge/supervisor.js";

/** What one line of a `.qcb` file means. */
export type QcbAction =
  /** `single` subjob codes act on the event's subjob only; the others on all of the job's where the event has none. */
  | { kind: "perform"; verb: Verb; target: "job" | "work" | "subjob"; single: boolean }
  | { kind: "mail"; mail: "status" | "license-status" | "report-status" | "subjob-status" };

/** A code string with where it stands. */
export interface QcbCode {
  text: string;
  line: number;
  column: number;
  action: QcbAction;
}
