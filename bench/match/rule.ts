/** The four fields of an event. A field of a rule that is null accepts anything there; a job of null is `self`. */
export interface TopicRule {
  callback: number;
  name: string | null;
  type: string | null;
  job: number | null;
  extra: string | null;
}

/** The rule as a trigger. */
export function triggerText({ name, type, job, extra }: TopicRule): string {
  return `${name ?? "*"}-${type ?? "*"}-${job ?? "self"}-${extra ?? "*"}`;
}

/** The rule as a pattern of a topic library whose separator is a dash and whose word for any one field is `any`. */
export function topicPattern({ name, type, job, extra }: TopicRule, any: string): string {
  return `${name ?? any}-${type ?? any}-${job ?? any}-${extra ?? any}`;
}
