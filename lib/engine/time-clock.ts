import { qubeEpoch } from "../trigger/time-literal.js";
import { type Clock, systemClock } from "./clock.js";

/** As the system's, but waiting keeps no event loop alive: nobody owes a time trigger a process. */
export const backgroundClock: Clock = {
  ...systemClock,
  after(ms, call) {
    const timer = setTimeout(call, Math.min(Math.max(1, Math.ceil(ms)), 2 ** 31 - 1));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Whole seconds of Qube time. */
export function qubeTime(clock: Clock): number {
  return Math.floor(clock.unix() / 1000) - qubeEpoch;
}

/** Milliseconds until a Qube time, as the clock stands. */
export function untilQubeTime(clock: Clock, time: number): number {
  return (time + qubeEpoch) * 1000 - clock.unix();
}
