import { isObject } from "../argument-error.js";
import type { Trigger } from "./ast.js";

/** Whether a value that a caller passed has the shape of a parsed trigger; what is inside its terms is taken on trust. */
export function isTrigger(value: unknown): value is Trigger {
  return (
    isObject(value) &&
    typeof value.text === "string" &&
    typeof value.remembers === "boolean" &&
    Array.isArray(value.terms) &&
    value.terms.every(isExpression) &&
    isExpression(value.expression)
  );
}

function isExpression(value: unknown): boolean {
  if (!isObject(value)) return false;
  if (value.kind === "and" || value.kind === "or")
    return Array.isArray(value.operands) && value.operands.every(isExpression);
  return (
    value.kind === "term" &&
    [value.name, value.types, value.extra].every(Array.isArray) &&
    isObject(value.context) &&
    typeof value.context.kind === "string"
  );
}
