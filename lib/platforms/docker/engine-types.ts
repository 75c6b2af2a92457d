import type { RunConfig } from '../../oci/run-config';

/** What the engine says of an image. */
export interface ImageInfo {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  readonly Parent?: string;
  readonly Comment?: string;
  readonly Os?: string;
  readonly Architecture?: string;
  readonly Variant?: string;
  readonly Size?: number;
  readonly Config?: RunConfig | null;
}

/** What the engine says of a container. */
export interface ContainerInfo {
  readonly Id: string;
  readonly Name: string;
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly ExitCode: number;
    readonly Error?: string;
  };
}

/** What the engine says of a command that it runs or ran. */
export interface ExecInfo {
  readonly Running: boolean;
  readonly ExitCode: number | null;
  /** On the engine's host. */
  readonly Pid: number;
}

/** Which engine it is. */
export interface EngineVersion {
  readonly ApiVersion?: string;
  readonly Version?: string;
  readonly Os?: string;
  readonly Arch?: string;
}

/** What the engine says of itself. */
export interface EngineInfo {
  readonly ServerVersion?: string;
  readonly OSType?: string;
  readonly Architecture?: string;
  readonly Runtimes?: Readonly<Record<string, object>>;
}

/** A line of what the engine streams while it pulls, pushes, builds or imports. */
export interface ProgressLine {
  readonly id?: string;
  readonly status?: string;
  readonly stream?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string; readonly code?: number };
  readonly aux?: { readonly ID?: string; readonly Digest?: string; readonly Tag?: string; readonly Size?: number };
}

/** What a file in a container is, without reading it. */
export interface PathStat {
  readonly size: number;
  /** Permissions, without the type. */
  readonly mode: number;
  readonly isDirectory: boolean;
  readonly linkTarget: string;
}
