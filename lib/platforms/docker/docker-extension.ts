import { z } from 'zod';
import type { PlatformExtension } from '../../extension/platform';
import { asset, atMostOne, props, text, textMap, type PropsSchema, type Rule } from '../../extension/props';
import { problemWithChanges } from '../../oci/changes';
import { problemWithName } from '../../oci/reference';
import type { DockerCaptureProps, DockerfileProps, DockerLoginProps, DockerRunProps } from './docker-props';

/** Props of a `DockerSource` but for its base: the config in the plan. */
export interface DockerConfigProps extends DockerRunProps, DockerCaptureProps, DockerLoginProps {
  /**
   * A Dockerfile to start from.
   * @default - `base` says what to start from
   */
  readonly build?: DockerfileProps;
  /**
   * When the base is pulled: `missing` takes what is there already, `always` asks the registry each time the base is looked
   * up, `never` does not ask it. `true` and `false` are Packer's words for `always` and `never`.
   * @default 'missing'
   */
  readonly pull?: 'missing' | 'always' | 'never' | boolean;
}

const words = z.array(z.string()).readonly();
const capability = z.string().regex(/^[A-Z_]+$/, 'a capability such as `SYS_ADMIN`, or `ALL`');
const inContainer = z.string().regex(/^\//, 'an absolute path in the container');

const login = {
  login: z.boolean().optional(),
  loginServer: text().optional(),
  loginUsername: text().optional(),
  loginPassword: text().optional(),
} as const;

/** What must hold between the props of a login. */
export const loginRule: Rule = ({ login: wanted, loginUsername, loginPassword }) => {
  if ((loginUsername === undefined) !== (loginPassword === undefined)) {
    return `\`loginUsername\` and \`loginPassword\` go together, given is only \`${loginUsername === undefined ? 'loginPassword' : 'loginUsername'}\``;
  }
  return wanted === true && loginUsername === undefined
    ? '`login` needs `loginUsername` and `loginPassword`'
    : undefined;
};

/** Schema of the props of a login. */
export const loginShape = login;

const dockerfile = z.strictObject({
  path: asset('file'),
  buildDir: asset('directory').optional(),
  arguments: textMap().optional(),
  target: z.string().min(1).optional(),
  pull: z.boolean().optional(),
  compress: z.boolean().optional(),
});

const schema = props<DockerConfigProps>()(
  {
    build: dockerfile.optional(),
    pull: z.union([z.enum(['missing', 'always', 'never']), z.boolean()]).optional(),
    ...login,
    platform: z
      .string()
      .regex(/^[a-z0-9]+(\/[a-z0-9_]+(\/[a-z0-9]+)?)?$/, 'a platform such as `linux/amd64`')
      .optional(),
    entrypoint: words.optional(),
    command: words.optional(),
    volumes: textMap().optional(),
    tmpfs: z.array(inContainer).optional(),
    devices: z.array(z.string().regex(/^\//, 'a device such as `/dev/fuse`')).optional(),
    capAdd: z.array(capability).optional(),
    capDrop: z.array(capability).optional(),
    privileged: z.boolean().optional(),
    runtime: z.string().min(1).optional(),
    network: z.string().min(1).optional(),
    user: z.string().min(1).optional(),
    execUser: z.string().min(1).optional(),
    pty: z.boolean().optional(),
    fixUploadOwner: z.boolean().optional(),
    containerDir: inContainer.optional(),
    commit: z.boolean().optional(),
    exportPath: text().optional(),
    discard: z.boolean().optional(),
    tags: z.array(text()).optional(),
    author: text().optional(),
    message: text().optional(),
    changes: z.array(text()).optional(),
  },
  (given) => atMostOne('commit', 'exportPath', 'discard')(wanted(given)),
  (given) =>
    isCommit(given)
      ? undefined
      : 'nothing is wanted of the build: of `commit`, `exportPath` and `discard` one must be given',
  (given) => onlyForCommit(given),
  (given) => problemWithChanges(given['changes']),
  (given) => problemWithNames(given['tags']),
  loginRule,
);

/** The config of a Docker build, resolved. */
export type DockerConfig = typeof schema extends PropsSchema<DockerConfigProps, infer Out> ? Out : never;

/** `commit: false` and `discard: false` ask for nothing. */
function wanted(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== false));
}

function isCommit(given: Readonly<Record<string, unknown>>): boolean {
  return given['commit'] !== false || given['exportPath'] !== undefined || given['discard'] === true;
}

function onlyForCommit(given: Readonly<Record<string, unknown>>): string | undefined {
  const other = given['exportPath'] !== undefined ? 'exportPath' : given['discard'] === true ? 'discard' : undefined;
  const idle = ['tags', 'author', 'message', 'changes'].filter((name) => given[name] !== undefined);
  if (other === undefined || idle.length === 0) return undefined;
  return `${idle.map((name) => `\`${name}\``).join(', ')} go into the image, and with \`${other}\` none is made`;
}

function problemWithNames(tags: unknown): string | undefined {
  if (!Array.isArray(tags)) return undefined;
  for (const tag of tags as readonly unknown[]) {
    const problem = typeof tag === 'string' ? problemWithName(tag) : undefined;
    if (problem !== undefined) return `\`tags\`: ${problem}`;
  }
  return undefined;
}

/** The Docker platform, as the engine finds it. */
export const docker: PlatformExtension<DockerConfigProps, DockerConfig> = {
  kind: 'platform',
  use: 'docker',
  module: 'goldsmith/docker',
  schema,
  captureProps: ['commit', 'exportPath', 'discard', 'author', 'message', 'changes', 'tags'],
  passiveProps: ['pull', 'login', 'loginServer', 'loginUsername', 'loginPassword'],
  nameProps: ['tags', 'exportPath'],
  produces: ({ exportPath, discard }) =>
    discard ? undefined : exportPath === undefined ? 'docker-image' : 'docker-export',
  outputs: ({ exportPath }) => (exportPath === undefined ? [] : [exportPath]),
  probe: (ctx) => (require('./probe') as typeof import('./probe')).probe(ctx),
  load: async (ctx) => (require('./docker-driver') as typeof import('./docker-driver')).createDriver(ctx),
};
