/** A form's parameters as a tree: `Filter.1.Value.2` is below `Filter`, `1`, `Value`. */
export interface FormNode {
  value?: string;
  readonly children: Map<string, FormNode>;
}

/** Makes the tree of parameters. */
export function formTree(params: Readonly<Record<string, string>>): FormNode {
  const root: FormNode = { children: new Map() };
  for (const [name, value] of Object.entries(params)) {
    let node = root;
    for (const part of name.split('.')) {
      const next: FormNode = node.children.get(part) ?? { children: new Map() };
      node.children.set(part, next);
      node = next;
    }
    node.value = value;
  }
  return root;
}

/** The parameters of a form's body, and those that it has twice. */
export function readForm(body: string): { readonly params: Record<string, string>; readonly repeated: string[] } {
  const params: Record<string, string> = {};
  const repeated: string[] = [];
  for (const [name, value] of new URLSearchParams(body)) {
    if (Object.hasOwn(params, name)) repeated.push(name);
    params[name] = value;
  }
  return { params, repeated };
}
