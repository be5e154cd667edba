/** What Qube time counts from, in Unix seconds. */
export const qubeEpoch = 946_702_800;

const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d:?\d\d)?(?:-(\d+))?$/i;

/** A time of day as ISO 8601 has it, with what follows it behind a dash. */
export interface TimeLiteral {
  /** Qube time in seconds; null if there is no such day or time, or it is before Qube time begins. */
  time: number | null;
  /** The digits behind it; undefined if there are none. */
  interval: string | undefined;
}

/**
 * Reads `2026-12-24T18:00:00Z`, seconds optional, with `Z`, an offset such as `+01:00`, or nothing for the time zone of
 * this process. Undefined for a text of another form.
 */
export function parseTimeLiteral(text: string): TimeLiteral | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second = "0", zone, interval] = match;
  const fields = [year, Number(month) - 1, day, hour, minute, second].map(Number) as DateFields;
  const time = unixSeconds(fields, zone);
  return { time: time === null || time < qubeEpoch ? null : time - qubeEpoch, interval };
}

type DateFields = [year: number, month: number, day: number, hour: number, minute: number, second: number];

function unixSeconds(fields: DateFields, zone: string | undefined): number | null {
  const [year, month, day, hour, minute, second] = fields;
  const utc = new Date(Date.UTC(...fields));
  const isReal =
    utc.getUTCFullYear() === year &&
    utc.getUTCMonth() === month &&
    utc.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  if (!isReal) return null;
  if (zone === undefined) return new Date(...fields).getTime() / 1000;
  const offset = offsetSeconds(zone);
  return offset === null ? null : utc.getTime() / 1000 - offset;
}

function offsetSeconds(zone: string): number | null {
  if (zone.toUpperCase() === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 3600 + minutes * 60);
}
