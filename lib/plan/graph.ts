/** As much of a node as a graph needs. */
export interface Edges {
  readonly id: string;
  readonly dependsOn: readonly string[];
  readonly after?: readonly string[] | undefined;
}

/** All edges of a node: what must have succeeded, and what must have ended. */
export function edgesOf(node: Edges): readonly string[] {
  return node.after ? [...node.dependsOn, ...node.after] : node.dependsOn;
}

/** Nodes so that each comes after what it depends on; else in the given order. Without a cycle in it (see {@link findCycle}). */
export function inOrder<T extends Edges>(nodes: readonly T[]): T[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const done = new Set<string>();
  const ordered: T[] = [];
  for (const start of nodes) {
    // An explicit stack: a chain of nodes can be longer than the call stack is deep.
    const stack: { node: T; next: number }[] = [{ node: start, next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      if (done.has(top.node.id)) {
        stack.pop();
        continue;
      }
      const edges = edgesOf(top.node);
      const following = edges[top.next];
      if (following === undefined) {
        done.add(top.node.id);
        ordered.push(top.node);
        stack.pop();
      } else {
        top.next += 1;
        const target = byId.get(following);
        if (target && !done.has(following)) stack.push({ node: target, next: 0 });
      }
    }
  }
  return ordered;
}

/** A circle of dependencies as the path around it (`A → B → A`), or undefined. */
export function findCycle(nodes: readonly Edges[]): string[] | undefined {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const state = new Map<string, 'open' | 'done'>();
  for (const start of nodes) {
    if (state.has(start.id)) continue;
    const stack: { id: string; next: number }[] = [{ id: start.id, next: 0 }];
    state.set(start.id, 'open');
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const following = edgesOf(byId.get(top.id)!)[top.next];
      if (following === undefined) {
        state.set(top.id, 'done');
        stack.pop();
        continue;
      }
      top.next += 1;
      if (!byId.has(following)) continue;
      const seen = state.get(following);
      if (seen === 'open') {
        const path = stack.map(({ id }) => id);
        return [...path.slice(path.indexOf(following)), following];
      }
      if (seen === undefined) {
        state.set(following, 'open');
        stack.push({ id: following, next: 0 });
      }
    }
  }
  return undefined;
}

/** Everything that the given nodes depend on, themselves included. */
export function withDependencies<T extends Edges>(nodes: readonly T[], wanted: Iterable<string>): Set<string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const found = new Set<string>();
  const open = [...wanted];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id) || !byId.has(id)) continue;
    found.add(id);
    open.push(...byId.get(id)!.dependsOn);
  }
  return found;
}
