import { EventEmitter } from "node:events";
import eventemitter2 from "eventemitter2";
import { CallbackEngine } from "../../lib/engine/callback-engine.js";
import { topicPattern, triggerText } from "../match/rule.js";
import { makeEvents, makeRules } from "../match/workload.js";

export const ourName = "engine.emit";
export const bareName = "EventEmitter, one listener";
export const eventEmitter2Name = "eventemitter2";

export interface Emitter {
  name: string;
  /** Emits all events and returns how many listeners heard of one. */
  emitAll(events: readonly string[]): number;
}

/**
 * The engine with functions registered for `size` rules, eventemitter2 with a listener for each, a bare emitter with one
 * listener, and events that match none of the rules.
 */
export async function makeEmitters(
  size: number,
  seed: number,
  count: number,
): Promise<{ emitters: Emitter[]; events: string[]; close(): Promise<void> }> {
  const rules = makeRules(size, seed);
  const events = makeEvents(rules, count, seed + 1, 0);
  const engine = await CallbackEngine.open({ directories: [] });
  for (const rule of rules) engine.register({ on: triggerText(rule), run() {} });
  const wild = new eventemitter2.EventEmitter2({ wildcard: true, delimiter: "-", maxListeners: 0 });
  let heard = 0;
  const hear = () => {
    heard++;
  };
  for (const rule of rules) wild.on(topicPattern(rule, "*"), hear);
  const bare = new EventEmitter();
  bare.on("event", hear);
  const emitters: Emitter[] = [
    {
      name: ourName,
      emitAll(all) {
        let fired = 0;
        for (let at = 0; at < all.length; at++) fired += engine.emit(all[at] ?? "");
        return fired;
      },
    },
    {
      name: eventEmitter2Name,
      emitAll(all) {
        heard = 0;
        for (let at = 0; at < all.length; at++) wild.emit(all[at] ?? "");
        return heard;
      },
    },
    {
      name: bareName,
      emitAll(all) {
        heard = 0;
        for (let at = 0; at < all.length; at++) bare.emit("event", all[at]);
        return heard;
      },
    },
  ];
  for (const { name, emitAll } of emitters) {
    const right = name === bareName ? events.length : 0;
    const fired = emitAll(events);
    if (fired !== right) throw new Error(`${name}: ${fired} of ${events.length} events were heard, not ${right}`);
  }
  return { emitters, events, close: () => engine.close() };
}
