/**
 * What of an image's configuration says how it is run: OCI image-spec, config.md, and Docker's additions to it
 * (Healthcheck, OnBuild, Shell). The names are theirs. What is not named here stays as it is.
 */
export interface RunConfig {
  readonly Env?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Entrypoint?: readonly string[] | null;
  readonly ExposedPorts?: Readonly<Record<string, object>> | null;
  readonly Volumes?: Readonly<Record<string, object>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly WorkingDir?: string;
  readonly User?: string;
  readonly StopSignal?: string;
  readonly Healthcheck?: Healthcheck | null;
  readonly OnBuild?: readonly string[] | null;
  readonly Shell?: readonly string[] | null;
}

/** How an engine finds out whether a container is well. Times are in nanoseconds. */
export interface Healthcheck {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

/** The variables of a configuration. */
export function environmentOf({ Env }: RunConfig): Record<string, string> {
  return Object.fromEntries(
    (Env ?? []).map((entry) => {
      const [name = '', ...value] = entry.split('=');
      return [name, value.join('=')];
    }),
  );
}
