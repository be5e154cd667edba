import type { Callback, Configuration } from "../config/configuration.js";
import { count } from "./count.js";
import { exitCodes } from "./exit-codes.js";
import type { ReplayInput, ReplayOptions, ReplayTotals } from "./replay-input.js";
import { noteErrors, readUsableSite } from "./site.js";
import type { StandardOutput } from "./standard-output.js";
import { table } from "./table.js";
import { harmless, terminalOf } from "./terminal.js";

/** What one callback would do; times are Unix milliseconds, null where they are not known or it never fires. */
interface Tally {
  callback: Callback;
  fires: number;
  /** Of those, the ones that `throttle` holds back. */
  throttled: number;
  first: number | null;
  last: number | null;
}

/** Says what events would fire; returns the exit code. */
export async function rehearse(
  input: ReplayInput,
  directories: readonly string[],
  options: ReplayOptions,
  output: StandardOutput,
): Promise<number> {
  const configuration = await readUsableSite(directories, options);
  if (configuration === null) return exitCodes.no;
  noteErrors(configuration);
  const tallies = await rehearseAll(input, configuration, options, output);
  input.end();
  output.write(
    options.json === true ? document(input.totals, tallies) : page(input.totals, tallies, configuration, options),
  );
  await output.flush();
  const fires = tallies.some((tally) => tally.fires > 0);
  return fires && input.totals.refused === 0 ? exitCodes.good : exitCodes.no;
}

async function rehearseAll(
  input: ReplayInput,
  configuration: Configuration,
  { from = Number.NEGATIVE_INFINITY, json }: ReplayOptions,
  output: StandardOutput,
): Promise<Tally[]> {
  // Only here: what merely reads a configuration shall work, and start, without the native addon.
  const { Rehearsal } = await import("../engine/rehearsal.js");
  const tallies = new Map<string, Tally>();
  for (const callback of configuration.callbacks) {
    tallies.set(callback.id, { callback, fires: 0, throttled: 0, first: null, last: null });
  }
  const rehearsal = new Rehearsal(configuration, ({ callback, event, jobId, at, isThrottled }) => {
    const tally = tallies.get(callback.id);
    if (tally === undefined || (at ?? from) < from) return;
    tally.fires++;
    if (isThrottled) tally.throttled++;
    tally.first ??= at;
    tally.last = at;
    if (json !== true) return;
    const firing = { callback: callback.file, event, jobId, at, ...(isThrottled ? { throttled: true } : {}) };
    output.write(`${JSON.stringify({ firing })}\n`);
  });
  try {
    for await (const recorded of input.events()) {
      const { event, at } = recorded;
      while (at !== null && !rehearsal.passTo(at)) if (output.full) await output.drained();
      try {
        rehearsal.report(event, at !== null);
      } catch (error) {
        input.refuse(recorded, error);
      }
      if (output.full) await output.drained();
      if (output.gone) break;
    }
  } finally {
    rehearsal.close();
  }
  return [...tallies.values()];
}

function document({ events, missing, refused, from, to }: ReplayTotals, tallies: readonly Tally[]): string {
  const callbacks = tallies.map(({ callback: { file, options }, fires, throttled, first, last }) => ({
    ...{ callback: file, fires, throttled, first, last },
    ...(options.enabled ? {} : { enabled: false }),
  }));
  return `${JSON.stringify({ replay: { events, missing, refused, from, to, callbacks } })}\n`;
}

function page(
  { events, from, to }: ReplayTotals,
  tallies: readonly Tally[],
  { callbacks }: Configuration,
  { color }: ReplayOptions,
): string {
  const { colors, width } = terminalOf(process.stdout, color);
  const rows = tallies.map(({ callback, fires, throttled, first, last }) => [
    harmless(callback.file),
    fires === 0 ? colors.dim(callback.options.enabled ? "0" : "off") : colors.green(String(fires)),
    throttled === 0 ? "" : colors.yellow(String(throttled)),
    timeText(first),
    timeText(last),
  ]);
  const firing = tallies.filter(({ fires }) => fires > 0).length;
  const total = tallies.reduce((sum, { fires }) => sum + fires, 0);
  const span = from === null ? "" : ` from ${timeText(from)} to ${timeText(to)}`;
  const all = count(callbacks.length, "callback");
  const found = total === 0 ? `none of ${all} fires` : `${count(total, "firing")} of ${firing} of ${all}`;
  const summary = `${count(events, "event")}${span}: ${found}`;
  return `${rows.length === 0 ? "" : `${table(columns, rows, width)}\n`}${colors.bold(summary)}\n`;
}

const columns = [
  { title: "callback", flexible: true },
  ...["fires", "throttled", "first", "last"].map((title) => ({ title })),
];

function timeText(at: number | null): string {
  return at === null ? "" : new Date(at).toISOString();
}
