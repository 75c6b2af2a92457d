import type { Text } from '../../plan/late';

/** A Dockerfile that makes what a build starts from. Packer's `build` block. */
export interface DockerfileProps {
  /** Path of the Dockerfile. */
  readonly path: Text;
  /**
   * Folder that the Dockerfile copies from. What its .dockerignore names is not sent. A change to anything in it is a new
   * build; give `new Asset(dir, { ignore: […] })` to leave things out of that.
   * @default - the folder of the Dockerfile
   */
  readonly buildDir?: Text;
  /**
   * Values of the Dockerfile's ARGs. They show in the image's history: no place for secrets.
   * @default - none
   */
  readonly arguments?: Readonly<Record<string, Text>>;
  /**
   * Stage to build.
   * @default - the last
   */
  readonly target?: string;
  /**
   * Asks the registry for newer images than those that are there, for each FROM.
   * @default false
   */
  readonly pull?: boolean;
  /**
   * Sends the folder compressed: for engines that are far away.
   * @default false
   */
  readonly compress?: boolean;
}

/** Where to log in. */
export interface DockerLoginProps {
  /**
   * Whether the login below is used; `false` switches it off.
   * @default true
   */
  readonly login?: boolean;
  /**
   * Address of the registry that the login is for.
   * @default - the registry of the image
   */
  readonly loginServer?: Text;
  /**
   * User name, together with `loginPassword`.
   * @default - what `docker login` left in Docker's configuration
   */
  readonly loginUsername?: Text;
  /**
   * Password or token: a `Secret`.
   * @default - what `docker login` left in Docker's configuration
   */
  readonly loginPassword?: Text;
}

/** How the container is run that the image is provisioned in. */
export interface DockerRunProps {
  /**
   * Platform of the image, such as `linux/arm64`.
   * @default - the engine's
   */
  readonly platform?: string;
  /**
   * Main process of the container, in place of goldsmith's own, which just waits. It must stay alive.
   * @default - goldsmith's own, or the base's where `command` is given
   */
  readonly entrypoint?: readonly string[];
  /**
   * Arguments of the main process.
   * @default - none
   */
  readonly command?: readonly string[];
  /**
   * Folders of the host, or named volumes, by name: `{ '/var/cache/apt': '/var/cache/apt' }`. `:ro` after the second
   * path makes it read only. What is in them is neither in the image nor in any digest.
   * @default - none
   */
  readonly volumes?: Readonly<Record<string, Text>>;
  /**
   * Folders that live in memory and are not in the image: `/tmp`, or with options `/tmp:rw,size=64m`.
   * @default - none
   */
  readonly tmpfs?: readonly string[];
  /**
   * Devices of the host: `/dev/fuse`, or with another path and permissions `/dev/sda:/dev/xvda:r`. Packer's `device`.
   * @default - none
   */
  readonly devices?: readonly string[];
  /**
   * Capabilities to add, such as `SYS_ADMIN`.
   * @default - none
   */
  readonly capAdd?: readonly string[];
  /**
   * Capabilities to drop.
   * @default - none
   */
  readonly capDrop?: readonly string[];
  /**
   * Gives the container all capabilities and devices.
   * @default false
   */
  readonly privileged?: boolean;
  /**
   * Runtime of the container, such as `runsc`.
   * @default - the engine's
   */
  readonly runtime?: string;
  /**
   * Network: `bridge`, `host`, `none`, `container:NAME`, or the name of a network.
   * @default - the engine's, which is `bridge`
   */
  readonly network?: string;
  /**
   * User that the container runs as, and commands with it: `NAME[:GROUP]` or `UID[:GID]`. The image keeps the base's.
   * @default - the base's
   */
  readonly user?: string;
  /**
   * User that commands run as, where it is not the container's.
   * @default - the container's
   */
  readonly execUser?: string;
  /**
   * Gives commands a terminal: for programs that want one. Errors then come on the same stream as output.
   * @default false
   */
  readonly pty?: boolean;
  /**
   * Makes uploaded files the property of the user that commands run as; `false`: of root.
   * @default true
   */
  readonly fixUploadOwner?: boolean;
  /**
   * A folder of the container for scratch files, on a volume that is deleted with it: what is in it is not in the image.
   * @default - no such folder
   */
  readonly containerDir?: string;
}

/** What becomes of the container in the end. At most one of `commit`, `exportPath` and `discard`. */
export interface DockerCaptureProps {
  /**
   * Makes an image of it.
   * @default true
   */
  readonly commit?: boolean;
  /**
   * Writes its file system to this file, as a tar archive, and makes no image.
   * @default - makes an image
   */
  readonly exportPath?: Text;
  /**
   * Keeps nothing.
   * @default false
   */
  readonly discard?: boolean;
  /**
   * Names for the image, such as `registry.acme.test/web:1.4`.
   * @default - a name of goldsmith's own, that cannot be pushed
   */
  readonly tags?: readonly Text[];
  /**
   * Author, in the image's metadata.
   * @default - none
   */
  readonly author?: Text;
  /**
   * Commit message, in the image's metadata.
   * @default - none
   */
  readonly message?: Text;
  /**
   * Changes to the image's config, in a Dockerfile's words: ENV, CMD, ENTRYPOINT, EXPOSE, LABEL, WORKDIR, USER, VOLUME,
   * HEALTHCHECK, ONBUILD, STOPSIGNAL, SHELL. What they do not name stays as the base has it.
   * @default - none
   */
  readonly changes?: readonly Text[];
}
