import type { CallbackEngine, CloseMode } from "../engine/callback-engine.js";
import { count } from "./count.js";

/** What becomes of the runs that have not ended when a command is told to stop. */
export function stopText(
  mode: CloseMode,
  { queued, running, delayed }: CallbackEngine["load"],
  isDurable: boolean,
): string {
  const rest = queued + running;
  if (rest === 0) return "nothing runs";
  if (mode === "wait") {
    const held = delayed === 0 ? "" : ` (${delayed} of which for a retry or a pause)`;
    return `waiting for ${count(rest, "run")}${held} to end; a second signal ends ${rest === 1 ? "it" : "them"}`;
  }
  const parts = [];
  if (running > 0) parts.push(mode === "leave" ? leaving(running, isDurable) : `ending ${count(running, "run")}`);
  if (queued > 0)
    parts.push(`${count(queued, "run")} that ${queued === 1 ? "waits is" : "wait are"} ${lot(isDurable)}`);
  return parts.join("; ");
}

function leaving(running: number, isDurable: boolean): string {
  const [them, goOn] = running === 1 ? ["it", "goes on"] : ["them", "go on"];
  const after = isDurable ? `the next daemon with this state waits for ${them}` : "nobody waits for the end";
  return `${count(running, "run")} ${goOn}, and ${after}`;
}

function lot(isDurable: boolean): string {
  return isDurable ? "kept for the next daemon with this state" : "dropped";
}
