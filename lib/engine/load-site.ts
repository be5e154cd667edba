import type { Configuration } from "../config/configuration.js";
import { refuseErrors } from "../config/configuration-error.js";
import { loadConfiguration } from "../config/load-configuration.js";
import { findInterpreters } from "../execute/find-interpreters.js";
import type { Interpreters } from "../execute/interpreters.js";
import type { EngineOptions } from "./engine-options.js";

/** A configuration, and what its callbacks are run with. */
export interface Site {
  configuration: Configuration;
  interpreters: Interpreters;
}

type SiteOptions = Pick<EngineOptions, "qbConf" | "directories" | "configuration" | "environment" | "strict">;

/** @throws ConfigurationError with `strict` if there is any error */
export async function loadSite(options: SiteOptions): Promise<Site> {
  const loaded = options.configuration ?? (await loadConfiguration(options));
  const { interpreters, diagnostics } = await findInterpreters(loaded.callbacks);
  const configuration = { ...loaded, diagnostics: [...loaded.diagnostics, ...diagnostics] };
  if (options.strict === true) refuseErrors(configuration.diagnostics);
  return { configuration, interpreters };
}
