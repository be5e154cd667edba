import type { Job, Subjob, Work } from "../bridge/supervisor.js";
import type { EventFields } from "../trigger/event.js";

/** An event, taken apart, with the records it carries. */
export interface EngineEvent extends Omit<EventFields, "extra" | "name" | "jobId"> {
  name?: string;
  jobId?: number;
  extra?: string | number;
  /** The record of the event's job, as far as it is known. */
  job?: Job;
  work?: Work;
  subjob?: Subjob;
}
