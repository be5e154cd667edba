import qlobber from "qlobber";
import type { Matching } from "../matching.js";
import { type TopicRule, topicPattern } from "../rule.js";

export function qlobberWithoutCache(rules: readonly TopicRule[]): Matching {
  return matching("qlobber", rules, 0);
}

/** The cache holds every event of the workload, split: the best that can happen to it. */
export function qlobberWithCache(rules: readonly TopicRule[]): Matching {
  return matching("qlobber, cache always hit", rules, 1 << 20);
}

function matching(name: string, rules: readonly TopicRule[], splits: number): Matching {
  const matcher = new qlobber.Qlobber<number>({
    separator: "-",
    wildcard_one: "*",
    wildcard_some: "#",
    cache_splits: splits,
  });
  for (const rule of rules) matcher.add(topicPattern(rule, "*"), rule.callback);
  return {
    name,
    answer: (event) => matcher.match(event),
    count(events) {
      let fired = 0;
      for (let at = 0; at < events.length; at++) {
        const found = matcher.match(events[at] ?? "");
        for (let i = 0; i < found.length; i++) if ((found[i] ?? -1) >= 0) fired++;
      }
      return fired;
    },
  };
}
