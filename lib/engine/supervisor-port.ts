import type { BridgeHandler } from "../bridge/request.js";
import type { Action, ActionTarget, Job, JobQuery, Supervisor, Verb } from "../bridge/supervisor.js";
import { asUcbError } from "../errors.js";
import type { SupervisorPort } from "../execute/execution.js";
import type { Run } from "../execute/run.js";
import type { EngineEmitter } from "./engine-events.js";
import type { JobRecords } from "./job-records.js";

/**
 * The supervisor as callbacks reach it. Without one of the embedder's, questions are answered from the records that
 * events carried, and verbs are only reported.
 */
export class EngineSupervisorPort implements SupervisorPort {
  readonly #supervisor: Supervisor | undefined;
  readonly #records: JobRecords;
  readonly #events: EngineEmitter;

  constructor(supervisor: Supervisor | undefined, records: JobRecords, events: EngineEmitter) {
    this.#supervisor = supervisor;
    this.#records = records;
    this.#events = events;
  }

  async jobInfo(query: JobQuery): Promise<Job[]> {
    return this.#supervisor === undefined ? this.#records.find(query) : await this.#supervisor.jobInfo(query);
  }

  async perform(verb: Verb, target: ActionTarget, ids: string[], by: Run): Promise<string[]> {
    const action: Action = { verb, target, ids, by };
    this.#events.tell("action", action);
    return this.#supervisor === undefined ? ids : await this.#supervisor.perform(action);
  }

  /** What running callbacks reach over the bridge: also what the embedder's supervisor offers beyond the necessary. */
  get handler(): BridgeHandler {
    const supervisor = this.#supervisor;
    return {
      jobInfo: (query) => this.jobInfo(query),
      perform: (verb, target, ids, by) => this.perform(verb, target, ids, by),
      ...(supervisor?.submit && { submit: supervisor.submit.bind(supervisor) }),
      ...(supervisor?.hostInfo && { hostInfo: supervisor.hostInfo.bind(supervisor) }),
    };
  }

  /**
   * The owner's record for one run: what its event carried over what the supervisor says now over what was known when
   * it fired. A supervisor that fails to answer costs the run its fresh record, not its life. A promise only where one is
   * asked.
   */
  recordOf(jobId: number, known: Job, carried: Job | undefined): Job | Promise<Job> {
    if (this.#supervisor === undefined || jobId === 0) return { ...known, ...carried };
    return this.#freshRecordOf(this.#supervisor, jobId, known, carried);
  }

  async #freshRecordOf(supervisor: Supervisor, jobId: number, known: Job, carried: Job | undefined): Promise<Job> {
    try {
      const [fresh] = await supervisor.jobInfo({ id: [jobId], agenda: true, subjobs: true });
      return { ...known, ...fresh, ...carried };
    } catch (error) {
      this.#events.tell("problem", asUcbError(error, "ERR_UCB_ACTION", `no fresh record of job ${jobId}`));
      return { ...known, ...carried };
    }
  }
}
