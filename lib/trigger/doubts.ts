import type { Expression, Operation, Span, Term, TriggerIssue } from "./ast.js";

/** The jobs that can own what a part of an expression finds; 0 stands for global events. */
interface Owners {
  /** Whether any job can. */
  anyJob: boolean;
  /** The ones that can where not any job can. */
  only: ReadonlySet<number>;
}

/** Warns of expressions that are well formed but cannot do what their author most likely wanted. */
export function findDoubtful(expression: Expression, issues: TriggerIssue[]): void {
  findOwners(expression, issues);
}

function findOwners(expression: Expression, issues: TriggerIssue[]): Owners {
  if (expression.kind === "term") return ownersOfTerm(expression);
  warnOfRepetition(expression, issues);
  const owners = expression.operands.map((operand) => findOwners(operand, issues));
  if (expression.kind === "or") return unite(owners);
  const common = intersect(owners);
  // An operand that nobody can own has been reported already.
  if (isNobody(common) && !owners.some(isNobody)) warnOfStrangers(expression, issues);
  return common;
}

function ownersOfTerm(term: Term): Owners {
  if (term.context.kind === "global") return { anyJob: false, only: new Set([0]) };
  if (term.context.kind === "job") return { anyJob: false, only: new Set([term.context.id]) };
  return { anyJob: true, only: new Set() };
}

function unite(all: readonly Owners[]): Owners {
  const only = new Set<number>();
  for (const owners of all) for (const id of owners.only) only.add(id);
  return { anyJob: all.some((owners) => owners.anyJob), only };
}

function intersect(all: readonly Owners[]): Owners {
  const limited = all.filter((owners) => !owners.anyJob);
  const mayOwn = (owners: Owners, id: number) => (owners.anyJob && id !== 0) || owners.only.has(id);
  // Starting from the smallest keeps the work within the number of ids written.
  const smallest = limited.reduce<Owners | undefined>(
    (best, owners) => (best === undefined || owners.only.size < best.only.size ? owners : best),
    undefined,
  );
  const candidates = smallest === undefined ? [0] : [...smallest.only];
  const global = candidates.includes(0) && all.every((owners) => mayOwn(owners, 0));
  const shared = candidates.filter((id) => (id === 0 ? global : limited.every((owners) => mayOwn(owners, id))));
  return { anyJob: smallest === undefined, only: new Set(shared) };
}

function isNobody(owners: Owners): boolean {
  return !owners.anyJob && owners.only.size === 0;
}

function warnOfStrangers(operation: Operation, issues: TriggerIssue[]): void {
  issues.push({
    severity: "warning",
    code: "WARN_UCB_TRIGGER_NEVER",
    message: "these events can never belong to the same job, so the trigger never fires for all of them",
    span: operation.span,
    hint: `"&&" joins events of one owner: a fixed job id is owned by that job, a global event by none`,
  });
}

function warnOfRepetition(operation: Operation, issues: TriggerIssue[]): void {
  const seen = new Set<string>();
  for (const operand of operation.operands) {
    if (operand.kind !== "term") continue;
    const { name, types, context, extra, text } = operand;
    const identity = JSON.stringify([name, types, context, extra]);
    if (seen.has(identity)) warnOfTwice(text, operand.span, issues);
    seen.add(identity);
  }
}

function warnOfTwice(text: string, span: Span, issues: TriggerIssue[]): void {
  issues.push({
    severity: "warning",
    code: "WARN_UCB_TRIGGER_TWICE",
    message: `${text} stands here a second time and changes nothing`,
    span,
    hint: "remove it, or correct what was meant to differ",
  });
}
