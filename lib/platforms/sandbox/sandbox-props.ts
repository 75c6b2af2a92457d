import { z } from 'zod';
import { asset, props, text, type PropsSchema } from '../../extension/props';
import { problemWithChanges } from '../../oci/changes';
import { problemWithName } from '../../oci/reference';
import type { Text } from '../../plan/late';

/** Who one is to the registry of the base. */
export interface SandboxLogin {
  /** Name of the user. */
  readonly username: Text;
  /** Password or token: a `Secret`. */
  readonly password: Text;
}

/** A base in a file of the project, as a plan has it. Written with {@link SandboxBase}. */
export interface LocalBase {
  /** The tar archive of an image, or of a root file system. */
  readonly archive?: Text;
  /** The folder of an OCI layout. */
  readonly layout?: Text;
  /** Whether the archive is of a root file system. */
  readonly rootfs?: boolean;
  /** The name of the image meant, where there are several. */
  readonly name?: string;
  /** Its platform, such as `linux/arm64`, where there are several. */
  readonly platform?: string;
}

/** What a sandbox's plan entry holds: the props of {@link SandboxSource} but for `base`. */
export interface SandboxConfigProps {
  /**
   * Who one is to the registry of the base.
   * @default - what `docker login` stored, in docker's config.json or with its credential helpers; else nobody
   */
  readonly login?: SandboxLogin;
  /**
   * `shared`: the machine is on this machine's network. `none`: it is on its own, which has only itself.
   * @default 'shared'
   */
  readonly network?: 'shared' | 'none';
  /**
   * What the image is captured as: an OCI archive (which `docker load`, podman and skopeo take), an OCI layout, an archive as
   * `docker save` writes it, the tar archive of the root, or the root as a folder.
   * @default 'oci-archive'
   */
  readonly format?: 'oci-archive' | 'oci-layout' | 'docker-archive' | 'rootfs-tar' | 'directory';
  /**
   * Where the artifact goes: a path relative to the project. A `rootfs-tar` is compressed when its name ends in `.gz` or `.zst`.
   * @default - `artifacts/<app>-<build>`, and what tells the format: `.oci.tar`, `.oci`, `.docker.tar`, `.rootfs.tar` or nothing
   */
  readonly output?: Text;
  /**
   * The name that the image has where it is loaded, such as `acme/web:1.4`.
   * @default - `<app>-<image>:latest`
   */
  readonly reference?: Text;
  /**
   * How the image is run, in the words of a Dockerfile: ENV, CMD, ENTRYPOINT, EXPOSE, LABEL, WORKDIR, USER, VOLUME, HEALTHCHECK, STOPSIGNAL,
   * ONBUILD and SHELL. What no change names is the base's.
   * @default - all as in the base
   */
  readonly changes?: readonly Text[];
  /**
   * How the layers made here are compressed. Those of the base stay as they are.
   * @default 'gzip'
   */
  readonly compression?: 'none' | 'gzip' | 'zstd';
  /**
   * Seconds since the epoch: no file in the image is younger, which makes equal builds equal bytes.
   * @default - SOURCE_DATE_EPOCH of the environment; else when the base was made; else 1980
   */
  readonly sourceDateEpoch?: number;
  /**
   * A base in the project's files. Set by `base`, and not by hand.
   * @default - the base is none of the project's files
   */
  readonly local?: LocalBase;
}

/** The props as the driver gets them. */
export interface SandboxConfig {
  readonly login?: { readonly username: string; readonly password: string } | undefined;
  readonly network?: 'shared' | 'none' | undefined;
  readonly format?: 'oci-archive' | 'oci-layout' | 'docker-archive' | 'rootfs-tar' | 'directory' | undefined;
  readonly output?: string | undefined;
  readonly reference?: string | undefined;
  readonly changes?: readonly string[] | undefined;
  readonly compression?: 'none' | 'gzip' | 'zstd' | undefined;
  readonly sourceDateEpoch?: number | undefined;
  readonly local?: LocalConfig | undefined;
}

/** A base in the project's files as the driver gets it: paths are absolute. */
export interface LocalConfig {
  readonly archive?: string | undefined;
  readonly layout?: string | undefined;
  readonly rootfs?: boolean | undefined;
  readonly name?: string | undefined;
  readonly platform?: string | undefined;
}

/** Checks the props. */
export const sandboxSchema: PropsSchema<SandboxConfigProps, SandboxConfig> = props<SandboxConfigProps>()(
  {
    login: z.strictObject({ username: text(), password: text() }).optional(),
    network: z.enum(['shared', 'none']).optional(),
    format: z.enum(['oci-archive', 'oci-layout', 'docker-archive', 'rootfs-tar', 'directory']).optional(),
    output: text().optional(),
    reference: text().optional(),
    changes: z.array(text()).optional(),
    compression: z.enum(['none', 'gzip', 'zstd']).optional(),
    sourceDateEpoch: z.number().int().min(0).optional(),
    local: z
      .strictObject({
        archive: asset('file').optional(),
        layout: asset('directory').optional(),
        rootfs: z.boolean().optional(),
        name: z.string().optional(),
        platform: z.string().optional(),
      })
      .optional(),
  },
  ({ changes }) => problemWithChanges(changes),
  ({ reference }) => {
    const problem = typeof reference === 'string' ? problemWithName(reference) : undefined;
    return problem === undefined ? undefined : `\`reference\`: ${problem}`;
  },
);
