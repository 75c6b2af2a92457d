import type { Construct } from 'constructs';
import { build } from '../core/build-facts';
import { Image } from '../core/image';
import { slug } from '../core/names';
import { JoinedText } from '../core/output';
import { PostProcessor, PostProcessorChain, type PostProcessorProps } from '../core/post-processor';
import type { BuildOrigin } from '../extension/context';
import type { Text } from '../plan/late';

const FIELD = /(\{\{\s*\.(?:BuildName|BuilderType)\s*\}\})/;

/**
 * The name of an output as the plan has it: Packer's `{{.BuildName}}` and `{{.BuilderType}}` become facts of the build, so that
 * synth sees whether two builds would write the same file. Where one step takes several builds there is no such
 * fact: then the step's own path stands for the build.
 *
 * @param fallback the name where none is given
 */
export function outputName(
  scope: Construct,
  id: string,
  props: PostProcessorProps,
  given: Text | undefined,
  fallback: string,
): Text {
  const name = given ?? fallback;
  if (typeof name !== 'string') return name;
  const together = takesAll(scope, props);
  const parts = name.split(FIELD);
  if (together) {
    const path = slug([scope.node.path, id].filter((part) => part !== '').join('/'));
    return parts.map((part) => (FIELD.test(part) ? (part.includes('BuildName') ? path : 'all') : part)).join('');
  }
  if (parts.length === 1) return name;
  return new JoinedText(
    parts.map((part) => (FIELD.test(part) ? (part.includes('BuildName') ? build.name : build.type) : part)),
  );
}

/** What the fields stand for at run time, where a plan still has them. */
export function nameFields(
  node: string,
  origins: readonly BuildOrigin[],
): { readonly BuildName: string; readonly BuilderType: string } {
  const builds = new Set(origins.map((origin) => origin.build));
  const only = builds.size === 1 ? origins[0] : undefined;
  return { BuildName: slug(only?.build ?? node), BuilderType: only?.use ?? 'all' };
}

/** An output's name, where it is one already: with fields left in it, it becomes one only when the step runs. */
export function namesKnown(output: string | undefined): readonly string[] {
  return output === undefined || output.includes('{{') ? [] : [output];
}

/** Whether the step runs once for several builds; within a chain its first link decides. */
function takesAll(scope: Construct, props: PostProcessorProps): boolean {
  const chain = scope.node.scopes.find((above) => PostProcessorChain.is(above));
  const first = chain?.node.findAll().find((child) => PostProcessor.is(child));
  const inputs = first ? (first as PostProcessor).props.inputs : props.inputs;
  return (inputs ?? (Image.tryOf(scope) ? 'each' : 'all')) === 'all';
}
