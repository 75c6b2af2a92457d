import { isObject, type Json, type JsonObject } from './json';
import { LATE_KEYS, lateSchema, type LateJson } from './late';
import type { Plan, PlanNode } from './schema';

/** What is wrong with the late values in a node's config: their form, and what they refer to. */
export function wrongLateValues(node: PlanNode, plan: Plan, kinds: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  const wrong = (at: string, message: string): void => void problems.push(`at ${at}: ${message}`);

  const visit = (value: Json, at: string): void => {
    if (Array.isArray(value)) value.forEach((item: Json, index) => visit(item, `${at}[${index}]`));
    if (!isObject(value)) return;
    const key = Object.keys(value).find((one) => (LATE_KEYS as readonly string[]).includes(one));
    if (key === undefined) for (const [name, entry] of Object.entries(value)) visit(entry as Json, `${at}.${name}`);
    else if (lateSchema.safeParse(value).success) refers(value as LateJson, at);
    else wrong(at, `it is no proper \`${key}\``);
  };
  const refers = (late: LateJson, at: string): void => {
    if ('$output' in late) {
      const { node: target } = late.$output;
      if (kinds.get(target) !== 'build') wrong(at, `it uses an output of \`${target}\`, which is no build`);
      else if (!node.dependsOn.includes(target))
        wrong(at, `it uses an output of \`${target}\` without depending on it`);
    } else if ('$lookup' in late) {
      if (!Object.hasOwn(plan.lookups, late.$lookup.id)) wrong(at, `\`lookups\` has no \`${late.$lookup.id}\``);
    } else if ('$asset' in late) {
      if (!Object.hasOwn(plan.assets, late.$asset.sha256)) wrong(at, `\`assets\` has no \`${late.$asset.sha256}\``);
    } else if ('$text' in late) {
      for (const part of late.$text) if (typeof part !== 'string') refers(part, at);
    }
  };

  for (const { id, config } of configsOf(node)) {
    for (const [name, entry] of Object.entries(config)) visit(entry, `${id}: ${name}`);
  }
  return problems;
}

function configsOf(node: PlanNode): readonly { readonly id: string; readonly config: JsonObject }[] {
  const steps = node.kind === 'build' ? [node.source, ...node.provisioners] : [node.step];
  return steps.map(({ id, config }) => ({ id, config: config as JsonObject }));
}
