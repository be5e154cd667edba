import { defaultOptions } from "../config/callback-options.js";
import type { CallbackOptions } from "../config/configuration.js";
import { spanOfTime } from "./span-of-time.js";

/** Limits that differ from the usual, each as `callbacks.conf` has it without its `=`. */
export function limitsText(options: CallbackOptions, hasProcess: boolean): string[] {
  const { throttle, retry, breaker, limits } = options;
  const texts: [name: string, value: string | number | null, usual: string | number | null][] = [
    ["max_running", options.maxRunning, null],
    ["serial", options.serial, null],
    ["throttle", throttle && `${throttle.runs}/${spanOfTime(throttle.periodMs)} per ${throttle.per}`, null],
    ["queue", options.queue, defaultOptions.queue],
    ["overflow", options.overflow, defaultOptions.overflow],
    ["retry", retryText(retry), retryText(defaultOptions.retry)],
    ["breaker", breakerText(breaker), breakerText(defaultOptions.breaker)],
    ["on_lost", options.onLost, defaultOptions.onLost],
  ];
  if (hasProcess) {
    texts.push(
      ["nice", options.nice, defaultOptions.nice],
      ["limit.memory", limits.memory, null],
      ["limit.files", limits.files, null],
      ["limit.output", limits.output, null],
    );
  }
  return texts.flatMap(([name, value, usual]) => (value === usual ? [] : [`${name} ${value ?? "no"}`]));
}

function retryText(retry: CallbackOptions["retry"]): string | null {
  return retry && `${retry.times}, ${spanOfTime(retry.delayMs)}`;
}

function breakerText(breaker: CallbackOptions["breaker"]): string | null {
  return breaker && `${breaker.failures}, ${spanOfTime(breaker.pauseMs)}`;
}
