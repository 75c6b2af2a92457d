import type { Construct } from 'constructs';
import {
  GoldsmithError,
  type OwnProps,
  props,
  Provisioner,
  type ProvisionerExtension,
  type ProvisionerProps,
  textProp,
  type Text,
} from 'goldsmith';

/** Props of {@link LineProvisioner}. Those that every provisioner has come with `ProvisionerProps`. */
export interface LineProvisionerProps extends ProvisionerProps {
  /** The file, on the machine. It is made where it is missing. */
  readonly path: Text;
  /** The line that it shall have. */
  readonly line: Text;
}

const schema = props<OwnProps<LineProvisionerProps>>()({ path: textProp(), line: textProp() }, ({ line }) =>
  typeof line === 'string' && line.includes('\n') ? '`line` has a line feed: give one line' : undefined,
);

/** Adds a line to a file of the machine, unless it is there. */
export class LineProvisioner extends Provisioner<LineProvisionerProps> {
  constructor(scope: Construct, id: string, props: LineProvisionerProps) {
    super(scope, id, props, line);
  }
}

/** What runs it. Both values go in by standard input: they may be secrets, and a command line can be seen by everybody. */
const SCRIPT = `
IFS= read -r file && IFS= read -r line || exit 1
grep -qxF -e "$line" "$file" 2>/dev/null || printf '%s\\n' "$line" >> "$file"`;

/** The provisioner, as the engine finds it. It works over any communicator, so on any platform. */
export const line: ProvisionerExtension<OwnProps<LineProvisionerProps>, { path: string; line: string }> = {
  kind: 'provisioner',
  use: 'line',
  module: 'goldsmith-folder',
  schema,
  async run({ path, line }, machine, ctx) {
    const result = await machine.exec(SCRIPT, {
      signal: ctx.signal,
      stdin: `${path}\n${line}\n`,
      onOutput: (output, stream) => ctx.output(output, stream),
    });
    if (result.ended === 'exit' && result.code === 0) return;
    throw new GoldsmithError('STEP_FAILED', `${path} could not be given the line`, {
      hint: 'its folder must exist and be writable for the login user',
    });
  },
};
