import eventemitter2 from "eventemitter2";
import type { Matching } from "../matching.js";
import { type TopicRule, topicPattern } from "../rule.js";

/** With `wildcard: true`: a listener for each rule. */
export function eventEmitter2(rules: readonly TopicRule[]): Matching {
  const emitter = new eventemitter2.EventEmitter2({ wildcard: true, delimiter: "-", maxListeners: 0 });
  let fired = 0;
  let callbacks: number[] | null = null;
  for (const rule of rules) {
    const { callback } = rule;
    emitter.on(topicPattern(rule, "*"), () => {
      fired++;
      if (callbacks !== null) callbacks.push(callback);
    });
  }
  return {
    name: "eventemitter2",
    answer(event) {
      const answer: number[] = [];
      callbacks = answer;
      emitter.emit(event);
      callbacks = null;
      return answer;
    },
    count(events) {
      fired = 0;
      for (let at = 0; at < events.length; at++) emitter.emit(events[at] ?? "");
      return fired;
    },
  };
}
