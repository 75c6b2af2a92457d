import type { Construct } from 'constructs';
import * as fs from 'node:fs/promises';
import { z } from 'zod';
import { PostProcessor, type PostProcessorProps } from '../../lib/core/post-processor';
import { Provisioner, type OwnProps, type ProvisionerProps } from '../../lib/core/provisioner';
import { VerificationBase, type VerificationBaseProps } from '../../lib/core/verification-base';
import { GoldsmithError } from '../../lib/errors';
import type { Communicator } from '../../lib/extension/communicator';
import type { ProvisionContext } from '../../lib/extension/context';
import type { PostProcessorExtension } from '../../lib/extension/post-processor';
import { asset, props, text, textMap } from '../../lib/extension/props';
import type { ProvisionerExtension } from '../../lib/extension/provisioner';
import { exactlyOne } from '../../lib/index';
import { isLate, type Text } from '../../lib/plan/late';

/** Props of {@link Step}. */
export interface StepProps extends ProvisionerProps {
  readonly run: Text;
  readonly stdin?: Text;
  readonly env?: Readonly<Record<string, Text>>;
  readonly script?: Text;
  readonly folder?: Text;
}

const stepSchema = props<OwnProps<StepProps>>()({
  run: text(),
  stdin: text().optional(),
  env: textMap().optional(),
  script: asset().optional(),
  folder: asset('any').optional(),
});

/** Runs exactly one command, and nothing around it: what happened on a machine can be read off its history. */
export class Step extends Provisioner<StepProps> {
  constructor(scope: Construct, id: string, given: StepProps | Text) {
    super(scope, id, typeof given === 'string' || isLate(given) ? { run: given } : given, step);
  }
}

async function execute(
  config: { readonly run: string; readonly stdin?: string | undefined },
  machine: Communicator,
  ctx: ProvisionContext,
): Promise<void> {
  const result = await machine.exec(config.run, {
    signal: ctx.signal,
    onOutput: ctx.output,
    ...(config.stdin !== undefined && { stdin: config.stdin }),
  });
  if (result.ended === 'exit' && result.code === 0) return;
  throw new GoldsmithError('STEP_FAILED', `\`${config.run}\` ended with ${JSON.stringify(result)}`);
}

/** Runs {@link Step}. */
export const step: ProvisionerExtension<OwnProps<StepProps>, z.output<typeof stepSchema>> = {
  kind: 'provisioner',
  use: 'step',
  module: 'test-extensions',
  schema: stepSchema,
  run: execute,
};

/** Props of {@link Choice}. */
export interface ChoiceProps extends ProvisionerProps {
  readonly left?: string;
  readonly right?: string;
}

/** Exactly one of two props. */
export class Choice extends Provisioner<ChoiceProps> {
  constructor(scope: Construct, id: string, given: ChoiceProps) {
    super(scope, id, given, choice);
  }
}

const choiceSchema = props<OwnProps<ChoiceProps>>()(
  { left: z.string().optional(), right: z.string().optional() },
  exactlyOne('left', 'right'),
);

/** Runs {@link Choice}. */
export const choice: ProvisionerExtension<OwnProps<ChoiceProps>, z.output<typeof choiceSchema>> = {
  kind: 'provisioner',
  use: 'choice',
  module: 'test-extensions',
  schema: choiceSchema,
  run: () => Promise.resolve(),
};

/** A step that leaves no trace in the image. */
export class Look extends Provisioner<StepProps> {
  constructor(scope: Construct, id: string, run: string) {
    super(scope, id, { run }, look);
  }
}

/** Runs {@link Look}. */
export const look: ProvisionerExtension<OwnProps<StepProps>, z.output<typeof stepSchema>> = {
  ...step,
  use: 'look',
  passive: true,
};

/** Props of {@link Check}. */
export interface CheckProps extends VerificationBaseProps {
  readonly run: Text;
}

