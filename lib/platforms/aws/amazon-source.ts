import type { Construct } from 'constructs';
import { BaseImage } from '../../core/base-image';
import { addProblem } from '../../core/problems';
import { Source } from '../../core/source';
import { filterBase, parameterBase } from './amazon-image';
import type { AmazonSourceProps } from './props/source';

const STARTS = ['sourceAmi', 'sourceAmiFilter', 'sourceAmiParameter', 'base'] as const;

/** What sources of AWS have in common: what they start from. */
export abstract class AmazonSource<
  P extends AmazonSourceProps & { readonly region?: unknown; readonly fromScratch?: boolean },
> extends Source<P> {
  protected constructor(scope: Construct, id: string, props: P, extension: Source['extension']) {
    super(scope, id, props, extension);
    if (props.fromScratch === true) return;
    const given = STARTS.filter((name) => props[name] !== undefined);
    if (given.length !== 1) {
      const got =
        given.length === 0 ? 'none is given' : `given are ${given.map((name) => `\`${name}\``).join(' and ')}`;
      const all = STARTS.map((name) => `\`${name}\``).join(', ');
      addProblem(this, 'INVALID_PROPS', `exactly one of ${all} is needed, ${got}`, HINT);
    }
    const { sourceAmi, sourceAmiFilter, sourceAmiParameter } = props;
    if (sourceAmi !== undefined && !/^ami-[0-9a-f]{8,17}$/.test(sourceAmi)) {
      addProblem(
        this,
        'INVALID_PROPS',
        `\`sourceAmi\` is ${JSON.stringify(sourceAmi)}, which is no id of an image`,
        HINT,
      );
    }
    if (sourceAmiFilter !== undefined && !isList(sourceAmiFilter.owners)) {
      addProblem(
        this,
        'INVALID_PROPS',
        '`sourceAmiFilter.owners` is missing: anybody can give an image any name',
        "name whose images count, such as `['099720109477']`, `['amazon']` or `['self']`",
      );
    }
    if (sourceAmiParameter === '') {
      addProblem(this, 'INVALID_PROPS', '`sourceAmiParameter` is empty', 'name a parameter such as `/aws/service/…`');
    }
  }

  /** What it starts from. */
  base(): BaseImage | undefined {
    const { base, sourceAmi, sourceAmiFilter, sourceAmiParameter, region } = this.props;
    if (base) return base;
    const where = typeof region === 'string' ? region : undefined;
    if (sourceAmi !== undefined) return BaseImage.exact({ imageId: sourceAmi });
    if (sourceAmiFilter) return isList(sourceAmiFilter.owners) ? filterBase(sourceAmiFilter, where) : undefined;
    return sourceAmiParameter === undefined ? undefined : parameterBase(sourceAmiParameter, where);
  }

  /** The config in the plan, without what it starts from. */
  override config(): object {
    return this.withoutBase(super.config());
  }

  /** The same for another image; the parameter stays the first one's. */
  override derive(scope: Construct, id: string, overrides: Partial<P>, base: BaseImage): Source {
    return super.derive(scope, id, { ssmParameter: undefined, ...overrides }, base);
  }

  protected override withoutBase(props: object): object {
    const rest = { ...super.withoutBase(props) } as Partial<Record<(typeof STARTS)[number], unknown>>;
    for (const name of STARTS) delete rest[name];
    return rest;
  }
}

const HINT =
  'give an id such as `ami-0123456789abcdef0`, or find one with `sourceAmiFilter` or `AmazonImage.lookup({…})`';

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
