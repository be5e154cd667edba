import eventemitter2 from "eventemitter2";
import { native } from "../../lib/native.js";
import { compileProgram } from "../../lib/trigger/compile.js";
import { parseTriggerOrThrow } from "../../lib/trigger/parse.js";
import { ourName } from "../match/ours.js";
import { eventEmitter2 } from "../match/peers/eventemitter2.js";
import { mapTrie } from "../match/peers/map-trie.js";
import { mqEmitter } from "../match/peers/mqemitter.js";
import { qlobberWithoutCache } from "../match/peers/qlobber.js";
import { tupleHash } from "../match/peers/tuple-hash.js";
import { type TopicRule, triggerText } from "../match/rule.js";
import { makeRules } from "../match/workload.js";

/** Something whose memory is measured. What `prepare` needs is there before the measurement begins. */
export interface Subject {
  name: string;
  prepare(count: number): {
    /** Stays alive until the measurement is over. */
    build(): unknown;
    /** Bytes that what was built says it holds outside of the JavaScript heap. */
    outside?(): number;
  };
}

/** Rules that match by themselves. */
export const ruleSubjects: Readonly<Record<string, Subject>> = {
  ours: {
    name: ourName,
    prepare(count) {
      const program = compiled(makeRules(count, seed).map(triggerText));
      const [matcher] = native.matcherCreate(8);
      // Loading gives freed memory back, also what was freed before: by what the process shrinks then would be lost of
      // what the rules take.
      native.matcherLoad(matcher, compiled(makeRules(count, seed + 1).map(triggerText)));
      native.matcherLoad(matcher, compiled([]));
      return {
        build() {
          native.matcherLoad(matcher, program);
          // What is there before must be there afterwards, or its space would be counted as ours.
          return { matcher, program };
        },
        outside: () => native.matcherStats(matcher).bytes,
      };
    },
  },
  tuple: ofRules(tupleHash, "tuple hash, by hand"),
  trie: ofRules(mapTrie, "Map trie, by hand"),
  qlobber: ofRules(qlobberWithoutCache, "qlobber"),
  eventemitter2: ofRules(eventEmitter2, "eventemitter2"),
  mqemitter: ofRules(mqEmitter, "mqemitter"),
};

/** Jobs that wait for two of their frames. */
export const jobSubjects: Readonly<Record<string, Subject>> = {
  attached: jobs(`${ourName}, attached`, false),
  waiting: jobs(`${ourName}, one half happened`, true),
  eventemitter2: {
    name: "eventemitter2, two listeners a job",
    prepare: (count) => ({
      build() {
        const emitter = new eventemitter2.EventEmitter2({ wildcard: true, delimiter: "-", maxListeners: 0 });
        let complete = 0;
        for (let job = 1; job <= count; job++) {
          let happened = 0;
          const hear = (bit: number) => {
            happened |= bit;
            if (happened === 3) complete++;
          };
          emitter.on(`complete-work-${job}-1`, () => hear(1));
          emitter.on(`complete-work-${job}-2`, () => hear(2));
        }
        return { emitter, count: () => complete };
      },
    }),
  },
};

const seed = 5000;

function ofRules(factory: (rules: readonly TopicRule[]) => unknown, name: string): Subject {
  return {
    name,
    prepare(count) {
      const rules = makeRules(count, seed);
      return { build: () => factory(rules) };
    },
  };
}

function jobs(name: string, halfHappened: boolean): Subject {
  return {
    name,
    prepare(count) {
      const program = compiled(["complete-work-self-1 && complete-work-self-2"]);
      const [matcher] = native.matcherCreate(8);
      // Bytes that are there before: strings would be counted by what they make the young generation grow to.
      const results = new Float64Array(64);
      const events = halfHappened ? eventsOf(count) : new Uint8Array();
      return {
        build() {
          native.matcherLoad(matcher, program);
          for (let job = 1; job <= count; job++) native.matcherAttach(matcher, job, 0, 0, "");
          for (let at = 0; at < events.length; at = results[0] ?? 0) {
            native.matcherMatchBatch(matcher, events, at, results, false);
          }
          const stats = native.matcherStats(matcher);
          const memories = halfHappened ? count : 0;
          if (stats.attachedJobs !== count || stats.memories !== memories) {
            throw new Error(`${stats.attachedJobs} attached jobs and ${stats.memories} memories of ${count} jobs`);
          }
          return { matcher, program };
        },
        outside: () => native.matcherStats(matcher).bytes,
      };
    },
  };
}

/** The first frame of each job, as a batch. */
function eventsOf(jobs: number): Uint8Array {
  const parts: Buffer[] = [];
  for (let first = 1; first <= jobs; first += 10_000) {
    const ids = Array.from({ length: Math.min(10_000, jobs + 1 - first) }, (_, index) => first + index);
    parts.push(Buffer.from(ids.map((job) => `complete-work-${job}-1\n`).join("")));
  }
  return Buffer.concat(parts);
}

function compiled(triggers: readonly string[]): Uint8Array {
  const rules = triggers.map((text, callback) => ({
    callback,
    key: `${callback}`,
    trigger: parseTriggerOrThrow(text),
  }));
  return compileProgram(rules);
}
