import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import type { Command } from "commander";
import { Accounts } from "../config/accounts.js";
import { UcbError } from "../errors.js";
import { toAbsolute } from "./common-options.js";
import { StandardOutput } from "./standard-output.js";

export const usualSocket = "/run/ucb.sock";

export interface ClientOptions {
  socket?: string;
  json?: boolean;
  color?: boolean;
}

/** What every command takes that talks to a daemon. */
export function addClientOptions(command: Command): Command {
  return command
    .option("--socket <PATH>", "the daemon's socket (default: $UCB_CONTROL, else /run/ucb.sock)", toAbsolute)
    .option("--json", "print for programs instead of people")
    .option("--color", "color the output (default: on terminals, unless NO_COLOR is set)")
    .option("--no-color", "do not color the output");
}

/**
 * Asks a daemon something and returns its answer.
 * @throws UcbError `ERR_UCB_CONTROL` if it cannot be reached or goes away; what the daemon refuses with
 */
export async function askDaemon<Answer>(request: object, options: ClientOptions): Promise<Answer> {
  for await (const answer of talkToDaemon([request], options, true)) return answer as Answer;
  throw new UcbError("ERR_UCB_CONTROL", "the daemon went away without an answer", { path: socketPath(options) });
}

/**
 * Asks a daemon something, shows the answer, with `--json` as it came, else as `page` says, and returns it.
 * @throws UcbError as {@link askDaemon} says, `ERR_UCB_OUTPUT` if it cannot be written
 */
export async function showAnswer<Answer>(
  request: object,
  options: ClientOptions,
  page: (answer: Answer) => string,
): Promise<Answer> {
  const answer = await askDaemon<Answer>(request, options);
  const output = new StandardOutput();
  output.write(options.json === true ? `${JSON.stringify(answer)}\n` : page(answer));
  await output.flush();
  return answer;
}

/** All that a daemon says to these requests and from then on; with `isLast` it is told that nothing more will be asked. */
export async function* talkToDaemon(
  requests: readonly object[],
  options: ClientOptions,
  isLast = false,
): AsyncGenerator<object> {
  const path = socketPath(options);
  const socket = connect({ path, allowHalfOpen: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", (error: NodeJS.ErrnoException) => void unreachable(path, error).then(reject));
    });
    const lines = requests.map((request) => `${JSON.stringify(request)}\n`).join("");
    if (isLast) socket.end(lines);
    else socket.write(lines);
    for await (const text of createInterface({ input: socket })) yield refuseErrors(JSON.parse(text));
  } catch (error) {
    if (error instanceof UcbError) throw error;
    // A daemon that ends with something unread resets the connection.
    throw new UcbError("ERR_UCB_CONTROL", "the daemon went away", { cause: error, path });
  } finally {
    socket.destroy();
  }
}

export function socketPath({ socket }: ClientOptions): string {
  return socket ?? (process.env.UCB_CONTROL || usualSocket);
}

interface Refusal {
  message: string;
  code: UcbError["code"];
  hint?: string;
  place?: { file: string; line?: number; column?: number };
}

function refuseErrors(answer: { error?: Refusal }): object {
  const { error } = answer;
  if (error === undefined) return answer;
  throw new UcbError(error.code, error.message, { hint: error.hint, ...error.place });
}

async function unreachable(path: string, error: NodeJS.ErrnoException): Promise<UcbError> {
  const { reason, hint } = await obstacle(path, error);
  return new UcbError("ERR_UCB_CONTROL", `no daemon can be reached at ${path}: ${reason}`, {
    ...{ cause: error, errno: error.code, path, hint },
  });
}

async function obstacle(
  path: string,
  { code, message }: NodeJS.ErrnoException,
): Promise<Record<"reason" | "hint", string>> {
  const start = "`ucb run --socket PATH` starts one; name its socket with --socket or UCB_CONTROL";
  if (code === "ENOENT") {
    return {
      reason: "there is no such socket",
      hint: `${start}; one that was told to stop has none, and may still wait for its runs`,
    };
  }
  if (code === "ECONNREFUSED") return { reason: "nobody listens there any more", hint: start };
  if (code !== "EACCES") return { reason: message, hint: start };
  const owner = await stat(path).then(
    ({ uid }) => new Accounts().userName(uid),
    () => null,
  );
  const reason = owner === null ? "this user may not look there" : `the socket is ${owner}'s, and not for this user`;
  return { reason, hint: "ask as its owner; `ucb run --group GROUP` lets the members of a group in, too" };
}
