import { Annotations } from '../core/annotations';
import type { Image } from '../core/image';
import { PostProcessorChain } from '../core/post-processor';
import { duplicateIdOf, problemsOf } from '../core/problems';
import type { SourceSelector } from '../core/selector';
import type { Source } from '../core/source';
import { givenVariables } from '../core/variable';
import type { IConstruct } from 'constructs';
import { didYouMean } from '../util/nearest';
import type { Tree } from './collect';
import { checkMeta } from './meta-check';
import type { Report } from './report';

/** Everything that is wrong with the tree itself, before anything is rendered. */
export function validateTree(tree: Tree, report: Report): void {
  for (const construct of tree.all) {
    const duplicate = duplicateIdOf(construct);
    if (duplicate !== undefined) {
      const where = construct.node.scope?.node.path || 'the app';
      report.add(
        construct,
        'DUPLICATE_ID',
        `there is already a \`${duplicate}\` in ${where}`,
        'give one of the two another id',
      );
    }
    checkMeta(construct, report);
    for (const message of Annotations.of(construct).errors) report.add(construct, 'VALIDATION_FAILED', message);
    for (const message of construct.node.validate()) report.add(construct, 'VALIDATION_FAILED', message);
  }
  reportNoted(tree, report);
  for (const { image } of tree.images) checkImage(image, report);
  for (const { scope, links } of tree.sequences) {
    if (PostProcessorChain.is(scope) && links.length === 0)
      report.add(scope, 'INVALID_PROGRAM', 'the chain has no post-processor in it');
  }
  checkSelectors(tree, report);
  checkVariables(tree, report);
}

/** What constructs themselves have found wrong so far. */
export function reportNoted(tree: Tree, report: Report): void {
  for (const construct of tree.all) {
    for (const { code, message, hint } of problemsOf(construct)) report.add(construct, code, message, hint);
  }
}

function checkImage(image: Image, report: Report): void {
  if (image.sources.length > 0) return;
  const hint = image.from
    ? `it takes over what ${image.from.node.path} had when this image was made: give that one its sources first`
    : 'add one, such as `new DockerSource(image, "Docker", { base: "debian:bookworm" })`';
  report.add(image, 'NO_SOURCE', 'the image has no source, so there is nothing to build it on', hint);
}

function checkSelectors(tree: Tree, report: Report): void {
  for (const { image, provisioners, verifications } of tree.images) {
    for (const provisioner of provisioners) {
      const { only, except, overrides } = provisioner.props;
      checkNames(provisioner, image.sources, { only, except, overrides: Object.keys(overrides ?? {}) }, report);
    }
    for (const verification of verifications) checkNames(verification, image.sources, verification.props, report);
  }
  const everySource = tree.images.flatMap(({ image }) => image.sources);
  for (const { image, links } of tree.sequences) {
    for (const link of links) checkNames(link, image?.sources ?? everySource, link.props, report);
  }
}

function checkNames(
  construct: IConstruct,
  sources: readonly Source[],
  given: {
    readonly only?: readonly SourceSelector[] | undefined;
    readonly except?: readonly SourceSelector[] | undefined;
    readonly overrides?: readonly string[];
  },
  report: Report,
): void {
  const names = [...new Set(sources.flatMap((source) => [source.node.id, source.type]))];
  for (const prop of ['only', 'except', 'overrides'] as const) {
    const entries = given[prop];
    if (!Array.isArray(entries)) continue;
    for (const entry of entries as readonly SourceSelector[]) {
      if (typeof entry === 'string' && !names.includes(entry)) {
        report.add(
          construct,
          'UNKNOWN_SELECTOR',
          `\`${prop}\` names \`${entry}\`, which is no source of the image and no platform's type key`,
          didYouMean(entry, names),
        );
      }
    }
  }
}

function checkVariables(tree: Tree, report: Report): void {
  const names = tree.variables.map(({ name }) => name);
  for (const given of Object.keys(givenVariables(tree.root).given)) {
    if (!names.includes(given)) {
      report.add(
        tree.root,
        'UNKNOWN_VARIABLE',
        `a value is given for \`${given}\`, which the program does not declare`,
        didYouMean(given, names),
      );
    }
  }
}
