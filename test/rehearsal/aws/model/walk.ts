import { scalarProblem } from './scalar';
import { shapeOf, type ServiceModel, type Shape } from './service-model';
import type { Part, Wire } from './wire';

/** All that a model does not allow in what is there, a line each that begins with the path. Objects are closed. */
export function problemsIn<N>(
  model: ServiceModel,
  wire: Wire<N>,
  ref: { readonly shape: string },
  node: N,
  path: string,
): string[] {
  const shape = shapeOf(model, ref);
  const below = (member: { readonly shape: string }, part: Part<N>): string[] =>
    problemsIn(model, wire, member, part.node, path + part.step);
  switch (shape.type) {
    case 'structure': {
      const fields = wire.fields(node);
      return typeof fields === 'string' ? [notA(path, shape, fields)] : ofStructure(shape, wire, fields, path, below);
    }
    case 'list': {
      const items = wire.items(node, shape);
      if (typeof items === 'string') return [notA(path, shape, items)];
      return [...countProblems(shape, items.length, path), ...items.flatMap((item) => below(shape.member!, item))];
    }
    case 'map': {
      const entries = wire.entries(node);
      return typeof entries === 'string'
        ? [notA(path, shape, entries)]
        : entries.flatMap((entry) => below(shape.value!, entry));
    }
    default: {
      const value = wire.scalar(node);
      if (value === undefined) return [notA(path, shape, 'a structure')];
      const problem = scalarProblem(shape, value, wire.textual);
      return problem === undefined ? [] : [`${path}: ${problem}`];
    }
  }
}

function ofStructure<N>(
  shape: Shape,
  wire: Wire<N>,
  fields: readonly Part<N>[],
  path: string,
  below: (member: { readonly shape: string }, part: Part<N>) => string[],
): string[] {
  const members = new Map(
    Object.entries(shape.members ?? {}).map(([name, member]) => [wire.nameOf(name, member), { name, member }]),
  );
  const seen = new Set<string>();
  const problems = fields.flatMap((field) => {
    const known = members.get(field.name);
    if (!known) return [`${path}${field.step}: not in the model`];
    if (seen.has(known.name)) return [`${path}${field.step}: is there twice`];
    seen.add(known.name);
    return below(known.member, field);
  });
  const missing = (shape.required ?? []).filter((name) => !seen.has(name));
  return [
    ...problems,
    ...missing.map((name) => `${path}.${wire.nameOf(name, shape.members![name]!)}: is required and not there`),
  ];
}

function countProblems({ min, max }: Shape, count: number, path: string): string[] {
  if (min !== undefined && count < min) return [`${path}: ${count} are below the least, ${min}`];
  if (max !== undefined && count > max) return [`${path}: ${count} are above the most, ${max}`];
  return [];
}

function notA(path: string, shape: Shape, given: string): string {
  return `${path}: ${given} is no ${shape.type}`;
}
