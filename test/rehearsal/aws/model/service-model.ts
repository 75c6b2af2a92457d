import * as fs from 'node:fs';
import * as path from 'node:path';
import { hasSpecs, spec, SPECS } from '../specs';

/** How a member of a structure, a list or a map is written. */
export interface Member {
  readonly shape: string;
  readonly locationName?: string;
  readonly queryName?: string;
  readonly flattened?: boolean;
}

/** A type of a service. */
export interface Shape {
  readonly type:
    | 'structure'
    | 'list'
    | 'map'
    | 'string'
    | 'integer'
    | 'long'
    | 'double'
    | 'float'
    | 'boolean'
    | 'timestamp'
    | 'blob';
  readonly members?: Readonly<Record<string, Member>>;
  readonly required?: readonly string[];
  readonly member?: Member;
  readonly key?: Member;
  readonly value?: Member;
  readonly flattened?: boolean;
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

/** One call of a service. */
export interface Operation {
  readonly name: string;
  readonly input?: { readonly shape: string };
  readonly output?: { readonly shape: string; readonly resultWrapper?: string };
  readonly errors?: readonly { readonly shape: string }[];
}

/** An exchange that the vendor shows. */
export interface Example {
  readonly id?: string;
  readonly title?: string;
  readonly input?: unknown;
  readonly output?: unknown;
}

/** What a service publishes of itself, as botocore keeps it. */
export interface ServiceModel {
  readonly metadata: {
    readonly protocol: 'ec2' | 'query' | 'json';
    readonly endpointPrefix: string;
    readonly apiVersion: string;
    readonly xmlNamespace?: string;
    readonly targetPrefix?: string;
    readonly signingName?: string;
  };
  readonly operations: Readonly<Record<string, Operation>>;
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly examples: Readonly<Record<string, readonly Example[]>>;
}

const models = new Map<string, ServiceModel>();

/** The services whose models are there, by the name that signatures carry. */
export function services(): string[] {
  return fs
    .readdirSync(path.join(SPECS, 'aws'))
    .flatMap((file) => /^(.+)-\d{4}-\d\d-\d\d\.json$/.exec(file)?.[1] ?? []);
}

/** The model of a service such as `ec2`; undefined where there is none. */
export function serviceModel(service: string): ServiceModel | undefined {
  const known = models.get(service);
  if (known || !hasSpecs() || !services().includes(service)) return known;
  const file = fs
    .readdirSync(path.join(SPECS, 'aws'))
    .find((name) => name.replace(/-\d{4}-\d\d-\d\d\.json$/, '') === service)!;
  const model = spec('aws', file) as ServiceModel;
  models.set(service, model);
  return model;
}

/** The shape that a member refers to. */
export function shapeOf(model: ServiceModel, { shape }: { readonly shape: string }): Shape {
  const found = model.shapes[shape];
  if (!found) throw new Error(`the model of ${model.metadata.endpointPrefix} names ${shape} and does not have it`);
  return found;
}

/** Requests of EC2 write a name in capitals where its answers do not. */
export function requestName(model: ServiceModel, name: string, member: Member): string {
  if (model.metadata.protocol !== 'ec2') return member.locationName ?? name;
  if (member.queryName !== undefined) return member.queryName;
  const located = member.locationName;
  return located === undefined ? name : located.charAt(0).toUpperCase() + located.slice(1);
}

/** The name of a member in an answer. */
export function responseName(name: string, member: Member): string {
  return member.locationName ?? name;
}
