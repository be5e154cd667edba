import { Matcher } from "../../lib/trigger/matcher.js";
import { parseTriggerOrThrow } from "../../lib/trigger/parse.js";
import type { BatchMatching } from "./batch-matching.js";
import type { Matching } from "./matching.js";
import { type TopicRule, triggerText } from "./rule.js";

export const ourName = "universal-callbacks";

export function loadedMatcher(rules: readonly { callback: number; text: string }[]): Matcher {
  const matcher = new Matcher();
  matcher.load(
    rules.map(({ callback, text }) => ({ callback, key: `${callback}`, trigger: parseTriggerOrThrow(text) })),
  );
  return matcher;
}

export function ours(rules: readonly TopicRule[]): Matching {
  const matcher = loadedMatcher(rules.map((rule) => ({ callback: rule.callback, text: triggerText(rule) })));
  let fired = 0;
  const fire = (callback: number): void => {
    if (callback >= 0) fired++;
  };
  return {
    name: ourName,
    answer: (event) => matcher.match(event).map(({ callback }) => callback),
    count(events) {
      fired = 0;
      for (let at = 0; at < events.length; at++) matcher.matchEach(events[at] ?? "", fire);
      return fired;
    },
  };
}

export function ourBatches(rules: readonly TopicRule[]): BatchMatching {
  const matcher = loadedMatcher(rules.map((rule) => ({ callback: rule.callback, text: triggerText(rule) })));
  let fired = 0;
  const fire = (callback: number): void => {
    if (callback >= 0) fired++;
  };
  return {
    name: ourName,
    answer(event) {
      const callbacks: number[] = [];
      matcher.matchBatch(new TextEncoder().encode(event), (callback) => callbacks.push(callback));
      return callbacks;
    },
    countBatch({ bytes }) {
      fired = 0;
      matcher.matchBatch(bytes, fire);
      return fired;
    },
  };
}
