import { InvalidArgumentError } from "commander";

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(number)) throw new InvalidArgumentError("It is no whole number.");
  return number;
}
