import { onTestFinished } from "vitest";
import { Launcher, type LauncherOptions, type LaunchOptions } from "../../lib/execute/launcher.js";

/** A launcher that ends with its test, whatever it still runs. */
export function openLauncher(options?: LauncherOptions): Launcher {
  const launcher = new Launcher(options);
  onTestFinished(() => launcher.close({ running: "terminate" }));
  return launcher;
}

/** A shell script as the one thing a test is not about. */
export function shell(script: string, options: Partial<LaunchOptions> = {}): LaunchOptions {
  return { file: "/bin/sh", args: ["-c", script], env: { PATH: "/usr/bin:/bin" }, cwd: "/", ...options };
}
