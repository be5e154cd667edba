import type { Callback } from "../../lib/config/configuration.js";
import type { Run } from "../../lib/execute/run.js";
import { lastingEnvironment, runEnvironment } from "../../lib/execute/script-command.js";

/** The whole environment that an engine gives to a script. */
export function scriptEnvironment(
  callback: Callback,
  run: Run,
  access: { socket: string; token: string },
  environment?: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return { ...lastingEnvironment(callback, environment), ...runEnvironment(run, access) };
}
