import { Construct } from 'constructs';
import { rememberOrigin } from './origin';
import { freeId } from './problems';

/** Base of every construct that goldsmith gives a meaning to: remembers its line, reports a duplicate id late. */
export abstract class Element extends Construct {
  protected constructor(scope: Construct, id: string) {
    super(scope, freeId(scope, id));
    rememberOrigin(this);
  }
}