const checkSchema = props<Omit<CheckProps, keyof VerificationBaseProps>>()({ run: text() });

/** A verification that runs one command. */
export class Check extends VerificationBase<CheckProps> {
  constructor(scope: Construct, id: string, given: CheckProps | string) {
    super(scope, id, typeof given === 'string' ? { run: given } : given, check);
  }
}

/** Runs {@link Check}. */
export const check: ProvisionerExtension<
  Omit<CheckProps, keyof VerificationBaseProps>,
  z.output<typeof checkSchema>
> = { kind: 'provisioner', use: 'check', module: 'test-extensions', schema: checkSchema, passive: true, run: execute };

/** Props of {@link Pack}. */
export interface PackProps extends PostProcessorProps {
  readonly output: Text;
  readonly fail?: boolean;
}

const packSchema = props<Omit<PackProps, keyof PostProcessorProps>>()({
  output: text(),
  fail: z.boolean().optional(),
});

/** Writes a file that names its inputs, and takes their place: Packer's compress, as far as the engine can see. */
export class Pack extends PostProcessor<PackProps> {
  constructor(scope: Construct, id: string, given: PackProps | string) {
    super(scope, id, typeof given === 'string' ? { output: given } : given, pack);
  }
}

/** Runs {@link Pack}. */
export const pack: PostProcessorExtension<Omit<PackProps, keyof PostProcessorProps>, z.output<typeof packSchema>> = {
  kind: 'post-processor',
  use: 'pack',
  module: 'test-extensions',
  schema: packSchema,
  produces: 'pack',
  nameProps: ['output'],
  keepInput: { default: false },
  async run(config, inputs, ctx) {
    const content = inputs.map(({ id }) => `${id}\n`).join('');
    const file = await ctx.writeOutput(config.output, async (temporary) => {
      await fs.writeFile(temporary, content);
      if (config.fail) throw new Error('packing fails, as the test wants it');
    });
    return {
      use: 'pack',
      kind: 'pack',
      id: `pack of ${inputs.map(({ id }) => id).join(' ')}`,
      files: [{ path: config.output, size: content.length }],
      resources: [file],
      outputs: { path: config.output },
    };
  },
};

/** What {@link Note} noted. */
export const noted: { readonly id: string; readonly inputs: readonly string[] }[] = [];

/** Props of {@link Note}. */
export interface NoteProps extends PostProcessorProps {
  readonly text?: Text;
}

/** Notes what it was given and hands it on: Packer's manifest, as far as the engine can see. */
export class Note extends PostProcessor<NoteProps> {
  constructor(scope: Construct, id: string, given: NoteProps = {}) {
    super(scope, id, given, note);
  }
}

const noteSchema = props<Omit<NoteProps, keyof PostProcessorProps>>()({ text: text().optional() });

/** Runs {@link Note}. */
export const note: PostProcessorExtension<Omit<NoteProps, keyof PostProcessorProps>, z.output<typeof noteSchema>> = {
  kind: 'post-processor',
  use: 'note',
  module: 'test-extensions',
  schema: noteSchema,
  cacheable: false,
  keepInput: { default: true, forced: true },
  run: async (_config, inputs, ctx) => {
    noted.push({ id: ctx.node.id, inputs: inputs.map(({ id }) => id) });
    return Promise.resolve(undefined);
  },
};

/** A post-processor that takes only what {@link Pack} makes. */
export class PackedOnly extends PostProcessor<PostProcessorProps> {
  constructor(scope: Construct, id: string, given: PostProcessorProps = {}) {
    super(scope, id, given, packedOnly);
  }
}

/** Runs {@link PackedOnly}. */
export const packedOnly: PostProcessorExtension<object> = {
  kind: 'post-processor',
  use: 'packed-only',
  module: 'test-extensions',
  schema: z.strictObject({}),
  accepts: ['pack'],
  keepInput: { default: true },
  run: () => Promise.resolve(undefined),
};
