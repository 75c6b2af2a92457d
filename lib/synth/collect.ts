import type { IConstruct } from 'constructs';
import { Image } from '../core/image';
import { PostProcessor, PostProcessorChain } from '../core/post-processor';
import { Provisioner } from '../core/provisioner';
import { applies } from '../core/selector';
import type { Source } from '../core/source';
import { Variable } from '../core/variable';
import { VerificationBase } from '../core/verification-base';

/** An image with what belongs to it, in the order in which it was made. */
export interface ImageParts {
  readonly image: Image;
  readonly provisioners: Provisioner[];
  readonly verifications: VerificationBase[];
}

/** A post-processor on its own is a chain of one. */
export interface Sequence {
  readonly scope: IConstruct;
  /** The image whose artifacts it takes; undefined: all images below its scope. */
  readonly image: Image | undefined;
  readonly links: readonly PostProcessor[];
}

/** The tree, sorted by what its constructs mean. */
export interface Tree {
  readonly root: IConstruct;
  readonly all: readonly IConstruct[];
  readonly images: readonly ImageParts[];
  readonly sequences: readonly Sequence[];
  readonly variables: readonly Variable<never>[];
}

/** Walks the tree once, depth first, in the order of creation. */
export function collect(root: IConstruct): Tree {
  const all: IConstruct[] = [];
  const images: ImageParts[] = [];
  const sequences: Sequence[] = [];
  const variables: Variable<never>[] = [];

  const visit = (construct: IConstruct, parts: ImageParts | undefined): void => {
    all.push(construct);
    let current = parts;
    if (Image.is(construct)) {
      current = { image: construct, provisioners: [], verifications: [] };
      images.push(current);
    }
    if (Provisioner.is(construct)) current?.provisioners.push(construct);
    if (VerificationBase.is(construct)) current?.verifications.push(construct);
    if (Variable.is(construct)) variables.push(construct as unknown as Variable<never>);
    if (PostProcessorChain.is(construct)) {
      const links = construct.node.findAll().filter((child) => PostProcessor.is(child));
      sequences.push({ scope: construct, image: current?.image, links });
    }
    if (PostProcessor.is(construct) && !isLink(construct)) {
      sequences.push({ scope: construct, image: current?.image, links: [construct] });
    }
    for (const child of construct.node.children) visit(child, current);
  };
  visit(root, undefined);
  return { root, all, images, sequences, variables };
}

function isLink(construct: IConstruct): boolean {
  return construct.node.scopes.some((scope) => PostProcessorChain.is(scope));
}

/** The sources that a sequence's first link takes its artifacts from. */
export function sourcesFor(sequence: Sequence, tree: Tree): readonly Source[] {
  const parent = sequence.scope.node.scope ?? tree.root;
  const images = sequence.image
    ? [sequence.image]
    : tree.images.map(({ image }) => image).filter((image) => image.node.scopes.includes(parent));
  const sources = images.flatMap((image) => image.sources);
  const first = sequence.links[0];
  return first ? sources.filter((source) => applies(first.props, source)) : [];
}
