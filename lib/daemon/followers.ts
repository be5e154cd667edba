import type { CallbackEngine } from "../engine/callback-engine.js";
import { UcbError } from "../errors.js";
import { actionLine, errorLine, runLine } from "./wire.js";

/** Somebody who is told of ended runs and of actions. */
export interface Follower {
  readonly writableLength: number;
  write(text: string): unknown;
  destroy(): unknown;
}

/** Bytes that may wait for one follower. */
const mostBehind = 16 * 1024 * 1024;

/** Tells followers what happens; one that does not keep up is sent away, and costs neither the engine nor the others anything. */
export class Followers {
  readonly #followers = new Set<Follower>();

  /** `sentAway` is told of each that is. */
  constructor(
    engine: CallbackEngine,
    readonly sentAway: (error: UcbError) => void,
  ) {
    engine.on("run", (run) => {
      if (run.endedAt !== null && this.#followers.size > 0) this.#tell(runLine(run));
    });
    engine.on("action", (action) => {
      if (this.#followers.size > 0) this.#tell(actionLine(action));
    });
  }

  /** Returns what ends it. */
  add(follower: Follower): () => void {
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  #tell(record: object): void {
    const text = `${JSON.stringify(record)}\n`;
    for (const follower of this.#followers) {
      if (follower.writableLength <= mostBehind) {
        follower.write(text);
        continue;
      }
      this.#followers.delete(follower);
      const slow = new UcbError("ERR_UCB_SLOW", "what was to be told was read too slowly: some of it is missing");
      follower.write(`${JSON.stringify(errorLine(0, slow))}\n`);
      follower.destroy();
      this.sentAway(
        new UcbError("ERR_UCB_SLOW", "a client that follows what happens read too slowly, and was sent away"),
      );
    }
  }
}
