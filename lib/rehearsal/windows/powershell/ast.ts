/** A value that is computed. */
export type Expr =
  | { readonly k: 'value'; readonly value: unknown }
  | { readonly k: 'text'; readonly parts: readonly (string | Expr)[] }
  | { readonly k: 'variable'; readonly name: string }
  | { readonly k: 'array'; readonly items: readonly Expr[] }
  /** `$( )`, `@( )` and `( )`. */
  | { readonly k: 'statements'; readonly body: readonly Stmt[]; readonly list: boolean }
  | { readonly k: 'hash'; readonly entries: readonly (readonly [Expr, Stmt])[] }
  | { readonly k: 'block'; readonly block: Block }
  | { readonly k: 'type'; readonly name: string }
  | { readonly k: 'cast'; readonly type: string; readonly value: Expr }
  | { readonly k: 'unary'; readonly op: string; readonly value: Expr }
  | { readonly k: 'binary'; readonly op: string; readonly left: Expr; readonly right: Expr }
  | { readonly k: 'member'; readonly of: Expr; readonly name: Expr; readonly isStatic: boolean }
  | {
      readonly k: 'call';
      readonly of: Expr;
      readonly name: Expr;
      readonly args: readonly Expr[];
      readonly isStatic: boolean;
    }
  | { readonly k: 'index'; readonly of: Expr; readonly at: Expr }
  | { readonly k: 'step'; readonly of: Expr; readonly by: number }
  | { readonly k: 'set'; readonly target: Expr; readonly op: string; readonly value: Stmt };

/** One argument of a command. */
export type Arg = { readonly name: string; readonly value?: Expr } | { readonly value: Expr };

/** A part of a pipeline. */
export type Part =
  | { readonly k: 'expr'; readonly value: Expr }
  | {
      readonly k: 'command';
      readonly how: '' | '&' | '.';
      readonly name: Expr;
      readonly args: readonly Arg[];
      readonly quiet: boolean;
    };

/** What is done. */
export type Stmt =
  | { readonly k: 'pipeline'; readonly parts: readonly Part[] }
  | {
      readonly k: 'if';
      readonly clauses: readonly (readonly [Stmt, readonly Stmt[]])[];
      readonly otherwise: readonly Stmt[];
    }
  | {
      readonly k: 'loop';
      readonly first?: Stmt | undefined;
      readonly test?: Stmt | undefined;
      readonly step?: Stmt | undefined;
      readonly body: readonly Stmt[];
      readonly after: boolean;
    }
  | { readonly k: 'foreach'; readonly name: string; readonly list: Stmt; readonly body: readonly Stmt[] }
  | {
      readonly k: 'try';
      readonly body: readonly Stmt[];
      readonly handler?: readonly Stmt[] | undefined;
      readonly last: readonly Stmt[];
    }
  | { readonly k: 'leave'; readonly how: string; readonly value?: Stmt | undefined }
  | { readonly k: 'function'; readonly name: string; readonly block: Block };

/** A script, a function, or what stands in braces. */
export interface Block {
  readonly text: string;
  readonly params: readonly { readonly name: string; readonly value?: Expr | undefined }[];
  readonly begin: readonly Stmt[];
  readonly process: readonly Stmt[] | undefined;
  readonly end: readonly Stmt[];
}
