/** How a service is spoken to. */
export interface Protocol {
  readonly protocol: 'ec2' | 'query' | 'json';
  /** The version of its API, in forms. */
  readonly version: string;
  /** What names of calls begin with in the header of the protocol `json`. */
  readonly target?: string;
}

/** The services whose calls are looked at, by the name in signatures; test/rehearsal/aws/model holds these against the models. */
export const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  ec2: { protocol: 'ec2', version: '2016-11-15' },
  sts: { protocol: 'query', version: '2011-06-15' },
  iam: { protocol: 'query', version: '2010-05-08' },
  ssm: { protocol: 'json', version: '2014-11-06', target: 'AmazonSSM' },
  secretsmanager: { protocol: 'json', version: '2017-10-17', target: 'secretsmanager' },
};
