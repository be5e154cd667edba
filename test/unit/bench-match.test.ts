import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { askEachRule, checkAgreement, checkCounts } from "../../bench/match/agreement.js";
import { batchesOf } from "../../bench/match/batch-matching.js";
import { ourBatches } from "../../bench/match/ours.js";
import { eventEmitter2 } from "../../bench/match/peers/eventemitter2.js";
import { MapTrie, mapTrie } from "../../bench/match/peers/map-trie.js";
import { mqEmitter } from "../../bench/match/peers/mqemitter.js";
import { qlobberWithCache, qlobberWithoutCache } from "../../bench/match/peers/qlobber.js";
import { TupleHashMatcher, tupleHash } from "../../bench/match/peers/tuple-hash.js";
import { tupleHashBatches } from "../../bench/match/peers/tuple-hash-bytes.js";
import type { TopicRule } from "../../bench/match/rule.js";
import { triggerText } from "../../bench/match/rule.js";
import { makeEvents, makeRules, matchShares, mostMatches } from "../../bench/match/workload.js";

const peers = [tupleHash, mapTrie, qlobberWithCache, qlobberWithoutCache, eventEmitter2, mqEmitter];

const wordOf = (words: readonly string[]) => fc.option(fc.constantFrom(...words), { nil: null });
const ruleFields = fc.record({
  name: wordOf(["complete", "failed", "x"]),
  type: wordOf(["work", "host"]),
  job: fc.option(fc.constantFrom(1, 12, 999_999_999, 1_000_000_000, 2 ** 53 - 1), { nil: null }),
  extra: wordOf(["1", "17", "frame_é", "10"]),
});
const eventText = fc
  .tuple(
    fc.constantFrom("complete", "failed", "x", "other"),
    fc.constantFrom("work", "host", "subjob"),
    fc.constantFrom(1, 12, 2, 999_999_999, 1_000_000_000, 1_000_000_001, 2 ** 53 - 1),
    fc.constantFrom("1", "17", "frame_é", "10", "2"),
  )
  .map((fields) => fields.join("-"));

describe("the peers of the match benchmark", () => {
  it("all answer as the rules do", () => {
    fc.assert(
      fc.property(fc.array(ruleFields, { minLength: 1, maxLength: 30 }), fc.array(eventText), (fields, events) => {
        const rules = fields.map((rule, callback): TopicRule => ({ callback, ...rule }));
        checkAgreement(
          peers.map((peer) => peer(rules)),
          rules,
          events,
        );
      }),
    );
  });

  it("count every match of a workload", () => {
    const rules = makeRules(200, 1);
    const events = makeEvents(rules, 500, 2);
    const matchings = peers.map((peer) => peer(rules));
    const wanted = events.reduce((sum, event) => sum + askEachRule(rules, event).length, 0);
    expect(matchings.map((matching) => matching.count(events))).toEqual(matchings.map(() => wanted));
  });

  it("takes no text for an event that is none", () => {
    const matcher = new TupleHashMatcher(makeRules(10, 1));
    const texts = ["", "complete", "complete-work", "complete-work-", "complete-work-x-1", "--"];
    expect(texts.map((text) => matcher.match(text))).toEqual(texts.map(() => -1));
  });
});

describe("batches of bytes", () => {
  const rules = makeRules(300, 8);
  const events = makeEvents(rules, 700, 9);

  it("hold all events in order", () => {
    const batches = batchesOf(events, 100);
    expect(batches.map(({ events: some }) => some.length)).toEqual(new Array(7).fill(100));
    expect(batches.flatMap(({ bytes }) => new TextDecoder().decode(bytes).split("\n"))).toEqual(events);
  });

  it("are matched by hand and by us as the rules say", () => {
    const matchings = [tupleHashBatches, ourBatches].map((factory) => factory(rules));
    checkAgreement(
      matchings.map((matching) => ({ ...matching, count: () => 0 })),
      rules,
      events,
    );
    const wanted = events.reduce((sum, event) => sum + askEachRule(rules, event).length, 0);
    for (const matching of matchings) {
      expect(batchesOf(events, 64).reduce((sum, batch) => sum + matching.countBatch(batch), 0)).toBe(wanted);
      expect(["complete", "complete-work", "complete-work-x-1", "--", "\n\n"].flatMap(matching.answer)).toEqual([]);
    }
  });
});

describe("checkAgreement", () => {
  const rules = makeRules(10, 1);
  const events = makeEvents(rules, 20, 2);
  const wrong = { ...mapTrie(rules), name: "wrong", answer: () => [11], count: () => 1 };

  it("refuses a peer that answers something else", () => {
    expect(() => checkAgreement([mapTrie(rules), wrong], rules, events)).toThrow(/wrong answers \[11\], the rules say/);
  });

  it("refuses a peer that counts something else", () => {
    expect(() => checkCounts([mapTrie(rules), wrong], events)).toThrow(/Map trie, by hand \d+, wrong 1/);
  });
});

describe("the match workload", () => {
  it.each([10, 1000, 20_000])("has %i different rules, numbered in order", (count) => {
    const rules = makeRules(count, 3);
    expect(new Set(rules.map(triggerText)).size).toBe(count);
    expect(rules.map(({ callback }) => callback)).toEqual(rules.map((_, index) => index));
  });

  it("leaves each field open in some rules, and the extra exact in most", () => {
    const rules = makeRules(1000, 3);
    const open = (field: "name" | "type" | "job" | "extra") => rules.filter((rule) => rule[field] === null).length;
    for (const field of ["name", "type", "job"] as const) expect(open(field)).toBeGreaterThan(10);
    expect(open("extra")).toBeGreaterThan(10);
    expect(open("extra")).toBeLessThan(250);
  });

  it("has events that match nothing, and others that match up to three rules", () => {
    const rules = makeRules(20_000, 3);
    const shares = matchShares(rules, makeEvents(rules, 2000, 4));
    expect(shares).toHaveLength(mostMatches + 1);
    for (const share of shares) expect(share).toBeGreaterThan(0);
    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1);
  });

  it("is the same each time", () => {
    expect(makeEvents(makeRules(100, 5), 50, 6)).toEqual(makeEvents(makeRules(100, 5), 50, 6));
    expect(makeEvents(makeRules(100, 5), 50, 6)).not.toEqual(makeEvents(makeRules(100, 5), 50, 7));
  });

  it("can be made to match nothing at all", () => {
    const rules = makeRules(1000, 5);
    const trie = new MapTrie(rules);
    for (const event of makeEvents(rules, 200, 6, 0)) trie.match(event, (callback) => expect(callback).toBeNull());
  });
});
