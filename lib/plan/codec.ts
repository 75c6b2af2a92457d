import { GoldsmithError, messageOf, type Problem } from '../errors';
import { canonical } from './digest';
import { findCycle } from './graph';
import { isObject } from './json';
import { wrongLateValues } from './late-check';
import { PLAN_SCHEMA, planSchema, type Plan } from './schema';

/** The plan as text: the same plan gives the same bytes. */
export function writePlan(plan: Plan): string {
  const { nodes, ...rest } = plan;
  const head = JSON.stringify(JSON.parse(canonical(rest)), null, 2).replace(/\n}$/, '');
  return `${head},\n  "nodes": [${nodes.map((node) => `\n    ${canonical(node)}`).join(',')}\n  ]\n}\n`;
}

/**
 * Reads a plan and checks all that can be known without its extensions.
 *
 * @param name how messages name it, such as its path
 * @throws GoldsmithError PLAN_VERSION or INVALID_PLAN
 */
export function readPlan(text: string, name = 'plan.json'): Plan {
  const value = parseJson(text, name);
  checkVersion(value, name);
  const result = parsePlan(value, name);
  if (!result.success) {
    const problems = result.error.issues.slice(0, 20).map((issue): Problem => ({
      code: 'INVALID_PLAN',
      message: `${name} is no valid plan: ${issue.path.length > 0 ? `at ${issue.path.map(String).join('.')}: ` : ''}${issue.message}`,
      hint: HINT,
    }));
    throw GoldsmithError.all(problems, 'INVALID_PLAN');
  }
  checkReferences(result.data, name);
  return result.data;
}

const HINT = 'make it anew with `goldsmith synth`';

function parsePlan(value: unknown, name: string): ReturnType<typeof planSchema.safeParse> {
  try {
    return planSchema.safeParse(value);
  } catch (error) {
    // What is nested deeper than the call stack cannot be checked.
    throw new GoldsmithError('INVALID_PLAN', `${name} is no valid plan: ${messageOf(error)}`, { hint: HINT });
  }
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new GoldsmithError('INVALID_PLAN', `${name} is no JSON: ${messageOf(error)}`, { hint: HINT });
  }
}

function checkVersion(value: unknown, name: string): void {
  const given = isObject(value) ? value['schema'] : undefined;
  if (typeof given !== 'string') {
    throw new GoldsmithError('INVALID_PLAN', `${name} is no plan: it has no \`schema\` version`, { hint: HINT });
  }
  const match = /^(\d+)\.(\d+)$/.exec(given);
  const [major, minor] = PLAN_SCHEMA.split('.').map(Number) as [number, number];
  if (match && Number(match[1]) === major && Number(match[2]) <= minor) return;
  throw new GoldsmithError(
    'PLAN_VERSION',
    `${name} has plan version ${given.slice(0, 40)}; this goldsmith reads ${major}.0 to ${PLAN_SCHEMA}`,
    {
      hint: match && Number(match[1]) < major ? HINT : 'run it with the goldsmith that wrote it, or a newer one',
    },
  );
}

function checkReferences(plan: Plan, name: string): void {
  const problems: Problem[] = [];
  const wrong = (path: string, message: string): void => {
    problems.push({ code: 'INVALID_PLAN', message: `${name}: ${message}`, path, hint: HINT });
  };
  const kinds = new Map(plan.nodes.map((node) => [node.id, node.kind]));
  if (kinds.size !== plan.nodes.length) wrong('', 'two nodes have the same id');
  for (const node of plan.nodes) {
    const steps = node.kind === 'build' ? [node.source, ...node.provisioners] : [node.step];
    for (const { id, use } of steps)
      if (!Object.hasOwn(plan.modules, use)) wrong(id, `\`modules\` names no module for \`${use}\``);
    for (const other of [...node.dependsOn, ...(node.after ?? [])])
      if (!kinds.has(other)) wrong(node.id, `it depends on \`${other}\`, which is not there`);
    if (node.kind === 'verify' && kinds.get(node.build) !== 'build')
      wrong(node.id, `it verifies \`${node.build}\`, which is no build`);
    if (node.kind === 'process') {
      for (const input of node.inputs)
        if (!kinds.has(input) || kinds.get(input) === 'verify')
          wrong(node.id, `it takes \`${input}\`, which makes no artifact`);
    }
    const base = node.kind === 'build' ? node.source.base : undefined;
    if (base && '$lookup' in base && !Object.hasOwn(plan.lookups, base.$lookup))
      wrong(node.id, `\`lookups\` has no \`${base.$lookup}\``);
    if (base && '$artifact' in base && kinds.get(base.$artifact) !== 'build')
      wrong(node.id, `it starts from \`${base.$artifact}\`, which is no build`);
    for (const message of wrongLateValues(node, plan, kinds)) wrong(node.id, message);
  }
  const cycle = problems.length === 0 ? findCycle(plan.nodes) : undefined;
  if (cycle) wrong(cycle[0]!, `nodes depend on each other in a circle: ${cycle.join(' → ')}`);
  if (problems.length > 0) throw GoldsmithError.all(problems.slice(0, 20), 'INVALID_PLAN');
}
