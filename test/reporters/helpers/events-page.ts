import { z } from 'zod';
import { eventDocs, eventSchemas } from '../../../lib/reporters/event-schema';

/** As much of JSON Schema as the events need. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly description?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const INTRO = `# Events

\`goldsmith build --json\` prints what happens as JSON, one event a line; \`app.build({ onEvent })\` gets the same events as
objects (type \`RunEvent\`, without \`v\`), and \`events.jsonl\` in a run's folder holds them for \`goldsmith report\`.

\`\`\`console
$ npx goldsmith build --json | jq -r 'select(.type == "node-finished") | [.node, .state, .artifact.id] | @tsv'
\`\`\`

- \`v\` is the version of the format, now 1. It is raised when a reader that ignores what it does not know would still be
  misled; fields and types of events are added without raising it. So ignore what you do not know.
- \`seq\` counts from 1 without gaps. \`time\` is in milliseconds since the epoch, every \`duration\` in milliseconds.
- Builds run side by side, so their events are mixed; \`node\` tells them apart. A node's own events are in order.
- Secrets are in no event, in no encoding.
- Codes of errors are explained where \`goldsmith\` documents its errors; they are never renamed.

This page is generated from the schema that the tests hold the events to.
`;

/** The text of docs/events.md. */
export function eventsPage(): string {
  const schemas = eventSchemas.map((schema) => toSchema(schema));
  const shapes = new Map(schemas.flatMap(({ $defs = {} }) => Object.entries($defs)));
  const events = schemas.map((schema) => {
    const type = String(schema.properties!['type']!.const);
    const { v: _v, seq: _seq, time: _time, type: _type, ...own } = schema.properties!;
    return `### ${type}\n\n${schema.description}\n\n${fields(own, schema.required ?? [])}`;
  });
  const common = schemas[0]!;
  const { v, seq, time, type } = common.properties!;
  const shared = { v: v!, seq: seq!, time: time!, type: { ...type!, const: undefined, type: 'string' } };
  const named = [...shapes].sort(([a], [b]) => a.localeCompare(b));
  return [
    INTRO,
    `## Every event\n\n${fields(shared, Object.keys(shared))}`,
    `## Types of events\n\n${events.join('\n')}`,
    `## Shapes\n\n${named.map(([name, shape]) => `### ${name}\n\n${shape.description}\n\n${fields(shape.properties ?? {}, shape.required ?? [])}`).join('\n')}`,
  ].join('\n');
}

function toSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { metadata: eventDocs, io: 'output' }) as unknown as Schema;
}

function fields(properties: Readonly<Record<string, Schema>>, required: readonly string[]): string {
  const rows = Object.entries(properties).map(([name, schema]) => {
    const optional = required.includes(name) ? '' : '?';
    return [`\`${name}${optional}\``, typeOf(schema), schema.description ?? ''];
  });
  return table([['Field', 'Type', 'Meaning'], ...rows]);
}

/** A table as prettier lays it out. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1), ''].join('\n');
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return link(schema.$ref);
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.length > 12 ? 'string' : schema.enum.map((value) => `\`${value}\``).join(' ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items!)}`;
  if (schema.type === 'integer') return 'number';
  return schema.type ?? 'JSON';
}

function link(ref: string): string {
  const name = ref.slice(ref.lastIndexOf('/') + 1);
  return name.startsWith('__schema') ? 'JSON' : `[${name}](#${name.toLowerCase()})`;
}
