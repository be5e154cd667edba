import { qubeEpoch } from "../trigger/time-literal.js";
import type { Clock } from "./clock.js";

/** Whole seconds of Qube time. */
export function qubeTime(clock: Clock): number {
  return Math.floor(clock.unix() / 1000) - qubeEpoch;
}

/** Milliseconds until a Qube time, as the clock stands. */
export function untilQubeTime(clock: Clock, time: number): number {
  return (time + qubeEpoch) * 1000 - clock.unix();
}
