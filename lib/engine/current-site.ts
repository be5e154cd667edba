import type { Configuration } from "../config/configuration.js";
import { loadConfiguration } from "../config/load-configuration.js";
import { usualQbConf } from "../config/qb-conf.js";
import type { SiteWatch } from "../config/site-watch.js";
import { asUcbError, UcbError } from "../errors.js";
import { type ConfigurationChange, compareConfigurations, isSame } from "./configuration-change.js";
import type { EngineOptions } from "./engine-options.js";
import { loadSite, type Site } from "./load-site.js";

export interface SiteListener {
  /** Another configuration holds from now on. */
  taken(change: ConfigurationChange, site: Site): void;
  /** Files have changed, and what is in them now is not taken. */
  refused(error: UcbError): void;
}

/** The configuration that holds, and how another comes to hold: whole, or not at all. */
export class CurrentSite {
  readonly #options: EngineOptions;
  readonly #listener: SiteListener;
  readonly #watch: SiteWatch | null;
  #configuration: Configuration;
  #generation = 1;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    options: EngineOptions,
    { configuration, watch }: { configuration: Configuration; watch: SiteWatch | null },
    listener: SiteListener,
  ) {
    this.#options = options;
    this.#configuration = configuration;
    this.#listener = listener;
    this.#watch = watch;
    if (watch !== null) watch.onChange = () => void this.#follow();
  }

  get configuration(): Configuration {
    return this.#configuration;
  }

  /** One after the other. */
  reload(given?: Configuration): Promise<ConfigurationChange> {
    const reloaded = this.#last.then(() => this.#reload(given));
    this.#last = reloaded.catch(() => undefined);
    return reloaded;
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
  }

  async #follow(): Promise<void> {
    try {
      await this.reload();
    } catch (error) {
      if (!this.#closed) this.#listener.refused(asUcbError(error, "ERR_UCB_CONFIG", ""));
    }
  }

  async #reload(given: Configuration | undefined): Promise<ConfigurationChange> {
    const configuration = given ?? (await loadConfiguration(this.#options));
    const site = await loadSite({ ...this.#options, configuration, strict: true });
    if (this.#closed) throw new UcbError("ERR_UCB_CLOSED", "the engine is closed: it takes no configuration");
    const difference = compareConfigurations(this.#configuration, site.configuration);
    this.#configuration = site.configuration;
    if (this.#watch !== null) this.#watch.paths = watchedPaths(this.#options, site.configuration);
    if (isSame(difference)) return { generation: this.#generation, ...difference };
    const change = { generation: ++this.#generation, ...difference };
    this.#listener.taken(change, site);
    return change;
  }
}

/** What a change of which may change the configuration. */
export function watchedPaths(options: EngineOptions, { directories, qbConf: { mail } }: Configuration): string[] {
  const templates = [mail.jobStatusFormat, mail.subjobStatusFormat, mail.workStatusFormat];
  return [options.qbConf ?? usualQbConf, ...directories, ...templates.filter((path) => path !== null)];
}
