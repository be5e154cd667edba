import mqemitter from "mqemitter";
import type { Matching } from "../matching.js";
import { type TopicRule, topicPattern } from "../rule.js";

/** A listener for each rule; with no limit of concurrency and listeners that are done at once, it emits synchronously. */
export function mqEmitter(rules: readonly TopicRule[]): Matching {
  const emitter = mqemitter({ separator: "-", wildcardOne: "*", wildcardSome: "#" });
  let fired = 0;
  let callbacks: number[] | null = null;
  for (const rule of rules) {
    const { callback } = rule;
    emitter.on(topicPattern(rule, "*"), (_message, done) => {
      fired++;
      if (callbacks !== null) callbacks.push(callback);
      done();
    });
  }
  return {
    name: "mqemitter",
    answer(event) {
      const answer: number[] = [];
      callbacks = answer;
      emitter.emit({ topic: event });
      callbacks = null;
      return answer;
    },
    count(events) {
      fired = 0;
      for (let at = 0; at < events.length; at++) emitter.emit({ topic: events[at] ?? "" });
      return fired;
    },
  };
}
