import type { IConstruct } from 'constructs';
import { Annotations, type Aspect, Image, VerificationBase } from 'goldsmith';

/** A rule of the company: an image that nothing looks at is an error. */
export class EveryImageIsVerified implements Aspect {
  visit(construct: IConstruct): void {
    if (!Image.is(construct)) return;
    const verified = construct.node.findAll().some((child) => VerificationBase.is(child));
    if (!verified) Annotations.of(construct).addError('has no Verification; every image of Acme needs one');
  }
}
